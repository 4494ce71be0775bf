//! Sellers that do what they say.

use paywarden::evm::EvmAddress;
use paywarden::rails::x402::{Answer, ResourceRequest};

use crate::bench::Bench;

#[tokio::test]
async fn both_versions_are_paid_once_and_serve_their_goods() {
    let bench = Bench::new().await;
    let payer = bench.keystore.evm_address().unwrap();
    let before = bench.sellers().balance(&payer);
    for (path, nonce) in [("/v2/evm/weather", 1), ("/v1/evm/weather", 2), ("/v2/evm/named", 3)] {
        let presented = bench.pay(path, nonce).await.unwrap();
        assert_eq!(presented.response.status, 200, "{path}");
        assert!(presented.response.body.starts_with(b"{\"city\""), "{path}");
        let receipt = presented.receipt.unwrap();
        let paid = bench.sellers().paid().pop().unwrap();
        assert_eq!((receipt.success, receipt.transaction), (true, paid.transaction));
        assert_eq!((receipt.network, paid.path.as_str()), (paid.network, path));
        assert_eq!(receipt.payer, Some(payer.to_string()));
        assert_eq!((paid.payer, paid.amount.as_str()), (payer.to_string(), "10000"));
    }
    assert_eq!(bench.sellers().paid().len(), 3);
    assert_eq!(bench.sellers().balance(&payer), before - 30_000);
}

#[tokio::test]
async fn nano_is_paid_by_a_block_that_the_seller_publishes() {
    let bench = Bench::new().await;
    bench.fund().await;
    let presented = bench.pay("/v2/nano/weather", 1).await.unwrap();
    assert_eq!(presented.response.status, 200, "{presented:?}");
    let hash = presented.receipt.unwrap().transaction.parse().unwrap();
    assert!(bench.node.contains(&hash), "the block is on the ledger");
    let paid = bench.sellers().paid().pop().unwrap();
    assert_eq!((paid.payer, paid.nonce), (bench.account.to_string(), hash.to_string()));
}

#[tokio::test]
async fn goods_come_as_what_they_are_and_up_to_a_cap() {
    let bench = Bench::new().await;
    for (nonce, (scene, kind)) in
        [("text", "text/plain"), ("image", "image/png"), ("binary", "application/octet-stream")]
            .into_iter()
            .enumerate()
    {
        let nonce = u8::try_from(nonce).unwrap() + 1;
        let presented = bench.pay(&format!("/v2/evm/{scene}"), nonce).await.unwrap();
        let found = presented.response.content_type.unwrap();
        assert!(found.starts_with(kind) && !presented.response.is_cut, "{found}");
    }
    let huge = bench.pay("/v2/evm/huge-answer", 9).await.unwrap();
    assert!(huge.response.is_cut && huge.receipt.unwrap().success, "the head is kept");
    assert_eq!(huge.response.body.len(), paywarden::limits::X402_ANSWER_BYTES);
}

#[tokio::test]
async fn what_costs_nothing_is_just_answered() {
    let bench = Bench::new().await;
    for (path, status) in [("/v2/evm/free", 200), ("/v2/evm/redirect", 302), ("/nowhere", 404)] {
        match bench.client.ask(&bench.request(path)).await.unwrap() {
            Answer::Free(response) => assert_eq!(response.status, status, "{path}"),
            Answer::Asked(asked) => panic!("{path}: {asked:?}"),
        }
    }
    assert!(bench.sellers().captured().is_empty() && bench.sellers().paid().is_empty());
}

#[tokio::test]
async fn the_same_payment_again_moves_nothing() {
    let bench = Bench::new().await;
    bench.fund().await;
    for path in ["/v2/evm/weather", "/v1/evm/weather", "/v2/nano/weather"] {
        let (asked, offer) = bench.offer(path).await.unwrap();
        let header = bench.sign(path, &asked, &offer, 1 + path.as_bytes()[2]).await;
        let request = bench.request(path);
        let first = bench.client.present(&request, &header).await.unwrap();
        let again = bench.client.present(&request, &header).await.unwrap();
        assert_eq!((first.response.status, again.response.status), (200, 402), "{path}");
        let paid = bench.sellers().paid();
        assert_eq!(paid.iter().filter(|paid| paid.path == path).count(), 1, "{path}");
    }
    // A payment with a name is answered as before.
    let (asked, offer) = bench.offer("/v2/evm/named").await.unwrap();
    let header = bench.sign("/v2/evm/named", &asked, &offer, 99).await;
    let request = bench.request("/v2/evm/named");
    let first = bench.client.present(&request, &header).await.unwrap();
    assert_eq!(bench.client.present(&request, &header).await.unwrap(), first);
}

