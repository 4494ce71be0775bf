//! The kernels of proof of work, with their own tests, under Miri:
//! `MIRIFLAGS=-Zmiri-disable-isolation cargo +nightly miri test` in this folder.
//!
//! With `RUSTFLAGS=-Ctarget-feature=+avx2` the vector kernel is interpreted too. Assembly cannot be.

#![deny(unsafe_code)]

#[path = "../../../src/nano/work/kernel/mod.rs"]
mod kernel;

use blake2::digest::consts::U8;
use blake2::{Blake2b, Digest};

pub use kernel::{Kernel, UnknownKernel};

/// As in the wallet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Work(pub u64);

/// As in the wallet.
#[derive(Clone, Copy, Debug)]
pub struct Root([u8; 32]);

impl Root {
    /// As in the wallet.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// As in the wallet.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// As in the wallet.
pub fn value(work: Work, root: &Root) -> u64 {
    let digest = Blake2b::<U8>::new().chain_update(work.0.to_le_bytes()).chain_update(root.0);
    u64::from_le_bytes(digest.finalize().into())
}
