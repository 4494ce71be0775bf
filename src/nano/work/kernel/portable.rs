//! The portable kernel: one nonce at a time, on any processor.

use core::hint::black_box;

use super::folded::{Lanes, Midstate, Pair};

/// As [`super::Kernel::scan`].
pub(super) fn scan(midstate: &Midstate, first: u64, count: u64, threshold: u64) -> Option<u64> {
    // SAFETY: plain integers need no instructions that a processor might lack.
    unsafe { super::folded::scan::<Pair<u64>>(midstate, first, count, threshold) }
}

impl Lanes for u64 {
    const COUNT: u64 = 1;
    type Rotations = ();

    #[inline(always)]
    unsafe fn splat(value: u64) -> Self {
        value
    }

    #[inline(always)]
    unsafe fn count_up(first: u64) -> Self {
        first
    }

    #[inline(always)]
    unsafe fn rotations() {}

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.wrapping_add(other)
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        self ^ other
    }

    #[inline(always)]
    fn ror32(self, (): &()) -> Self {
        self.rotate_right(32)
    }

    #[inline(always)]
    fn ror24(self, (): &()) -> Self {
        self.rotate_right(24)
    }

    #[inline(always)]
    fn ror16(self, (): &()) -> Self {
        self.rotate_right(16)
    }

    #[inline(always)]
    fn ror63(self) -> Self {
        self.rotate_right(63)
    }

    #[inline(always)]
    fn at_least(self, limit: Self) -> u32 {
        // Hidden from the optimiser, which would else search several groups at once and spill most of them to memory.
        u32::from(black_box(self) >= limit)
    }
}
