//! Many signatures of one key checked with one equation, and the first bad one found by halving.
//!
//! One multiplication serves the key and one the base point, however many signatures there are, which is why this is
//! faster than a batch of unrelated keys. It must never let pass what a look at each signature alone would not, but for
//! a chance of 2^-128 that nobody can choose. One exception needs the key itself: its holder may give `R` a part of
//! small order and try until the factor takes it away. RFC 8032 lets a verifier take such a signature (section 5.1.7).

use curve25519_dalek::constants::ED25519_BASEPOINT_POINT;
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::{IsIdentity as _, VartimeMultiscalarMul as _};
use sha2::{Digest as _, Sha512};

use super::{EventSignature, TrustedKey};
use crate::digest::Digest;

/// Signatures that wait to be checked together, in chain order.
#[derive(Clone, Debug, Default)]
pub(super) struct SignatureBatch(Vec<Waiting>);

#[derive(Clone, Debug)]
struct Waiting {
    seq: u64,
    hash: Digest,
    signature: EventSignature,
}

impl SignatureBatch {
    pub(super) fn push(&mut self, seq: u64, hash: Digest, signature: EventSignature) {
        self.0.push(Waiting { seq, hash, signature });
    }

    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= BATCH
    }

    /// Checks all against the key they name and forgets them: the last seq, or as an error the first one that is badly
    /// signed. `None` if there was nothing to check.
    pub(super) fn check(&mut self, key: &TrustedKey) -> Option<Result<u64, u64>> {
        let last = self.0.last()?.seq;
        let first_bad = first_bad(key, &self.0).map_or(Ok(last), |index| Err(self.0[index].seq));
        self.0.clear();
        Some(first_bad)
    }
}

fn first_bad(key: &TrustedKey, waiting: &[Waiting]) -> Option<usize> {
    if hold(key, waiting) {
        return None;
    }
    let (mut from, mut to) = (0, waiting.len());
    while to - from > 1 {
        let middle = from + (to - from) / 2;
        if hold(key, &waiting[from..middle]) { from = middle } else { to = middle }
    }
    let holds = |one: &Waiting| key.signed(&one.hash.0, &one.signature);
    if !holds(&waiting[from]) {
        return Some(from);
    }
    // The equations differ on points with a small-order part only; the one of RFC 8032 counts.
    waiting.iter().position(|one| !holds(one))
}

/// Whether `sum z_i (s_i B - h_i A - R_i)` is zero, with factors `z_i` nobody could know when signing.
fn hold(key: &TrustedKey, waiting: &[Waiting]) -> bool {
    let Some(point) = CompressedEdwardsY(*key.as_bytes()).decompress() else { return false };
    let factors = Factors::of(key, waiting);
    let (mut base, mut of_key) = (Scalar::ZERO, Scalar::ZERO);
    let mut scalars = Vec::with_capacity(waiting.len() + 2);
    let mut points = Vec::with_capacity(waiting.len() + 2);
    for (index, one) in waiting.iter().enumerate() {
        let (r, s) = one.signature.halves();
        let s: Option<Scalar> = Scalar::from_canonical_bytes(s).into();
        let (Some(s), Some(r_point)) = (s, CompressedEdwardsY(r).decompress()) else {
            return false;
        };
        let h = Sha512::new().chain_update(r).chain_update(key.as_bytes()).chain_update(one.hash.0);
        let h = Scalar::from_bytes_mod_order_wide(&h.finalize().into());
        let z = factors.at(index);
        base += z * s;
        of_key += z * h;
        scalars.push(z);
        points.push(r_point);
    }
    scalars.extend([-base, of_key]);
    points.extend([ED25519_BASEPOINT_POINT, point]);
    EdwardsPoint::vartime_multiscalar_mul(&scalars, &points).is_identity()
}

/// Factors of 128 bits drawn from everything that is checked, so that whoever made it could not choose them.
struct Factors(Sha512);

impl Factors {
    fn of(key: &TrustedKey, waiting: &[Waiting]) -> Self {
        let mut seed = Sha512::new_with_prefix(DOMAIN);
        seed.update(key.as_bytes());
        for one in waiting {
            seed.update(one.hash.0);
            seed.update(one.signature.0);
        }
        Self(Sha512::new_with_prefix(seed.finalize()))
    }

    fn at(&self, index: usize) -> Scalar {
        let drawn: [u8; 64] =
            self.0.clone().chain_update((index as u64).to_le_bytes()).finalize().into();
        drawn.first_chunk::<16>().map_or(Scalar::ONE, |low| Scalar::from(u128::from_le_bytes(*low)))
    }
}

const DOMAIN: &[u8] = b"paywarden-ledger-batch-v1\n";
const BATCH: usize = 1_024;

