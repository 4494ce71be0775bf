//! What several nodes say together. One of them may lie, lag or be on its own; none of them alone moves money.
//!
//! With two or more nodes set:
//! - *Confirmed* is what two nodes call confirmed. Said by one, it is reported as not confirmed.
//! - *Not there* is what all nodes that answered say, of which there must be two. Known to one, it is there.
//! - *The head of an account* is what two nodes describe alike; of two such pairs, the higher. Where no two agree, the
//!   highest head anyone showed is reported, with as much of it confirmed as two nodes call confirmed: callers wait.
//! - *What follows a block* is what two nodes name. Named by one, nothing does yet: the caller publishes the same bytes
//!   again, which harms nobody, and never gives money back for it.
//! - Fewer than two answers are none.
//!
//! Pure: nothing here may ask, wait or read a clock.

use super::rpc::Shown;
use super::{AccountInfo, BlockInfo};
use crate::limits::NODES_AGREEING;
use crate::money::Raw;
use crate::nano::{BlockHash, Network};

/// What the nodes together know of a block.
pub fn block(network: Network, answers: Vec<Option<Shown>>) -> Option<Shown> {
    let mut infos: Vec<BlockInfo> = Vec::new();
    let mut legacy = false;
    for shown in answers.into_iter().flatten() {
        match shown {
            Shown::State(info) => infos.push(*info),
            Shown::Legacy => legacy = true,
        }
    }
    let confirmed = infos.iter().filter(|info| info.confirmed).count() >= NODES_AGREEING;
    let successor = agreed(infos.iter().filter_map(|info| info.successor));
    // The hash covers all but the signature and the work: a node may have spoilt those.
    let best = infos.iter().position(|info| is_signed(network, info)).unwrap_or(0);
    match infos.into_iter().nth(best) {
        Some(info) => Some(Shown::State(Box::new(BlockInfo { confirmed, successor, ..info }))),
        None => legacy.then_some(Shown::Legacy),
    }
}

/// What the nodes together know of an account.
pub fn account(answers: Vec<Option<AccountInfo>>) -> Option<AccountInfo> {
    let infos: Vec<AccountInfo> = answers.into_iter().flatten().collect();
    let alike = infos.iter().filter(|one| {
        infos.iter().filter(|other| chain(one) == chain(other)).count() >= NODES_AGREEING
    });
    if let Some(info) = alike.max_by_key(|info| (info.block_count, info.confirmed_height)) {
        return Some(info.clone());
    }
    let highest = infos.iter().max_by_key(|info| info.block_count)?;
    let cemented = infos.iter().filter_map(|info| cemented(info).map(|head| (info, head)));
    let shared = cemented
        .filter(|(_, one)| {
            infos.iter().filter(|other| cemented_is(other, one)).count() >= NODES_AGREEING
        })
        // The head itself cannot be among them: no two nodes described it alike.
        .filter(|(info, _)| info.confirmed_height < highest.block_count)
        .max_by_key(|(info, _)| info.confirmed_height);
    let (hash, height, balance) = match shared {
        Some((info, (hash, ..))) => (Some(hash), info.confirmed_height, info.confirmed_balance),
        None => (None, 0, Raw::ZERO),
    };
    Some(AccountInfo {
        confirmed_frontier: hash,
        confirmed_height: height,
        confirmed_balance: balance,
        ..highest.clone()
    })
}

/// The value two of them share.
fn agreed(values: impl Iterator<Item = BlockHash>) -> Option<BlockHash> {
    let values: Vec<BlockHash> = values.collect();
    let said_twice =
        |one: &BlockHash| values.iter().filter(|other| *other == one).count() >= NODES_AGREEING;
    values.iter().copied().find(said_twice)
}

fn is_signed(network: Network, info: &BlockInfo) -> bool {
    let block = &info.contents;
    block.verify()
        || network.epoch_signer(&block.block.link).is_some_and(|signer| block.verify_by(&signer))
}

/// All that is said of the chain; what waits to be received changes without it.
fn chain(info: &AccountInfo) -> AccountInfo {
    let none = Raw::ZERO;
    AccountInfo { receivable: none, confirmed_receivable: none, ..info.clone() }
}

type Cemented = (BlockHash, u64, Raw);

fn cemented(info: &AccountInfo) -> Option<Cemented> {
    let hash = info.confirmed_frontier?;
    Some((hash, info.confirmed_height, info.confirmed_balance))
}

