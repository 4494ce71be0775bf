//! Calls carried out in this process. The wallet is opened by the first one, so that a host gets its first answer at
//! once, and what is wrong with a store is told to whoever asks.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Mutex;

use super::boot::{Boot, Running};
use crate::engine::Engine;
use crate::failure::Failure;
use crate::operations::{Answer, AnyOperation, Audience, Call, Caller, Context, Gate, registry};

/// The wallet in this process.
#[derive(Debug)]
pub struct LocalGate {
    boot: Boot,
    wallet: Mutex<Wallet>,
}

#[derive(Debug)]
enum Wallet {
    NotOpen,
    Open(Arc<Running>),
    /// For good: a call that comes late must not open the wallet again while the process ends.
    Closed,
}

impl LocalGate {
    /// Opens nothing yet.
    pub fn new(boot: Boot) -> Self {
        Self { boot, wallet: Mutex::new(Wallet::NotOpen) }
    }

    /// The open wallet; opens it if need be. A failure is not kept: the next call tries again.
    ///
    /// # Errors
    /// What stands in the way.
    pub async fn running(&self) -> Result<Arc<Running>, Failure> {
        let mut wallet = self.wallet.lock().await;
        match &*wallet {
            Wallet::Open(running) => Ok(Arc::clone(running)),
            Wallet::Closed => Err(Failure::unavailable("WALLET_CLOSED", "paywarden is ending")),
            Wallet::NotOpen => {
                let opened = Arc::new(self.boot.open().await?);
                *wallet = Wallet::Open(Arc::clone(&opened));
                Ok(opened)
            }
        }
    }

    /// Parks what is open and lets the wallet go, for good.
    pub async fn close(&self) {
        let wallet = std::mem::replace(&mut *self.wallet.lock().await, Wallet::Closed);
        if let Wallet::Open(running) = wallet {
            running.engine.stop().await;
        }
    }
}

#[async_trait]
impl Gate for LocalGate {
    async fn call(&self, call: Call) -> Result<Answer, Failure> {
        let running = self.running().await?;
        carry_out(&running.engine, call).await
    }
}

/// Carries out a call on the wallet that is open in this process.
pub(super) async fn carry_out(engine: &Arc<Engine>, call: Call) -> Result<Answer, Failure> {
    let operation = find(&call.operation, &call.caller)?;
    let context = Context {
        engine: Arc::clone(engine),
        call_id: call.id,
        caller: call.caller,
        progress: call.progress,
        cancelled: call.cancelled,
    };
    operation.call(call.arguments, &context).await
}

/// The operation, if this caller may know of it.
fn find(name: &str, caller: &Caller) -> Result<&'static dyn AnyOperation, Failure> {
    let found = registry().iter().find(|operation| operation.spec().name == name);
    let allowed = found.filter(|operation| {
        *caller == Caller::Operator || operation.spec().audience == Audience::Agent
    });
    allowed.copied().ok_or_else(|| {
        let name: String = name.chars().take(crate::limits::ID_BYTES).collect();
        Failure::invalid("UNKNOWN_OPERATION", format!("there is no operation {name:?}"))
    })
}
