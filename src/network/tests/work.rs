//! Work made elsewhere: believed only after a look at it.

use super::*;
use crate::nano::work;
use crate::nano::{Difficulty, Root, Work};

const EASY: Difficulty = Difficulty(0xf000_0000_0000_0000);
const HARD: Difficulty = Difficulty(0xffc0_0000_0000_0000);

fn root() -> Root {
    Root::from(send(5).hash())
}

/// The first nonce worth at least `least`, and less than `below` if given.
fn nonce(least: Difficulty, below: Option<Difficulty>) -> Work {
    let fits = |work: &Work| {
        let value = work::value(*work, &root());
        value >= least.0 && below.is_none_or(|below| value < below.0)
    };
    (0..).map(Work).find(fits).unwrap()
}

async fn made(
    answer: impl Fn(&str) -> Answer + Send + Sync + 'static,
) -> (Result<Work, NodeError>, Canned) {
    let server = Canned::start(answer).await;
    let peer = WorkPeer::new(endpoint(&server.url), client());
    assert_eq!(peer.name(), server.url);
    (peer.generate(root(), HARD).await, server)
}

#[tokio::test]
async fn either_nodes_answer_is_read() {
    let good = nonce(HARD, None);
    let cpp = json!({ "work": good, "difficulty": "ffd0000000000000", "multiplier": "1.2",
        "hash": root() });
    let upper = good.to_string().to_uppercase();
    let rsnano = json!({ "work": upper, "difficulty": "18433233274827440127", "multiplier": "1",
        "hash": root() });
    for answer in [cpp, rsnano] {
        let (work, server) = made(move |_| Answer::json(answer.to_string())).await;
        assert_eq!(work, Ok(good));
        assert!(!server.bodies()[0].contains("difficulty"), "RsNano would refuse it");
    }
}

#[tokio::test]
async fn a_maker_with_a_lower_default_is_asked_again_in_hex() {
    let (good, weak) = (nonce(HARD, None), nonce(EASY, Some(HARD)));
    let answer = move |body: &str| match body.contains("\"difficulty\":\"ffc0000000000000\"") {
        true => Answer::json(json!({ "work": good }).to_string()),
        false => Answer::json(json!({ "work": weak }).to_string()),
    };
    assert_eq!(made(answer).await.0, Ok(good));
}

#[tokio::test]
async fn bad_work_is_never_handed_on() {
    let weak = nonce(EASY, Some(HARD));
    let (work, server) = made(move |_| Answer::json(json!({ "work": weak }).to_string())).await;
    assert!(garbled(work));
    assert_eq!(server.bodies().len(), 2);
    for bad in ["{}", "{\"work\":\"\"}", "{\"work\":\"xyz\"}", "{\"work\":1}", "[]", ""] {
        assert!(garbled(made(move |_| Answer::json(bad)).await.0), "{bad}");
    }
    let disabled = made(|_| Answer::json("{\"error\":\"Work generation is disabled\"}")).await.0;
    assert_eq!(refused(disabled), "Work generation is disabled");
    assert!(garbled(made(|_| Answer::json(" ".repeat(65_537))).await.0));
}