fn cemented_is(info: &AccountInfo, head: &Cemented) -> bool {
    cemented(info).as_ref() == Some(head)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::nano::{Account, Link, PrivateKey, SignedBlock, StateBlock, Subtype};

    fn info(confirmed: bool, successor: Option<u8>, signed: bool) -> Option<Shown> {
        let key = PrivateKey::from_bytes([7; 32]);
        let block = StateBlock {
            account: key.account(),
            previous: BlockHash::from_bytes([1; 32]),
            representative: key.account(),
            balance: Raw::new(1),
            link: Link::from(Account::from_bytes([9; 32])),
        };
        let by = if signed { key } else { PrivateKey::from_bytes([8; 32]) };
        let contents = SignedBlock { block, signature: by.sign(&block.hash()), work: None };
        Some(Shown::State(Box::new(BlockInfo {
            contents,
            amount: Raw::new(1),
            height: 2,
            successor: successor.map(|byte| BlockHash::from_bytes([byte; 32])),
            confirmed,
            subtype: Subtype::Send,
        })))
    }

    fn head(frontier: u8, count: u64, confirmed: Option<(u8, u64)>) -> Option<AccountInfo> {
        let hash = |byte| BlockHash::from_bytes([byte; 32]);
        Some(AccountInfo {
            frontier: hash(frontier),
            open_block: Some(hash(1)),
            balance: Raw::new(count.into()),
            representative: Account::BURN,
            block_count: count,
            confirmed_frontier: confirmed.map(|(byte, _)| hash(byte)),
            confirmed_height: confirmed.map_or(0, |(_, height)| height),
            confirmed_balance: confirmed.map_or(Raw::ZERO, |(_, height)| Raw::new(height.into())),
            receivable: Raw::ZERO,
            confirmed_receivable: Raw::ZERO,
        })
    }

    fn any_block() -> impl Strategy<Value = Option<Shown>> {
        (0..4_u8, any::<bool>(), 0..3_u8, any::<bool>()).prop_map(
            |(known, confirmed, next, signed)| {
                (known > 0).then(|| info(confirmed, (next > 0).then_some(next), signed))?
            },
        )
    }

    fn any_head() -> impl Strategy<Value = Option<AccountInfo>> {
        (0..4_u8, 2..5_u8, 0..4_u8).prop_map(|(known, height, confirmed)| {
            let confirmed = confirmed.min(height);
            let cemented = (confirmed > 0).then_some((confirmed, u64::from(confirmed)));
            (known > 0).then(|| head(height, height.into(), cemented))?
        })
    }

    #[test]
    fn a_spoilt_signature_does_not_hide_a_good_one() {
        let answers = vec![info(true, None, false), info(true, None, true)];
        let Some(Shown::State(found)) = block(Network::Dev, answers) else { panic!() };
        assert!(found.contents.verify() && found.confirmed);
    }

    #[test]
    fn a_legacy_block_is_there_for_all_who_show_nothing_better() {
        let legacy = || Some(Shown::Legacy);
        assert_eq!(block(Network::Dev, vec![None, legacy()]), legacy());
        assert_eq!(block(Network::Dev, vec![None, None]), None);
    }

    #[test]
    fn a_head_with_a_lie_in_it_is_not_confirmed() {
        let honest = head(3, 3, Some((3, 3)));
        let mut lie = honest.clone().unwrap();
        lie.balance = Raw::MAX;
        lie.confirmed_balance = Raw::MAX;
        for answers in [[honest.clone(), Some(lie.clone())], [Some(lie.clone()), honest.clone()]] {
            let found = account(answers.into()).unwrap();
            assert_eq!((found.confirmed_frontier, found.confirmed_height), (None, 0));
        }
        let mut higher = lie.clone();
        higher.block_count = 9;
        let found = account(vec![Some(higher), honest.clone(), honest.clone()]);
        assert_eq!(found, honest, "two that agree stand against one");
    }

    proptest! {
        /// Whatever the third node says and wherever it stands, it confirms nothing alone and hides nothing.
        #[test]
        fn one_node_alone_confirms_no_block(mut others in prop::collection::vec(any_block(), 0..4),
            liar in any_block(), place in 0_usize..4) {
            let silence = others.iter_mut().flatten();
            for shown in silence {
                if let Shown::State(info) = shown { info.confirmed = false; info.successor = None; }
            }
            others.insert(place.min(others.len()), liar);
            let known = others.iter().any(Option::is_some);
            let found = block(Network::Dev, others);
            prop_assert_eq!(found.is_some(), known);
            if let Some(Shown::State(info)) = found {
                prop_assert!(!info.confirmed && info.successor.is_none());
            }
        }

        /// A head is confirmed only if two said exactly that, in any order.
        #[test]
        fn a_confirmed_head_was_said_twice(heads in prop::collection::vec(any_head(), 0..5)) {
            let found = account(heads.clone());
            prop_assert_eq!(found.is_some(), heads.iter().any(Option::is_some));
            if let Some(found) = found.filter(|found| found.confirmed_height > 0) {
                let said = heads.iter().flatten().filter(|head| cemented(head) == cemented(&found));
                prop_assert!(said.count() >= NODES_AGREEING);
                if found.confirmed_frontier == Some(found.frontier) {
                    let alike = heads.iter().flatten().filter(|head| chain(head) == chain(&found));
                    prop_assert!(alike.count() >= NODES_AGREEING);
                }
            }
        }
    }
}
