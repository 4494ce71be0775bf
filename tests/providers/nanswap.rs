//! Nanswap Pay, from the order to the verified webhook.

use std::time::Duration;

use paywarden::money::Raw;
use paywarden::nano::{Account, PrivateKey};
use paywarden::providers::Opaque;
use paywarden::providers::nanswap::{
    Expected, Nanswap, NewOrder, NotPayable, Order, OrderStatus, Price, SIGNATURE_HEADER,
    Suspicion, Webhook, check_order, verify,
};
use paywarden::sandbox::nano::SandboxNode;
use paywarden::sandbox::{Trouble, nanswap as sandbox};
use paywarden::secret::Secret;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{clock, listener, node, provider};

struct World {
    node: SandboxNode,
    sandbox: sandbox::Nanswap,
    merchant: Nanswap,
    customer: Nanswap,
    _stop: tokio_util::sync::DropGuard,
}

impl World {
    async fn new() -> Self {
        let (node, stop) = (node(), CancellationToken::new());
        let sandbox = sandbox::Nanswap::new(node.clone());
        sandbox.set(|knobs| knobs.processing = Duration::from_millis(50));
        let (listener, url) = listener().await;
        tokio::spawn(sandbox::serve(sandbox.clone(), listener, stop.clone()));
        let url = format!("{url}/pay");
        let key = Some(Secret::new(sandbox::Nanswap::KEY.to_owned()));
        let merchant = Nanswap::new(provider("Nanswap", &url), key, clock());
        let customer = Nanswap::new(provider("Nanswap", &url), None, clock());
        Self { node, sandbox, merchant, customer, _stop: stop.drop_guard() }
    }

    async fn order(&self) -> Order {
        self.merchant.create_order(&new_order().paid_in(id("XNO"))).await.unwrap()
    }

    async fn status_of(&self, order: &Order) -> OrderStatus {
        self.customer.get_order(&order.invoice_id).await.unwrap().status
    }
}

fn new_order() -> NewOrder {
    let order = NewOrder::new(&Price::new("1.25".parse().unwrap()).unwrap()).unwrap();
    order.priced_in(id("USD")).known_as("order_123").unwrap()
}

fn id(text: &str) -> Opaque {
    text.parse().unwrap()
}

fn payee() -> Account {
    PrivateKey::from_bytes([9; 32]).account()
}

/// The next `count` webhooks that reach the listener: bodies and signatures.
async fn webhooks(listener: &TcpListener, count: usize) -> Vec<(String, String)> {
    let mut found = Vec::new();
    while found.len() < count {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut read = Vec::new();
        let (head, body) = loop {
            stream.read_buf(&mut read).await.unwrap();
            let text = String::from_utf8_lossy(&read).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n")
                && body.ends_with('}')
            {
                break (head.to_owned(), body.to_owned());
            }
        };
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        let line = head.lines().find_map(|line| line.strip_prefix(SIGNATURE_HEADER));
        found.push((body, line.unwrap().trim_start_matches(':').trim().to_owned()));
    }
    found
}

#[tokio::test]
async fn an_order_is_paid_passed_on_and_told_of() {
    let world = World::new().await;
    let (hooks, callback) = listener().await;
    let new = new_order().paid_in(id("XNO")).paid_out_to(Some(id(&payee().to_string())), None);
    let new = new.leading_to(Some(&format!("{callback}/hook")), None, None).unwrap();
    let order = world.merchant.create_order(&new).await.unwrap();
    let payable = check_order(&order, &[], clock().now()).unwrap();
    assert_eq!(payable.amount, Raw::from_xno("1.25").unwrap());
    world.node.faucet_confirmed(payable.account, payable.amount).unwrap();

    let mut expected = Expected {
        invoice_id: order.invoice_id.clone(),
        partner_id: Some(id("order_123")),
        price_amount: "1.250".parse().unwrap(),
        price_currency: Some(id("USD")),
        payin_currency: Some(id("XNO")),
        payout_currency: None,
        payout_address: Some(id(&payee().to_string().replace("nano_", "xrb_"))),
        status: order.status.clone(),
    };
    let secret = Secret::new(sandbox::Nanswap::WEBHOOK_SECRET.to_owned());
    for (body, signature) in webhooks(&hooks, 2).await {
        let verified = verify(body.as_bytes(), &signature, &secret).unwrap();
        let webhook = Webhook::read(&verified).unwrap();
        webhook.check(&expected).unwrap();
        expected.status = webhook.status;
    }
    assert_eq!(expected.status, OrderStatus::Completed);
    let shown = world.customer.get_order(&order.invoice_id).await.unwrap();
    assert!(shown.completed_at.is_some() && shown.payin_address.is_none());
    let paid_out = check_order(&shown, &[], clock().now()).unwrap_err();
    assert_eq!(paid_out, NotPayable::Status(OrderStatus::Completed));
    let page = world.merchant.list_invoices(1).await.unwrap();
    assert_eq!((page.total, page.pages, &page.invoices[0].invoice_id), (1, 1, &order.invoice_id));
    assert!(page.invoices[0].payout_hash.is_some());
}

