//! Making a wallet that holds more than play money: keys sealed with the unlock secret, and the operator secret's
//! verifier as one of the first ledger events.

use std::convert::Infallible;

use uuid::Uuid;

use super::boot::{Boot, random};
use super::home::files;
use super::lock::WalletLock;
use crate::books::{Body, Event};
use crate::engine::store_failure;
use crate::failure::Failure;
use crate::ids::WalletId;
use crate::nano::{Account, Network, Seed};
use crate::policy::Policy;
use crate::secret::{Secret, SecretVerifier};
use crate::store::CommitError;
use crate::wallet::{KeyFile, KeyFileRandom};

/// What a new wallet is made with.
#[derive(Debug)]
pub struct Init {
    /// Opens the keys.
    pub unlock: Secret,
    /// Approves, unfreezes, changes policy.
    pub operator: Secret,
}

impl Boot {
    /// Whether a wallet may be made here, before anybody is asked for secrets.
    ///
    /// # Errors
    /// When none may.
    pub fn check_init(&self) -> Result<(), Failure> {
        if self.network == Network::Sandbox {
            return Err(Failure::refused("NOT_NEEDED", "the sandbox makes its own wallet")
                .hint("Choose a network with --network dev, beta or live"));
        }
        for file in [files::KEYSTORE, files::STORE, files::LEDGER_KEY] {
            if self.home.path(file).exists() {
                let message = format!("there is a wallet here already ({file})");
                return Err(Failure::refused("WALLET_EXISTS", message)
                    .hint("Choose another home; nothing was changed"));
            }
        }
        Ok(())
    }

    /// Makes the wallet of this home. Never touches one that is there.
    ///
    /// # Errors
    /// When there is a wallet already, a secret is too short, or the home cannot be written.
    pub async fn init(&self, seed: &Seed, init: &Init) -> Result<Account, Failure> {
        self.check_init()?;
        check(&init.unlock, "unlock")?;
        check(&init.operator, "operator")?;
        if init.unlock.is_same_as(&init.operator) {
            let message = "the operator secret must differ from the unlock secret";
            return Err(Failure::invalid("SECRETS_EQUAL", message).hint(
                "The unlock secret is known to the host, and so to whoever can read its files",
            ));
        }
        self.home.create()?;
        let _lock = WalletLock::acquire(&self.home)?;
        self.check_init()?;
        let account = seed.derive(0).account();
        let salt = |bytes: [u8; 32]| <[u8; 16]>::try_from(&bytes[..16]).unwrap_or([0; 16]);
        let nonce = <[u8; 24]>::try_from(&random()?[..24]).unwrap_or([0; 24]);
        let random_bytes = KeyFileRandom { salt: salt(random()?), nonce };
        let verifier = SecretVerifier::new(&init.operator, salt(random()?));
        let verifier = verifier.map_err(|e| Failure::internal("NO_MEMORY", e.to_string()))?;
        let key_file = KeyFile::protected(self.network, seed, &init.unlock, random_bytes);
        let key_file = key_file.map_err(|e| Failure::internal("NO_MEMORY", e.to_string()))?;
        self.home.write(files::KEYSTORE, &key_file.to_json())?;
        self.found(account, verifier).await?;
        Ok(account)
    }

    async fn found(&self, account: Account, verifier: SecretVerifier) -> Result<(), Failure> {
        let signer = self.signer()?;
        let ledger_key = signer.public_pem();
        let store = self.store(signer)?;
        let (network, policy) = (self.network, Policy::live());
        let policy_hash = policy.hash();
        let events: Vec<Event> = vec![
            Body::WalletCreated { wallet_id: WalletId(Uuid::new_v4()), network, ledger_key }.into(),
            Body::OperatorSet { verifier }.into(),
            Body::PolicyLoaded { policy, policy_hash }.into(),
            Body::AccountAdded { index: 0, account }.into(),
        ];
        let commit = store.commit::<(), Infallible, _>(move |_| Ok((events, ())));
        let committed = commit.await.map(drop).map_err(|error| match error {
            CommitError::Refused(never) => match never {},
            CommitError::Store(error) => store_failure(&error),
        });
        store.close();
        committed
    }
}

fn check(secret: &Secret, which: &str) -> Result<(), Failure> {
    if secret.length() >= crate::limits::SECRET_CHARS_MIN {
        return Ok(());
    }
    let message = format!(
        "the {which} secret has {} characters; at least {} are needed",
        secret.length(),
        crate::limits::SECRET_CHARS_MIN
    );
    Err(Failure::invalid("SECRET_TOO_SHORT", message).hint("Several random words are easy to type"))
}
