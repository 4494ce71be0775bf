//! Nicky, from the pasted link to the confirmed payment.

use std::time::Duration;

use paywarden::money::Raw;
use paywarden::providers::Opaque;
use paywarden::providers::nicky::{
    AttemptStatus, Nicky, NotPayable, Payer, check_attempt, outlook, payable_assets,
};
use paywarden::sandbox::nano::SandboxNode;
use paywarden::sandbox::{Trouble, nicky as sandbox};
use tokio_util::sync::CancellationToken;

use super::{clock, listener, node, provider};

struct World {
    node: SandboxNode,
    sandbox: sandbox::Nicky,
    nicky: Nicky,
    _stop: tokio_util::sync::DropGuard,
}

impl World {
    async fn new() -> Self {
        let (node, stop) = (node(), CancellationToken::new());
        let sandbox = sandbox::Nicky::new(node.clone());
        sandbox.set(|knobs| knobs.pipeline = Duration::from_millis(50));
        let (listener, url) = listener().await;
        tokio::spawn(sandbox::serve(sandbox.clone(), listener, stop.clone()));
        let nicky = Nicky::new(provider("Nicky", &url));
        Self { node, sandbox, nicky, _stop: stop.drop_guard() }
    }

    /// The check of an attempt started for a fresh request of half an XNO.
    async fn refused(&self, change: impl FnOnce(&mut sandbox::Knobs)) -> NotPayable {
        let id = self.sandbox.ask_for(half(), true);
        let found = self.nicky.get_payment_request(&format!("#{id}").parse().unwrap()).await;
        let request = found.unwrap().request;
        self.sandbox.set(change);
        let asset = payable_assets(&request)[0].id.clone();
        let (attempt, now) =
            self.nicky.start_payment(&request.short_id, &asset, &payer()).await.unwrap();
        check_attempt(&request, &asset, &attempt, &[], now).unwrap_err()
    }
}

fn half() -> Raw {
    Raw::from_xno("0.5").unwrap()
}

fn payer() -> Payer {
    Payer::new("Ada", "ada@post.nl").unwrap()
}

fn id(text: &str) -> Opaque {
    text.parse().unwrap()
}

#[tokio::test]
async fn a_request_is_paid_reported_and_confirmed() {
    let world = World::new().await;
    let short_id = world.sandbox.ask_for(half(), true);
    let link = format!("https://pay.nicky.me/payment-report/ABCDE?paymentId={short_id}");
    let found = world.nicky.get_payment_request(&link.parse().unwrap()).await.unwrap();
    assert!(!found.is_by_nick && found.request.assets.len() == 2);
    let request = found.request;
    let asset = payable_assets(&request)[0].id.clone();
    let payer = payer();
    let start = || world.nicky.start_payment(&request.short_id, &asset, &payer);
    let (attempt, now) = start().await.unwrap();
    let payable = check_attempt(&request, &asset, &attempt, &[], now).unwrap();
    assert_eq!(payable.amount, half());
    let (again, _) = start().await.unwrap();
    assert_eq!((&again.id, &again.wallet_address), (&attempt.id, &attempt.wallet_address));

    let hash = world.node.faucet_confirmed(payable.account, payable.amount).unwrap();
    let progress =
        world.nicky.report_transaction(&attempt.id, &id(&hash.to_string())).await.unwrap();
    let seen = outlook(&progress, Some(&hash.to_string()));
    assert!(progress.status == AttemptStatus::Received && seen.is_ours_known && !seen.is_final);
    clock().sleep(Duration::from_millis(80)).await;
    let progress = world.nicky.payment_progress(&attempt.id).await.unwrap();
    let seen = outlook(&progress, Some(&hash.to_string()));
    assert!(seen.is_attempt_confirmed && seen.is_request_paid && !seen.is_paid_by_another);
    assert_eq!(start().await.unwrap_err().code(), "PROVIDER_CONFLICT");
}

