//! The kernel for AVX2: four nonces side by side, rotations as shuffles of bytes.
//!
//! The patterns of the shuffles are hidden from the optimiser: knowing them it replaces one shuffle of bytes by two of
//! words and moves others across operations, which costs a sixth of the speed.

use core::arch::x86_64::*;
use core::hint::black_box;

use super::folded::{Lanes, Midstate, Pair};

/// As [`super::Kernel::scan`].
///
/// # Safety
/// The processor has AVX2.
#[target_feature(enable = "avx2")]
pub(super) unsafe fn scan(
    midstate: &Midstate,
    first: u64,
    count: u64,
    threshold: u64,
) -> Option<u64> {
    // SAFETY: the caller has seen to it that the processor has AVX2.
    unsafe { super::folded::scan::<Pair<Four>>(midstate, first, count, threshold) }
}

/// Exists only where the processor has AVX2: that is why its operations are sound.
#[derive(Clone, Copy)]
struct Four(__m256i);

/// The patterns of byte shuffles that rotate each 64-bit value.
#[derive(Clone, Copy)]
struct Patterns {
    by_32: __m256i,
    by_24: __m256i,
    by_16: __m256i,
}

impl Lanes for Four {
    const COUNT: u64 = 4;
    type Rotations = Patterns;

    #[inline(always)]
    unsafe fn splat(value: u64) -> Self {
        // SAFETY: the caller has seen to it that the processor has AVX2.
        Self(unsafe { _mm256_set1_epi64x(value.cast_signed()) })
    }

    #[inline(always)]
    unsafe fn count_up(first: u64) -> Self {
        // SAFETY: as for `splat`.
        unsafe { Self::splat(first).add(Self(_mm256_setr_epi64x(0, 1, 2, 3))) }
    }

    #[inline(always)]
    unsafe fn rotations() -> Patterns {
        // Byte `i` of each half of a pattern names the byte that comes to place `i`.
        let pattern = |low: u64| {
            let high = low | 0x0808_0808_0808_0808;
            let (low, high) = (low.cast_signed(), high.cast_signed());
            // SAFETY: as for `splat`.
            black_box(unsafe { _mm256_setr_epi64x(low, high, low, high) })
        };
        Patterns {
            by_32: pattern(0x0302_0100_0706_0504),
            by_24: pattern(0x0201_0007_0605_0403),
            by_16: pattern(0x0100_0706_0504_0302),
        }
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: `self` proves AVX2.
        Self(unsafe { _mm256_add_epi64(self.0, other.0) })
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        // SAFETY: `self` proves AVX2.
        Self(unsafe { _mm256_xor_si256(self.0, other.0) })
    }

    #[inline(always)]
    fn ror32(self, patterns: &Patterns) -> Self {
        // SAFETY: `self` proves AVX2.
        Self(unsafe { _mm256_shuffle_epi8(self.0, patterns.by_32) })
    }

    #[inline(always)]
    fn ror24(self, patterns: &Patterns) -> Self {
        // SAFETY: `self` proves AVX2.
        Self(unsafe { _mm256_shuffle_epi8(self.0, patterns.by_24) })
    }

    #[inline(always)]
    fn ror16(self, patterns: &Patterns) -> Self {
        // SAFETY: `self` proves AVX2.
        Self(unsafe { _mm256_shuffle_epi8(self.0, patterns.by_16) })
    }

    #[inline(always)]
    fn ror63(self) -> Self {
        // SAFETY: `self` proves AVX2.
        Self(unsafe {
            _mm256_or_si256(_mm256_srli_epi64::<63>(self.0), _mm256_add_epi64(self.0, self.0))
        })
    }

    #[inline(always)]
    fn at_least(self, limit: Self) -> u32 {
        // SAFETY: `self` proves AVX2.
        let less = unsafe {
            // AVX2 compares signed numbers only; turning the highest bit keeps the order of unsigned ones.
            let turn = _mm256_set1_epi64x(i64::MIN);
            let (value, limit) = (_mm256_xor_si256(self.0, turn), _mm256_xor_si256(limit.0, turn));
            _mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpgt_epi64(limit, value)))
        };
        !less.cast_unsigned() & 0xF
    }
}
