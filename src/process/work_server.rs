//! `paywarden work serve`: proof of work for other wallets and nodes, in the words of nano-work-server.
//!
//! It knows no key and no wallet. It must never search for a caller that went away, nor for a browser's page.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::limits;
use crate::nano::work::{Search, value};
use crate::nano::{Difficulty, Network, Root, Work};
use crate::wallet::{WorkCrew, fresh_start};

/// Makes work for whoever asks at its port.
#[derive(Clone, Debug)]
pub struct WorkServer {
    crew: Arc<WorkCrew>,
    clock: Arc<dyn Clock>,
    searches: Arc<Mutex<Vec<Arc<Search>>>>,
}

/// What is asked; numbers come as text, as nano-work-server takes them.
#[derive(Deserialize)]
struct Ask {
    action: String,
    hash: Option<String>,
    work: Option<String>,
    difficulty: Option<String>,
    multiplier: Option<Number>,
    count: Option<Number>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Text(String),
    Number(serde_json::Number),
}

/// An answer with status 400 and what would be right.
struct Refusal(&'static str, &'static str);

type Answer = Result<Value, Refusal>;

impl WorkServer {
    /// Searches with `crew`.
    pub fn new(crew: WorkCrew, clock: Arc<dyn Clock>) -> Self {
        Self { crew: Arc::new(crew), clock, searches: Arc::default() }
    }

    /// Answers at `listener` until this is dropped.
    ///
    /// # Errors
    /// When the system ends the listener.
    pub async fn serve(self, listener: TcpListener) -> std::io::Result<()> {
        axum::serve(listener, self.routes()).await
    }

    fn routes(self) -> Router {
        Router::new()
            .route("/", post(answer))
            .layer(DefaultBodyLimit::max(limits::WORK_PEER_BODY_BYTES))
            .with_state(self)
    }

    async fn carry_out(&self, ask: &Ask) -> Answer {
        match ask.action.as_str() {
            "work_generate" => self.generate(ask).await,
            "work_validate" => validate(ask),
            "work_cancel" => self.cancel(ask),
            "benchmark" => self.benchmark(ask).await,
            "status" => Ok(self.status()),
            _ => Err(Refusal(
                "Unknown command",
                "Supported commands: work_generate, work_cancel, work_validate, benchmark, status",
            )),
        }
    }

    async fn generate(&self, ask: &Ask) -> Answer {
        let (root, difficulty) = (ask.root()?, ask.difficulty()?);
        Ok(match self.search(root, difficulty).await? {
            Some(work) => {
                let reached = Difficulty(value(work, &root));
                json!({
                    "work": work,
                    "difficulty": reached,
                    "multiplier": multiplier(reached).to_string(),
                })
            }
            None => json!({ "error": "Cancelled" }),
        })
    }

    /// Every search for the root ends; its callers are told.
    fn cancel(&self, ask: &Ask) -> Answer {
        let root = ask.root()?;
        self.searches().iter().filter(|search| *search.root() == root).for_each(|s| s.call_off());
        self.crew.look_again();
        Ok(json!({}))
    }

    async fn benchmark(&self, ask: &Ask) -> Answer {
        let hint = "count must be a number from 1 to 1000";
        let count = ask.count.as_ref().map_or(Some(1), |count| count.text().parse().ok());
        let count = count.filter(|count| (1..=limits::WORK_BENCHMARKS).contains(count));
        let count = count.ok_or(Refusal("Bad count", hint))?;
        let difficulty = ask.difficulty()?;
        let before = self.clock.now();
        for number in 0..count {
            let mut root = [0; 32];
            root[..4].copy_from_slice(&number.to_le_bytes());
            self.search(Root::from_bytes(root), difficulty).await?;
        }
        let duration = self.clock.now().since(before).as_millis();
        Ok(json!({
            "average": (duration / u128::from(count)).to_string(),
            "count": count.to_string(),
            "difficulty": difficulty,
            "duration": duration.to_string(),
            "hint": "Times in milliseconds",
            "multiplier": multiplier(difficulty).to_string(),
        }))
    }

    fn status(&self) -> Value {
        let open = self.searches().len();
        json!({
            "generating": u8::from(open > 0).to_string(),
            "queue_size": open.saturating_sub(1).to_string(),
        })
    }

