//! What the owner and agents may write, at each bound and one past it.

use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::books::{MemoryRows, View, apply};
use crate::clock::Millis;

const NOW: Millis = Millis(1_000_000);

#[derive(Default)]
struct Books {
    rows: MemoryRows,
    seq: u64,
}

impl Books {
    fn book(&mut self, body: Body) {
        self.seq += 1;
        apply(&mut self.rows, self.seq, NOW, &body.into()).unwrap();
    }

    fn view(&self) -> View<'_> {
        View::new(&self.rows, NOW)
    }

    fn put(&self, id: &str) -> Result<(Vec<Event>, u32), String> {
        write(&self.view(), mandate(id, json!({})), Put::Create).map_err(code)
    }
}

fn code(refusal: Refusal<Failure>) -> String {
    match refusal {
        Refusal::No(failure) => failure.code.into_owned(),
        Refusal::Rows(error) => panic!("{error}"),
    }
}

fn mandate(id: &str, with: serde_json::Value) -> Mandate {
    let mut body = json!({ "id": id, "cap": { "amount": "5", "currency": "USD" } });
    body.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
    serde_json::from_value(body).unwrap()
}

fn created(id: &str) -> Body {
    let mandate = Box::new(mandate(id, json!({})));
    Body::MandateCreated { mandate, version: 1, proposal_id: None }
}

fn proposed(number: u32, agent: &str) -> Body {
    Body::MandateProposed {
        proposal_id: ProposalId(Uuid::from_u128(u128::from(number))),
        mandate: Box::new(mandate(&format!("n{number}"), json!({ "agentId": agent }))),
        agent_id: Some(agent.to_owned()),
        note: None,
    }
}

#[test]
fn mandates_in_force_end_at_their_bound_and_revoked_ones_make_room() {
    let mut books = Books::default();
    for number in 1..limits::MANDATES {
        books.book(created(&format!("n{number}")));
    }
    assert_eq!(books.put("last").unwrap().1, 1);
    books.book(created("last"));
    assert_eq!(books.put("one-more").unwrap_err(), "MANDATES_FULL");
    let changed = mandate("last", json!({ "rails": ["nano"] }));
    assert_eq!(write(&books.view(), changed, Put::Create).map_err(code).unwrap().1, 2);
    books.book(Body::MandateRevoked { mandate_id: "n1".into(), reason: None });
    assert!(books.put("one-more").is_ok());
    assert_eq!(books.put("n1").unwrap_err(), "MANDATE_REVOKED");
    assert_eq!(books.view().mandates().unwrap().len(), limits::MANDATES as usize - 1);
    assert_eq!(books.view().revoked_mandates(None, 10).unwrap()[0].mandate.id, "n1");
}

#[test]
fn drafts_that_wait_end_at_their_bounds() {
    let mut books = Books::default();
    let check = |books: &Books, agent: &str| {
        let draft = mandate("new", json!({ "agentId": agent }));
        check_draft(&books.view(), &draft, Some(agent)).map_err(code)
    };
    for number in 1..limits::PROPOSALS_PER_AGENT {
        books.book(proposed(number, "a"));
    }
    assert_eq!(check(&books, "a"), Ok(()));
    books.book(proposed(limits::PROPOSALS_PER_AGENT, "a"));
    assert_eq!(check(&books, "a").unwrap_err(), "PROPOSALS_FULL");
    assert_eq!(check(&books, "b"), Ok(()));
    for number in limits::PROPOSALS_PER_AGENT + 1..limits::PROPOSALS_WAITING {
        books.book(proposed(number, &format!("agent-{number}")));
    }
    assert_eq!(check(&books, "b"), Ok(()));
    books.book(proposed(limits::PROPOSALS_WAITING, "z"));
    assert_eq!(check(&books, "b").unwrap_err(), "PROPOSALS_FULL");
    let id = ProposalId(Uuid::from_u128(3));
    books.book(Body::MandateRejected { proposal_id: id, reason: None });
    assert_eq!(check(&books, "b"), Ok(()));
    let other = mandate("new", json!({ "agentId": "a" }));
    for agent in [None, Some("b")] {
        let refused = check_draft(&books.view(), &other, agent).map_err(code);
        assert_eq!(refused.unwrap_err(), "OTHER_AGENT");
    }
}

#[test]
fn what_has_ended_or_counts_as_one_currency_is_refused() {
    let books = Books::default();
    for (with, good) in [
        (json!({ "expiresAt": "1970-01-01T00:16:40.001Z" }), true),
        (json!({ "expiresAt": "1970-01-01T00:16:40Z" }), false),
        (json!({ "caps": [{ "cap": { "amount": "5", "currency": "EUR" } }] }), true),
        (json!({ "caps": [{ "cap": { "amount": "5", "currency": "USDC" } }] }), false),
    ] {
        let written = write(&books.view(), mandate("m", with.clone()), Put::Create).map_err(code);
        assert_eq!(written.is_ok(), good, "{with}");
    }
    let absent = write(&books.view(), mandate("m", json!({})), Put::Amend).map_err(code);
    assert_eq!(absent.unwrap_err(), "UNKNOWN_MANDATE");
}

/// Books that met a version out of order, a second creation or a second revocation must not go on.
#[test]
fn events_that_do_not_fit_are_not_booked() {
    let mut books = Books::default();
    books.book(created("m"));
    let amended = |version| {
        let mandate = Box::new(mandate("m", json!({})));
        Body::MandateAmended { mandate, version }
    };
    let revoked = || Body::MandateRevoked { mandate_id: "m".into(), reason: None };
    let unknown = ProposalId(Uuid::from_u128(9));
    let misfits = [
        created("m"),
        amended(1),
        amended(3),
        Body::MandateRevoked { mandate_id: "other".into(), reason: None },
        Body::MandateRejected { proposal_id: unknown, reason: None },
        Body::PayeeRemoved { address: "x".into() },
    ];
    for body in misfits {
        let mut rows = books.rows.clone();
        assert!(apply(&mut rows, 99, NOW, &body.clone().into()).is_err(), "{body:?}");
    }
    books.book(amended(2));
    books.book(revoked());
    for body in [revoked(), amended(3), created("m")] {
        let mut rows = books.rows.clone();
        assert!(apply(&mut rows, 99, NOW, &body.clone().into()).is_err(), "{body:?}");
    }
}
