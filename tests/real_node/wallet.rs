//! What a wallet does when all goes well: it opens, receives, sends, changes and shows its history.

use paywarden::engine::Changed;
use paywarden::money::Raw;
use paywarden::nano::Subtype;
use paywarden::network::Node;
use paywarden::payment::Status;

use crate::places::{Place, XNO, places};
use crate::stage::{Wallet, somebody};

#[tokio::test]
async fn a_wallet_lives_by_the_nodes_news() {
    for place in places() {
        if place.websocket.is_none() {
            eprintln!("skipped on {}: PAYWARDEN_TEST_NODE_WS names no websocket", place.name);
            continue;
        }
        live(&place, Wallet::with_news(&place).await).await;
    }
}

#[tokio::test]
async fn a_wallet_lives_by_asking() {
    for place in places() {
        live(&place, Wallet::with_polls(&place).await).await;
    }
}

async fn live(place: &Place, wallet: Wallet) {
    let gifts = [place.fund(wallet.account, Raw::new(3 * XNO)).await];
    wallet.holds(Raw::new(3 * XNO), place).await;
    let gifts = [gifts[0], place.fund(wallet.account, Raw::new(2 * XNO)).await];
    wallet.holds(Raw::new(5 * XNO), place).await;

    let paid = wallet.pay(somebody(), Raw::new(XNO)).await;
    assert_eq!(paid.payment.state.status(), Status::Settled, "{}: {paid:?}", place.name);
    assert_eq!(wallet.lane().balance, Raw::new(4 * XNO));
    let voter = somebody();
    let changed = wallet.engine.change_representative(wallet.account, voter).await.unwrap();
    assert!(matches!(changed, Changed::Done(_)), "{}: {changed:?}", place.name);
    let again = wallet.engine.change_representative(wallet.account, voter).await.unwrap();
    assert_eq!(again, Changed::Already, "{}", place.name);

    // The books and the node tell the same story.
    let rows = wallet.engine.store().read(|view| view.history(&wallet.account, None, 10)).unwrap();
    let page = place.node().account_history(wallet.account, None, 10).await.unwrap();
    let told: Vec<_> = page.blocks.iter().map(|block| (block.hash, block.amount)).collect();
    let booked: Vec<_> = rows.iter().map(|(_, row)| (row.block_hash, row.amount)).collect();
    assert_eq!(told, booked, "{}: a change moves no money and is in neither", place.name);
    assert_eq!((told.len(), page.blocks[0].subtype), (3, Subtype::Send), "{}", place.name);
    assert_eq!((page.blocks[0].height, page.previous), (3, None), "{}", place.name);
    assert!(page.blocks.iter().all(|block| block.confirmed), "{}: {page:?}", place.name);
    assert!(rows.iter().all(|(_, row)| !row.foreign), "{rows:?}");
    let node = place.node();
    assert_eq!(node.receivable(wallet.account, Raw::ZERO, 10).await.unwrap(), vec![]);
    let info = node.account_info(wallet.account).await.unwrap().unwrap();
    assert_eq!((info.representative, info.frontier), (voter, wallet.lane().head));
    for gift in gifts {
        assert!(node.block_info(gift).await.unwrap().unwrap().confirmed);
    }
    wallet.end().await;
}