#[tokio::test]
async fn a_webhook_that_was_tampered_with_regresses_or_is_anothers_is_told_apart() {
    let world = World::new().await;
    let (hooks, callback) = listener().await;
    world.sandbox.set(|knobs| knobs.payout_address = Some(Account::BURN.to_string()));
    let new = new_order().paid_in(id("XNO")).paid_out_to(Some(id(&payee().to_string())), None);
    let new = new.leading_to(Some(&callback), None, None).unwrap();
    let order = world.merchant.create_order(&new).await.unwrap();
    let payable = check_order(&order, &[], clock().now()).unwrap();
    world.node.faucet_confirmed(payable.account, payable.amount).unwrap();
    let (body, signature) = webhooks(&hooks, 1).await.remove(0);
    let secret = Secret::new(sandbox::Nanswap::WEBHOOK_SECRET.to_owned());
    let webhook = Webhook::read(&verify(body.as_bytes(), &signature, &secret).unwrap()).unwrap();
    let expected = Expected {
        invoice_id: order.invoice_id.clone(),
        partner_id: None,
        price_amount: "1.25".parse().unwrap(),
        price_currency: None,
        payin_currency: None,
        payout_currency: None,
        payout_address: Some(id(&payee().to_string())),
        status: OrderStatus::Waiting,
    };
    assert_eq!(webhook.check(&expected), Err(Suspicion::PayoutTampered));
    let without = Expected { payout_address: None, ..expected.clone() };
    assert_eq!(webhook.check(&without), Err(Suspicion::PayoutTampered), "dynamic unasked");
    let mended = Webhook { payout_address: expected.payout_address.clone(), ..webhook };
    assert_eq!(mended.check(&expected), Ok(()));
    let late = Expected { status: OrderStatus::Completed, ..expected.clone() };
    assert!(matches!(mended.check(&late), Err(Suspicion::Regressing { .. })));
    let dear = Expected { price_amount: "1.26".parse().unwrap(), ..expected.clone() };
    assert!(matches!(mended.check(&dear), Err(Suspicion::Differs { field: "priceAmount", .. })));
    let other = Expected { invoice_id: id("other"), ..expected };
    assert!(matches!(mended.check(&other), Err(Suspicion::Differs { field: "invoiceId", .. })));
}

#[tokio::test]
async fn a_hostile_invoice_is_seen_through() {
    let world = World::new().await;
    let chosen_later = world.merchant.create_order(&new_order()).await.unwrap();
    let refused = check_order(&chosen_later, &[], clock().now()).unwrap_err();
    assert_eq!(refused, NotPayable::Status(OrderStatus::PendingCurrency));
    assert!(chosen_later.payin_address.is_none() && chosen_later.expected_amount_from.is_none());

    let order = world.order().await;
    let expires_at = order.expires_at.unwrap();
    let at_limit = paywarden::clock::Millis(expires_at.0 - 30_000);
    assert!(check_order(&order, &[], at_limit).is_ok());
    let refused = check_order(&order, &[], at_limit.plus(Duration::from_millis(1))).unwrap_err();
    assert_eq!(refused, NotPayable::TooLate { left_ms: 29_999 });
    let own = check_order(&order, &[], at_limit).unwrap().account;
    assert!(matches!(check_order(&order, &[own], at_limit), Err(NotPayable::Payee(_))));
    let banano = Order { payin_currency: Some(id("BAN")), ..order };
    assert!(matches!(check_order(&banano, &[], at_limit), Err(NotPayable::Currency(_))));

    world.sandbox.set(|knobs| knobs.amount = Some("1e-31".to_owned()));
    let refused = check_order(&world.order().await, &[], clock().now()).unwrap_err();
    assert!(matches!(refused, NotPayable::Amount(_)), "{refused}");
}

#[tokio::test]
async fn too_little_and_a_failed_payout_end_in_their_states() {
    let world = World::new().await;
    let order = world.order().await;
    let payable = check_order(&order, &[], clock().now()).unwrap();
    world.node.faucet_confirmed(payable.account, Raw::new(1)).unwrap();
    assert_eq!(world.status_of(&order).await, OrderStatus::Underpaid);

    world.sandbox.set(|knobs| knobs.is_payout_failing = true);
    let order = world.order().await;
    let payable = check_order(&order, &[], clock().now()).unwrap();
    world.node.faucet_confirmed(payable.account, payable.amount).unwrap();
    assert_eq!(world.status_of(&order).await, OrderStatus::Processing);
    clock().sleep(Duration::from_millis(80)).await;
    assert_eq!(world.status_of(&order).await, OrderStatus::ProcessingError);
}

#[tokio::test]
async fn keys_go_only_where_they_are_needed_and_orders_are_made_once() {
    let world = World::new().await;
    let error = world.customer.create_order(&new_order()).await.unwrap_err();
    assert_eq!(error.code(), "PROVIDER_KEY_MISSING");
    assert!(error.advice().contains("NANSWAP_PAY_KEY"));
    // The sandbox refuses a key where none is needed, so these would fail with one.
    assert_eq!(world.merchant.fiat_currencies().await.unwrap().list.len(), 4);
    let payin = world.merchant.payin_currencies().await.unwrap().list;
    assert!(payin.iter().any(|currency| currency.code.as_str() == "USDG-HOOD"));
    world.sandbox.troubles.queue([Trouble::Status(500)]);
    assert!(world.merchant.fiat_currencies().await.is_ok(), "the list is kept");

    world.sandbox.troubles.queue([Trouble::Lost]);
    assert!(world.merchant.create_order(&new_order()).await.is_err(), "met the trouble before");
    assert!(world.merchant.create_order(&new_order()).await.is_err(), "the answer was lost");
    assert_eq!(world.merchant.list_invoices(1).await.unwrap().total, 1);
    let price = Price::new("2".parse().unwrap()).unwrap();
    let estimate = world.merchant.estimate(&id("XNO"), &price, None, None).await;
    assert_eq!(estimate.unwrap().expected_amount_from, "2.0".parse().unwrap());
    let refused = Trouble::Body("{\"success\":false,\"error\":\"no\"}".to_owned());
    world.sandbox.troubles.queue([refused]);
    let error = world.merchant.list_invoices(1).await.unwrap_err();
    assert_eq!(error.to_string(), "Nanswap refused: \"no\"");
    assert!(world.merchant.list_invoices(2).await.unwrap().invoices.is_empty());
}
