use proptest::prelude::*;

use super::*;

fn available() -> impl Iterator<Item = Kernel> {
    Kernel::ALL.into_iter().filter(|kernel| kernel.is_available())
}

/// Nonces anywhere, and those next to where the counting goes round.
fn nonce() -> impl Strategy<Value = u64> {
    prop_oneof![any::<u64>(), 0..40_u64, (0..40_u64).prop_map(|back| u64::MAX - back)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn every_kernel_hashes_as_blake2_does(root in any::<[u8; 32]>(), nonce in nonce()) {
        let root = Root::from_bytes(root);
        let worth = value(Work(nonce), &root);
        for kernel in available() {
            prop_assert_eq!(kernel.scan(&root, nonce, 1, worth), Some(Work(nonce)), "{}", kernel);
            if let Some(more) = worth.checked_add(1) {
                prop_assert_eq!(kernel.scan(&root, nonce, 1, more), None, "{}", kernel);
            }
        }
    }

    #[test]
    fn every_kernel_finds_the_first_of_many(
        root in any::<[u8; 32]>(),
        first in nonce(),
        count in 0..70_u64,
        threshold in prop_oneof![any::<u64>(), Just(0), Just(u64::MAX), (0..u64::MAX / 32).prop_map(|less| u64::MAX - less)],
    ) {
        let root = Root::from_bytes(root);
        let plain = Kernel::Plain.scan(&root, first, count, threshold);
        for kernel in available() {
            prop_assert_eq!(kernel.scan(&root, first, count, threshold), plain, "{}", kernel);
        }
    }
}

#[test]
fn the_best_of_a_run_is_found_wherever_it_stands_in_a_group() {
    let root = Root::from_bytes([9; 32]);
    for first in [0, u64::MAX - 20] {
        for offset in (0..48).step_by(if cfg!(miri) { 11 } else { 1 }) {
            let best = Work(u64::wrapping_add(first, offset));
            let worth = value(best, &root);
            let plain = Kernel::Plain.scan(&root, first, 48, worth);
            for kernel in available() {
                assert_eq!(kernel.scan(&root, first, 48, worth), plain, "{kernel} {offset}");
            }
        }
    }
}

#[test]
fn a_processor_without_the_instructions_still_searches() {
    let root = Root::from_bytes([3; 32]);
    for kernel in Kernel::ALL {
        assert_eq!(kernel.scan(&root, 7, 1, 0), Some(Work(7)), "{kernel}");
        assert_eq!(kernel.scan(&root, 7, 0, 0), None, "{kernel}");
        assert_eq!(kernel.name().parse(), Ok(kernel));
    }
    assert!(Kernel::fastest().is_available());
    assert_eq!("AVX2".parse::<Kernel>(), Err(UnknownKernel));
}

/// Miri takes a second for a few hashes.
const CASES: u32 = if cfg!(miri) { 2 } else { 64 };