#[tokio::test]
async fn a_hostile_counterpart_is_seen_through() {
    let world = World::new().await;
    let usd = format!("usd_{}", "1".repeat(60));
    let refused = world.refused(|knobs| knobs.address = Some(usd)).await;
    assert!(matches!(refused, NotPayable::Payee(_)), "{refused}");
    world.sandbox.set(|knobs| knobs.address = None);
    let refused = world.refused(|knobs| knobs.memo = Some("7".to_owned())).await;
    assert_eq!(refused, NotPayable::Memo);
    world.sandbox.set(|knobs| knobs.memo = None);
    let refused =
        world.refused(|knobs| knobs.amount = Some("0.50000000000000001".to_owned())).await;
    assert!(matches!(refused, NotPayable::MoreThanOpen { .. }), "{refused}");
    let refused =
        world.refused(|knobs| knobs.amount = Some("1.2345678901234567e-15".to_owned())).await;
    assert!(matches!(refused, NotPayable::Amount(_)), "{refused}");
    world.sandbox.set(|knobs| knobs.amount = None);
    let refused = world.refused(|knobs| knobs.lease = Duration::from_secs(119)).await;
    assert!(matches!(refused, NotPayable::TooLate { .. }), "{refused}");
}

#[tokio::test]
async fn another_payer_a_nick_and_unknown_ids_are_told_apart() {
    let world = World::new().await;
    let short_id = world.sandbox.ask_for(half(), true);
    let found = world.nicky.get_payment_request(&"alice".parse().unwrap()).await.unwrap();
    assert!(found.is_by_nick && found.request.short_id.as_str() == short_id);
    let unknown = world.nicky.get_payment_request(&"#NOBODY".parse().unwrap()).await.unwrap_err();
    assert_eq!(unknown.code(), "PROVIDER_UNKNOWN_ID");
    let unknown = world.nicky.payment_progress(&id("NOBODY")).await.unwrap_err();
    assert!(unknown.to_string().contains("Nicky answered with HTTP 404: \"no such attempt\""));

    let request = id(&short_id);
    let wrong = world.nicky.start_payment(&request, &id("BTC"), &payer()).await.unwrap_err();
    assert_eq!(wrong.code(), "PROVIDER_REFUSED");
    let (attempt, _) = world.nicky.start_payment(&request, &id("XNO.XNO"), &payer()).await.unwrap();
    world.sandbox.finish_by_another(&short_id);
    let progress = world.nicky.payment_progress(&attempt.id).await.unwrap();
    let seen = outlook(&progress, None);
    assert!(seen.is_paid_by_another && seen.is_final && !seen.needs_support);

    let fiat_only = world.sandbox.ask_for(half(), false);
    let found = world.nicky.get_payment_request(&format!("#{fiat_only}").parse().unwrap()).await;
    assert!(payable_assets(&found.unwrap().request).is_empty());
}

#[tokio::test]
async fn trouble_is_met_with_manners() {
    let world = World::new().await;
    let short_id = world.sandbox.ask_for(half(), true);
    let reference = format!("#{short_id}").parse().unwrap();
    world.sandbox.set(|knobs| knobs.is_text_amounts = true);
    world.sandbox.troubles.queue([Trouble::TooMany { retry_after_s: 1 }]);
    let found = world.nicky.get_payment_request(&reference).await.unwrap();
    assert_eq!(found.request.open_amount.to_raw(), Ok(half()));
    world.sandbox.troubles.queue([Trouble::Body("{\"shortId\":\"OTHER\"}".to_owned())]);
    let error = world.nicky.get_payment_request(&reference).await.unwrap_err();
    assert_eq!(error.code(), "PROVIDER_ANSWER_UNUSABLE");
    world.sandbox.troubles.queue([Trouble::TooMany { retry_after_s: 3_600 }]);
    let error = world.nicky.get_payment_request(&reference).await.unwrap_err();
    assert!(error.advice().contains("Ask again after 20"), "{}", error.advice());
}