#[cfg(test)]
mod tests {
    use curve25519_dalek::constants::EIGHT_TORSION;
    use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};

    use super::*;

    fn batch(count: u64) -> (TrustedKey, Vec<Waiting>) {
        let key = SigningKey::from_bytes(&[4; 32]);
        let sign = |seq: u64| {
            let hash = Digest::of(&seq.to_be_bytes());
            Waiting { seq, hash, signature: EventSignature(key.sign(&hash.0).to_bytes()) }
        };
        (TrustedKey::new(key.verifying_key()), (0..count).map(sign).collect())
    }

    #[test]
    fn good_batches_hold() {
        for count in [1, 2, 3, 190, 1_024] {
            let (key, waiting) = batch(count);
            assert!(hold(&key, &waiting), "{count}");
            assert_eq!(first_bad(&key, &waiting), None, "{count}");
        }
    }

    #[test]
    fn one_bad_signature_is_enough_for_a_batch_not_to_hold() {
        for part in [0, 31, 32, 63] {
            let (key, mut waiting) = batch(5);
            waiting[3].signature.0[part] ^= 1;
            assert!(hold(&key, &waiting[..3]) && hold(&key, &waiting[4..]), "{part}");
            assert!(!hold(&key, &waiting) && !hold(&key, &waiting[3..4]), "{part}");
        }
    }

    #[test]
    fn a_batch_is_full_at_its_bound_and_empty_once_it_is_checked() {
        let (key, waiting) = batch(BATCH as u64);
        let mut pending = SignatureBatch::default();
        assert_eq!(pending.check(&key), None);
        for one in &waiting {
            assert!(!pending.is_full());
            pending.push(one.seq, one.hash, one.signature);
        }
        assert!(pending.is_full());
        assert_eq!(pending.check(&key), Some(Ok(BATCH as u64 - 1)));
        assert!(!pending.is_full());
        pending.push(7, waiting[0].hash, waiting[0].signature);
        pending.push(8, waiting[0].hash, waiting[1].signature);
        pending.push(9, waiting[1].hash, waiting[1].signature);
        assert_eq!(pending.check(&key), Some(Err(8)));
        assert_eq!(pending.check(&key), None);
    }

    /// Reduced modulo the order of the base point, a sum of factors is no longer that of the small part.
    #[test]
    fn a_key_with_a_part_of_small_order_is_judged_by_each_signature_alone() {
        let (secret, small) = (Scalar::from(77_u8), EIGHT_TORSION[1]);
        let public = (ED25519_BASEPOINT_POINT * secret + small).compress();
        let key = TrustedKey::new(VerifyingKey::from_bytes(public.as_bytes()).unwrap());
        let challenge = |r: &[u8; 32], hash: &Digest| {
            let h = Sha512::new().chain_update(r).chain_update(public.as_bytes());
            Scalar::from_bytes_mod_order_wide(&h.chain_update(hash.0).finalize().into())
        };
        // `R` takes the small part of `h A` away, for the one `h` in eight it fits.
        let sign = |seq: u64| {
            let hash = Digest::of(&seq.to_be_bytes());
            let tries = (1_u64..).map(|nonce| {
                let nonce = Scalar::from(nonce);
                let r = (ED25519_BASEPOINT_POINT * nonce - small).compress().to_bytes();
                let h = challenge(&r, &hash);
                (r, nonce + h * secret, h)
            });
            let mut fitting = tries.filter(|(.., h)| h.as_bytes()[0] % 8 == 1);
            let (r, s, _) = fitting.next().unwrap();
            let mut signature = [0; 64];
            signature[..32].copy_from_slice(&r);
            signature[32..].copy_from_slice(s.as_bytes());
            Waiting { seq, hash, signature: EventSignature(signature) }
        };
        let mut waiting: Vec<Waiting> = (0..9).map(sign).collect();
        assert!(waiting.iter().all(|one| key.signed(&one.hash.0, &one.signature)));
        assert!(!hold(&key, &waiting));
        assert_eq!(first_bad(&key, &waiting), None);
        waiting[5].signature.0[32] ^= 1;
        waiting[7].signature.0[32] ^= 1;
        assert_eq!(first_bad(&key, &waiting), Some(5));
    }

    #[test]
    fn the_first_bad_one_is_found_wherever_it_stands() {
        for bad in 0..21 {
            for part in [0, 31, 32, 63] {
                let (key, mut waiting) = batch(21);
                waiting[bad].signature.0[part] ^= 1;
                waiting[20].signature.0[part] ^= 1;
                // The last one is changed twice where it is the first.
                let expected = (bad < 20).then_some(bad);
                assert_eq!(first_bad(&key, &waiting), expected, "{bad} {part}");
            }
        }
    }

    #[test]
    fn errors_that_cancel_out_without_factors_are_noticed() {
        let (key, mut waiting) = batch(2);
        let half = |one: &Waiting| Scalar::from_bytes_mod_order(one.signature.halves().1);
        let moved = [half(&waiting[0]) + Scalar::ONE, half(&waiting[1]) - Scalar::ONE];
        for (one, s) in waiting.iter_mut().zip(moved) {
            one.signature.0[32..].copy_from_slice(s.as_bytes());
        }
        assert_eq!(first_bad(&key, &waiting), Some(0));
    }

    #[test]
    fn the_same_signature_written_otherwise_is_bad() {
        let (key, mut waiting) = batch(1);
        let s = waiting[0].signature.halves().1;
        let order = Scalar::ZERO - Scalar::ONE;
        let mut carry = 1u16;
        for (at, (byte, add)) in s.iter().zip(order.as_bytes()).enumerate() {
            let sum = u16::from(*byte) + u16::from(*add) + carry;
            waiting[0].signature.0[32 + at] = sum.to_le_bytes()[0];
            carry = sum >> 8;
        }
        assert_eq!(first_bad(&key, &waiting), Some(0));
    }
}