    /// `None` if it was called off.
    async fn search(&self, root: Root, difficulty: Difficulty) -> Result<Option<Work>, Refusal> {
        let busy = Refusal("Busy", "Too many searches wait; try again when some are done");
        let search = Arc::new(Search::new(root, difficulty, fresh_start()));
        {
            let mut open = self.searches();
            if open.len() >= limits::WORK_SEARCHES_SERVED {
                return Err(busy);
            }
            open.push(Arc::clone(&search));
        }
        // A caller that goes away drops this future, and with it the search.
        let _open = Open { server: self, search: Arc::clone(&search) };
        let (sender, found) = oneshot::channel();
        let done = Box::new(move |found: Result<Work, _>| {
            let _ = sender.send(found.ok());
        });
        self.crew.search(search, true, done).map_err(|_| busy)?;
        Ok(found.await.ok().flatten())
    }

    fn searches(&self) -> MutexGuard<'_, Vec<Arc<Search>>> {
        self.searches.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A search somebody waits for.
struct Open<'a> {
    server: &'a WorkServer,
    search: Arc<Search>,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.search.call_off();
        self.server.searches().retain(|other| !Arc::ptr_eq(other, &self.search));
        self.server.crew.look_again();
    }
}

async fn answer(State(server): State<WorkServer>, headers: HeaderMap, body: Bytes) -> Response {
    // Any page may send a plain POST to this machine; only browsers say where a request comes from.
    let outcome = if headers.contains_key(header::ORIGIN) {
        Err(Refusal("Forbidden", "Web pages get no work here"))
    } else {
        match serde_json::from_slice::<Ask>(&body) {
            Ok(ask) => server.carry_out(&ask).await,
            Err(_) => Err(Refusal("Failed to deserialize JSON", "Send an object with an action")),
        }
    };
    match outcome {
        Ok(answer) => axum::Json(answer).into_response(),
        Err(Refusal(error, hint)) => {
            let body = axum::Json(json!({ "error": error, "hint": hint }));
            (StatusCode::BAD_REQUEST, body).into_response()
        }
    }
}

fn validate(ask: &Ask) -> Answer {
    let root = ask.root()?;
    let work = ask.work.as_deref().and_then(|text| text.parse::<Work>().ok());
    let work = work.ok_or(Refusal("Bad work", "work must be 16 hexadecimal digits"))?;
    let reached = Difficulty(value(work, &root));
    let digit = |valid: bool| u8::from(valid).to_string();
    let mut answer = json!({
        "valid_all": digit(reached >= SEND),
        "valid_receive": digit(reached >= RECEIVE),
        "difficulty": reached,
        "multiplier": multiplier(reached).to_string(),
    });
    if ask.difficulty.is_some() || ask.multiplier.is_some() {
        answer["valid"] = digit(reached >= ask.difficulty()?).into();
    }
    Ok(answer)
}

impl Ask {
    fn root(&self) -> Result<Root, Refusal> {
        let root = self.hash.as_deref().and_then(|text| text.parse().ok());
        root.ok_or(Refusal("Bad block hash", "hash must be 64 hexadecimal digits"))
    }

    /// A multiplier counts more than a difficulty; without both a send's.
    fn difficulty(&self) -> Result<Difficulty, Refusal> {
        let hint = "difficulty must be 16 hexadecimal digits, multiplier a positive number; at most 64 times a send's";
        let refusal = Refusal("Bad difficulty", hint);
        let asked = match (&self.multiplier, &self.difficulty) {
            (Some(multiplier), _) => {
                let times = multiplier.text().parse::<f64>().ok().filter(|times| *times > 0.0);
                times.and_then(times_harder)
            }
            (None, Some(text)) => text.parse().ok(),
            (None, None) => Some(SEND),
        };
        asked.filter(|asked| *asked <= HARDEST).ok_or(refusal)
    }
}

impl Number {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
        }
    }
}

/// How many times harder than a send's, as nodes show it.
#[expect(clippy::cast_precision_loss, reason = "a node computes it with the same loss")]
fn multiplier(difficulty: Difficulty) -> f64 {
    SEND.0.wrapping_neg() as f64 / difficulty.0.wrapping_neg() as f64
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a node computes it with the same loss; what is too large ends at the largest number"
)]
fn times_harder(times: f64) -> Option<Difficulty> {
    let share = SEND.0.wrapping_neg() as f64 / times;
    times.is_finite().then_some(Difficulty((share as u64).max(1).wrapping_neg()))
}

const SEND: Difficulty = Network::Live.thresholds().epoch_2_send;
const RECEIVE: Difficulty = Network::Live.thresholds().epoch_2_receive;
/// 64 times a send's, which is the most that nodes make.
const HARDEST: Difficulty = Difficulty((SEND.0.wrapping_neg() / 64).wrapping_neg());

#[cfg(test)]
mod tests;