#[tokio::test]
async fn an_empty_purse_pays_nothing_and_is_told_so() {
    let bench = Bench::new().await;
    bench.sellers().set_balance(bench.keystore.evm_address().unwrap(), 9_999);
    let refused = bench.pay("/v2/evm/weather", 1).await.unwrap();
    assert_eq!(refused.response.status, 402);
    assert!(bench.sellers().paid().is_empty());
    bench.sellers().set_balance(bench.keystore.evm_address().unwrap(), 10_000);
    assert_eq!(bench.pay("/v2/evm/weather", 1).await.unwrap().response.status, 200);
    assert_eq!(bench.sellers().balance(&bench.keystore.evm_address().unwrap()), 0);
}

/// The simulator is as strict as the real one: a payment that is off by anything is refused.
#[tokio::test]
async fn a_payment_that_does_not_fit_is_refused() {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let bench = Bench::new().await;
    let path = "/v2/evm/weather";
    let (asked, offer) = bench.offer(path).await.unwrap();
    let header = bench.sign(path, &asked, &offer, 1).await;
    let text = String::from_utf8(STANDARD.decode(&header.value).unwrap()).unwrap();
    let other = EvmAddress::from_bytes([1; 20]).to_string();
    let own = bench.keystore.evm_address().unwrap().to_string();
    for (from, to) in [
        ("\"value\":\"10000\"", "\"value\":\"10001\"".to_owned()),
        ("\"amount\":\"10000\"", "\"amount\":\"1\"".to_owned()),
        ("\"validAfter\":\"0\"", "\"validAfter\":\"1\"".to_owned()),
        ("\"x402Version\":2", "\"x402Version\":1".to_owned()),
        ("\"maxTimeoutSeconds\":60", "\"maxTimeoutSeconds\":61".to_owned()),
        (&own, other.clone()),
        ("0101", "0102".to_owned()),
        ("/weather", "/text".to_owned()),
    ] {
        let changed = text.replacen(from, &to, 1);
        assert_ne!(changed, text, "{from}");
        let value = STANDARD.encode(changed);
        let mut changed = header.clone();
        changed.value = value;
        let refused = bench.client.present(&bench.request(path), &changed).await.unwrap();
        assert_eq!(refused.response.status, 402, "{from}");
    }
    let mut garbled = header.clone();
    garbled.value = "%%%".to_owned();
    let refused = bench.client.present(&bench.request(path), &garbled).await.unwrap();
    assert_eq!(refused.response.status, 400);
    assert!(bench.sellers().paid().is_empty());
    let taken = bench.client.present(&bench.request(path), &header).await.unwrap();
    assert_eq!(taken.response.status, 200);
}

#[tokio::test]
async fn a_body_and_headers_reach_the_seller_in_both_requests() {
    let bench = Bench::new().await;
    let headers = [("accept".to_owned(), "application/json".to_owned())];
    let url = bench.url("/v2/evm/weather");
    let guest = bench.client.guest();
    let request = ResourceRequest::new(guest, None, &url, &headers, Some("{\"city\":\"Oslo\"}"));
    let request = request.unwrap();
    assert_eq!(request.method(), "POST");
    let Answer::Asked(asked) = bench.client.ask(&request).await.unwrap() else { panic!("free") };
    let offer = bench.choose(&asked, "/v2/evm/weather").unwrap();
    let header = bench.sign("/v2/evm/weather", &asked, &offer, 1).await;
    let presented = bench.client.present(&request, &header).await.unwrap();
    assert_eq!(presented.response.status, 200);
}
