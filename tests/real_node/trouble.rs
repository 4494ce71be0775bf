//! What a wallet does when the way to the node loses something, or somebody else holds its key.

use paywarden::engine::Finding;
use paywarden::money::{Currency, Raw};
use paywarden::nano::SignedBlock;
use paywarden::network::{Node, NodeError};
use paywarden::payment::Status;

use crate::places::{Place, XNO, places};
use crate::stage::{Trick, Wallet, somebody, until};

#[tokio::test]
async fn a_lost_block_is_published_again_and_one_that_arrived_is_not_paid_twice() {
    for place in places() {
        let wallet = funded(&place).await;
        for trick in [Trick::LostRequest, Trick::LostReply] {
            wallet.tricks.play(trick);
            let paid = wallet.pay(somebody(), Raw::new(XNO)).await;
            assert!(wallet.tricks.are_played());
            assert_eq!(paid.payment.state.status(), Status::Settled, "{}: {paid:?}", place.name);
        }
        let node = place.node();
        let info = node.account_info(wallet.account).await.unwrap().unwrap();
        assert_eq!((info.balance, info.block_count), (Raw::new(3 * XNO), 3), "{}", place.name);
        // Publishing what the node has changes nothing, and it says so in words the wallet does not take for a loss.
        let head: SignedBlock = node.block_info(info.frontier).await.unwrap().unwrap().contents;
        let again = node.process(&head, None).await;
        assert!(matches!(again, Err(NodeError::Refused { .. })), "{}: {again:?}", place.name);
        wallet.end().await;
    }
}

#[tokio::test]
async fn a_rival_of_another_holder_fails_the_payment_and_freezes_the_account() {
    for place in places() {
        let wallet = funded(&place).await;
        let rival = place.send_of(&wallet.key, somebody(), Raw::new(2 * XNO)).await;
        let hash = rival.hash();
        wallet.tricks.play(Trick::Rival(Box::new(rival)));
        let paid = wallet.pay(somebody(), Raw::new(XNO)).await;
        assert_eq!(paid.payment.state.status(), Status::Failed, "{}: {paid:?}", place.name);
        until(place.name, "the alarm", || wallet.lane().frozen.is_some()).await;
        until(place.name, "the rival", || wallet.lane().head == hash).await;
        let lane = wallet.lane();
        assert_eq!((lane.balance, lane.open), (Raw::new(3 * XNO), None), "{}", place.name);
        // What the other one spent counts against the owner's limits; what was not paid does not.
        let spent = wallet.engine.store().read(|view| view.budget(Currency::XNO)).unwrap();
        assert_eq!((spent.settled, spent.reserved), (2 * XNO, 0), "{}", place.name);

        let second = place.pay(&wallet.key, somebody(), Raw::new(XNO)).await;
        let survey = wallet.engine.survey().await.unwrap();
        let Finding::Foreign(blocks) = &survey.accounts[0].finding else { panic!("{survey:?}") };
        assert_eq!((blocks.len(), blocks[0].hash), (1, second), "{}", place.name);
        wallet.engine.reconcile(&survey.acknowledgement()).await.unwrap();
        assert!(wallet.lane().frozen.is_none());
        let paid = wallet.pay(somebody(), Raw::new(XNO)).await;
        assert_eq!(paid.payment.state.status(), Status::Settled, "{}: {paid:?}", place.name);
        assert_eq!(wallet.lane().balance, Raw::new(XNO));
        wallet.end().await;
    }
}

async fn funded(place: &Place) -> Wallet {
    let wallet = Wallet::with_polls(place).await;
    place.fund(wallet.account, Raw::new(5 * XNO)).await;
    wallet.holds(Raw::new(5 * XNO), place).await;
    wallet
}
