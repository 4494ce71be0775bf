//! The kernels: BLAKE2b of one block, computed for as many nonces side by side as the processor can.
//!
//! A hash takes 1,134 operations once all that is constant is folded, so no kernel can do better than
//!
//! | kernel | nonces | bound, in cycles a hash | of what |
//! |---|---|---|---|
//! | [`Kernel::Avx512`] | 2 x 8 | 70.9 | two 512-bit operations a cycle |
//! | [`Kernel::Avx2`] | 2 x 4 | 109, on Zen 4 82 | 1,310 operations, three (four) a cycle |
//! | [`Kernel::Neon`] | 2 x 2 | 142 | four 128-bit operations a cycle |
//! | [`Kernel::Portable`] | 2 | 227 | five integer operations a cycle |
//!
//! What is reached is in `docs/performance.md`. Unsafe code is allowed in this folder alone. A kernel must never be run
//! on a processor without its instructions, and what it finds is never used before the `blake2` crate has confirmed it.

#![expect(unsafe_code, reason = "vector instructions; every block says why it is sound")]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod folded;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;

#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use folded::Midstate;

use super::{Root, Work, value};

/// A way to search for work.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kernel {
    /// Eight nonces in a register.
    Avx512,
    /// Four nonces in a register.
    Avx2,
    /// Two nonces in a register.
    Neon,
    /// Any processor.
    Portable,
    /// The `blake2` crate: what every other kernel is checked against.
    Plain,
}

/// There is no kernel of this name.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("no kernel of this name")]
pub struct UnknownKernel;

impl Kernel {
    /// All of them, fastest first.
    pub const ALL: [Self; 5] = [Self::Avx512, Self::Avx2, Self::Neon, Self::Portable, Self::Plain];

    /// The fastest that this processor has the instructions for. Of an unoptimised build that is the `blake2` crate,
    /// which is optimised in every profile.
    pub fn fastest() -> Self {
        if cfg!(debug_assertions) {
            return Self::Plain;
        }
        Self::ALL.into_iter().find(|kernel| kernel.is_available()).unwrap_or(Self::Plain)
    }

    /// Whether this processor has its instructions.
    pub fn is_available(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => is_x86_feature_detected!("avx512f"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2"),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => std::arch::is_aarch64_feature_detected!("neon"),
            Self::Portable | Self::Plain => true,
            _ => false,
        }
    }

    /// Its name, as `work bench --kernel` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Avx512 => "avx512",
            Self::Avx2 => "avx2",
            Self::Neon => "neon",
            Self::Portable => "portable",
            Self::Plain => "plain",
        }
    }

    /// The first of `count` nonces from `first` on that is worth `threshold` for `root`; after the last nonce comes the
    /// first. Without its instructions the portable kernel searches.
    pub fn scan(self, root: &Root, first: u64, count: u64, threshold: u64) -> Option<Work> {
        let midstate = Midstate::new(root.as_bytes());
        let found = match self {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the processor was just asked for AVX-512F.
            Self::Avx512 if self.is_available() => unsafe {
                avx512::scan(&midstate, first, count, threshold)
            },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the processor was just asked for AVX2.
            Self::Avx2 if self.is_available() => unsafe {
                avx2::scan(&midstate, first, count, threshold)
            },
            #[cfg(target_arch = "aarch64")]
            // SAFETY: the processor was just asked for NEON.
            Self::Neon if self.is_available() => unsafe {
                neon::scan(&midstate, first, count, threshold)
            },
            Self::Plain => (0..count)
                .map(|offset| first.wrapping_add(offset))
                .find(|nonce| value(Work(*nonce), root) >= threshold),
            _ => portable::scan(&midstate, first, count, threshold),
        };
        found.map(Work)
    }
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Kernel {
    type Err = UnknownKernel;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kernel| kernel.name() == text).ok_or(UnknownKernel)
    }
}
