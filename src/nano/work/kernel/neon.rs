//! The kernel for NEON, which every aarch64 processor has: two nonces side by side.

use core::arch::aarch64::*;

use super::folded::{Lanes, Midstate, Pair};

/// As [`super::Kernel::scan`].
///
/// # Safety
/// The processor has NEON.
#[target_feature(enable = "neon")]
pub(super) unsafe fn scan(
    midstate: &Midstate,
    first: u64,
    count: u64,
    threshold: u64,
) -> Option<u64> {
    // SAFETY: the caller has seen to it that the processor has NEON.
    unsafe { super::folded::scan::<Pair<Two>>(midstate, first, count, threshold) }
}

/// Exists only where the processor has NEON: that is why its operations are sound.
#[derive(Clone, Copy)]
struct Two(uint64x2_t);

impl Lanes for Two {
    const COUNT: u64 = 2;
    /// The pattern that rotates each value by 24 bits.
    type Rotations = uint8x16_t;

    #[inline(always)]
    unsafe fn splat(value: u64) -> Self {
        // SAFETY: the caller has seen to it that the processor has NEON.
        Self(unsafe { vdupq_n_u64(value) })
    }

    #[inline(always)]
    unsafe fn count_up(first: u64) -> Self {
        let values = [first, first.wrapping_add(1)];
        // SAFETY: as for `splat`, and the pointer is to two values.
        Self(unsafe { vld1q_u64(values.as_ptr()) })
    }

    #[inline(always)]
    unsafe fn rotations() -> uint8x16_t {
        let pattern = [3, 4, 5, 6, 7, 0, 1, 2, 11, 12, 13, 14, 15, 8, 9, 10];
        // SAFETY: as for `splat`, and the pointer is to sixteen bytes.
        unsafe { vld1q_u8(pattern.as_ptr()) }
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: `self` proves NEON.
        Self(unsafe { vaddq_u64(self.0, other.0) })
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        // SAFETY: `self` proves NEON.
        Self(unsafe { veorq_u64(self.0, other.0) })
    }

    #[inline(always)]
    fn ror32(self, _: &uint8x16_t) -> Self {
        // SAFETY: `self` proves NEON.
        Self(unsafe { vreinterpretq_u64_u32(vrev64q_u32(vreinterpretq_u32_u64(self.0))) })
    }

    #[inline(always)]
    fn ror24(self, pattern: &uint8x16_t) -> Self {
        // SAFETY: `self` proves NEON.
        Self(unsafe { vreinterpretq_u64_u8(vqtbl1q_u8(vreinterpretq_u8_u64(self.0), *pattern)) })
    }

    #[inline(always)]
    fn ror16(self, _: &uint8x16_t) -> Self {
        // SAFETY: `self` proves NEON.
        Self(unsafe { vsriq_n_u64::<16>(vshlq_n_u64::<48>(self.0), self.0) })
    }

    #[inline(always)]
    fn ror63(self) -> Self {
        // SAFETY: `self` proves NEON.
        Self(unsafe { vsriq_n_u64::<63>(vaddq_u64(self.0, self.0), self.0) })
    }

    #[inline(always)]
    fn at_least(self, limit: Self) -> u32 {
        // SAFETY: `self` proves NEON.
        unsafe {
            let hits = vcgeq_u64(self.0, limit.0);
            let (low, high) = (vgetq_lane_u64::<0>(hits), vgetq_lane_u64::<1>(hits));
            u32::from(low != 0) | u32::from(high != 0) << 1
        }
    }
}
