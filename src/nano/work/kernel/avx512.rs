//! The kernel for AVX-512F: sixteen nonces side by side in two groups of eight, rotations as single instructions.
//!
//! Written in assembly: two working vectors fill all 32 registers, one of them half a step behind the other. So every
//! rotation, which half of the ports can do, stands beside a sum of the other vector, which all of them can; a compiler
//! has them in another order, which costs a seventh of the speed. What it must compute is what `folded` computes.

use core::arch::asm;
use core::arch::x86_64::*;

use super::folded::{IV, Midstate, PARAMETERS};

/// The register of a word of a working vector: `low` has the first sixteen, `high` the others.
macro_rules! reg {
    (low $word:literal) => {
        concat!("zmm", $word)
    };
    (high 0) => {
        "zmm16"
    };
    (high 1) => {
        "zmm17"
    };
    (high 2) => {
        "zmm18"
    };
    (high 3) => {
        "zmm19"
    };
    (high 4) => {
        "zmm20"
    };
    (high 5) => {
        "zmm21"
    };
    (high 6) => {
        "zmm22"
    };
    (high 7) => {
        "zmm23"
    };
    (high 8) => {
        "zmm24"
    };
    (high 9) => {
        "zmm25"
    };
    (high 10) => {
        "zmm26"
    };
    (high 11) => {
        "zmm27"
    };
    (high 12) => {
        "zmm28"
    };
    (high 13) => {
        "zmm29"
    };
    (high 14) => {
        "zmm30"
    };
    (high 15) => {
        "zmm31"
    };
}
/// One operation on a word of a working vector.
macro_rules! op {
    ($name:literal $vector:ident $to:tt $with:expr) => {
        concat!($name, " ", reg!($vector $to), ", ", reg!($vector $to), ", ", $with, "\n")
    };
}
macro_rules! add {
    ($vector:ident $to:tt $from:tt) => {
        op!("vpaddq" $vector $to reg!($vector $from))
    };
}
macro_rules! xor {
    ($vector:ident $to:tt $from:tt) => {
        op!("vpxorq" $vector $to reg!($vector $from))
    };
}
macro_rules! ror {
    ($vector:ident $to:tt $bits:literal) => {
        op!("vprorq" $vector $to $bits)
    };
}
/// Adds a word of the message; `_` is one that is zero.
macro_rules! word {
    ($vector:ident $to:tt _) => {
        ""
    };
    ($vector:ident $to:tt $word:literal) => {
        op!("vpaddq" $vector $to concat!("[{", stringify!($vector), "} + 64 * ", $word, "]"))
    };
}
/// The mixing function G on quarters of both working vectors, the high one half a step behind. Its last rotation is
/// left to the next `mix`, which turns the same four words, and the first one here belongs to the `mix` before.
macro_rules! mix {
    ($(($a:tt $b:tt $c:tt $d:tt $x:tt $y:tt))*) => {
        concat!(
            $(ror!(high $b 63), word!(low $a $x), add!(low $a $b), xor!(low $d $a),)*
            $(ror!(low $d 32), word!(high $a $x), add!(high $a $b), xor!(high $d $a),)*
            $(ror!(high $d 32), add!(low $c $d), xor!(low $b $c),)*
            $(ror!(low $b 24), add!(high $c $d), xor!(high $b $c),)*
            $(ror!(high $b 24), word!(low $a $y), add!(low $a $b), xor!(low $d $a),)*
            $(ror!(low $d 16), word!(high $a $y), add!(high $a $b), xor!(high $d $a),)*
            $(ror!(high $d 16), add!(low $c $d), xor!(low $b $c),)*
            $(ror!(low $b 63), add!(high $c $d), xor!(high $b $c),)*
        )
    };
}
macro_rules! columns {
    ($x0:tt $y0:tt $x1:tt $y1:tt $x2:tt $y2:tt $x3:tt $y3:tt) => {
        mix!((0 4 8 12 $x0 $y0) (1 5 9 13 $x1 $y1) (2 6 10 14 $x2 $y2) (3 7 11 15 $x3 $y3))
    };
}
macro_rules! diagonals {
    ($x0:tt $y0:tt $x1:tt $y1:tt $x2:tt $y2:tt $x3:tt $y3:tt) => {
        mix!((0 5 10 15 $x0 $y0) (1 6 11 12 $x1 $y1) (2 7 8 13 $x2 $y2) (3 4 9 14 $x3 $y3))
    };
}
/// The same operations on both working vectors, in turn.
macro_rules! both {
    ($($operation:ident $to:tt $from:tt)*) => {
        concat!($($operation!(low $to $from), $operation!(high $to $from),)*)
    };
}
/// Fills both working vectors.
macro_rules! fill {
    ($($word:tt)*) => {
        concat!($(
            "vpbroadcastq ", reg!(low $word), ", qword ptr [{v} + 8 * ", $word, "]\n",
            "vmovdqa64 ", reg!(high $word), ", ", reg!(low $word), "\n",
        )*)
    };
}

/// As [`super::Kernel::scan`].
///
/// # Safety
/// The processor has AVX-512F.
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn scan(
    midstate: &Midstate,
    first: u64,
    count: u64,
    threshold: u64,
) -> Option<u64> {
    let splat = |value: u64| _mm512_set1_epi64(value.cast_signed());
    let mut groups = [0, GROUP].map(|ahead| {
        let nonces = _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7);
        let nonces = _mm512_add_epi64(nonces, splat(first.wrapping_add(ahead)));
        let [m1, m2, m3, m4] = midstate.words;
        Message { nonces, root: [splat(m1), splat(m2), splat(m3), splat(m4)] }
    });
    let (limit, opening) = (splat(threshold), opening(midstate));
    let mut offset = 0;
    while offset < count {
        let [low, high] = hash(&opening, &groups);
        let (low, high) =
            (_mm512_cmpge_epu64_mask(low, limit), _mm512_cmpge_epu64_mask(high, limit));
        let hits = u32::from(low) | u32::from(high) << GROUP;
        if hits != 0 {
            let hit = offset + u64::from(hits.trailing_zeros());
            return (hit < count).then(|| first.wrapping_add(hit));
        }
        for group in &mut groups {
            group.nonces = _mm512_add_epi64(group.nonces, splat(2 * GROUP));
        }
        offset += 2 * GROUP;
    }
    None
}

/// The working vector as the assembly begins: some of its first sums and the first rotation are done for all nonces.
fn opening(midstate: &Midstate) -> [u64; 16] {
    let [mut a, b, c, mut d] = midstate.rows;
    a[0] = a[0].wrapping_add(b[0]);
    a[1] = a[1].wrapping_add(b[2]);
    a[2] = a[2].wrapping_add(b[3]);
    d[1] = (d[1] ^ a[2]).rotate_right(32);
    let mut all = [0; 16];
    all.as_chunks_mut().0.copy_from_slice(&[a, b, c, d]);
    all
}

/// The message words of a group of nonces that are not zero, where the assembly looks for them.
#[repr(C)]
struct Message {
    nonces: __m512i,
    root: [__m512i; 4],
}

/// Both groups' hashes, as little-endian numbers.
#[target_feature(enable = "avx512f")]
#[inline]
fn hash(opening: &[u64; 16], [low, high]: &[Message; 2]) -> [__m512i; 2] {
    let (a0, b0);
    // SAFETY: this function is compiled for AVX-512F, so its callers have it. All that is read is the two messages
    // and the opening, each through a reference and within its size; nothing is written but registers, each of which
    // is an operand.
    unsafe {
        asm!(
            fill!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15),
            both!(word 0 0 xor 12 0 ror 12 32 add 8 12 xor 4 8 ror 4 24),
            both!(word 0 1 add 0 4 xor 12 0 ror 12 16 add 8 12 xor 4 8 ror 4 63),
            // The first diagonals, with what the nonce has not reached yet taken from the midstate.
            both!(add 0 5 add 3 4 xor 15 0 xor 12 1 xor 14 3 ror 15 32 ror 12 32 ror 14 32),
            both!(add 10 15 add 11 12 add 8 13 add 9 14 xor 5 10 xor 6 11 xor 7 8 xor 4 9),
            both!(ror 5 24 ror 6 24 ror 7 24 ror 4 24 add 0 5 add 1 6 add 2 7 add 3 4),
            both!(xor 15 0 xor 12 1 xor 13 2 xor 14 3 ror 15 16 ror 12 16 ror 13 16 ror 14 16),
            both!(add 10 15 add 11 12 add 8 13 add 9 14 xor 5 10 xor 6 11 xor 7 8 xor 4 9),
            ror!(low 5 63), ror!(low 6 63), ror!(low 7 63), ror!(low 4 63),
            columns!(_ _ 4 _ _ _ _ _), diagonals!(1 _ 0 2 _ _ _ 3),
            columns!(_ _ _ 0 _ 2 _ _), diagonals!(_ _ 3 _ _ 1 _ 4),
            columns!(_ _ 3 1 _ _ _ _), diagonals!(2 _ _ _ 4 0 _ _),
            columns!(_ 0 _ _ 2 4 _ _), diagonals!(_ 1 _ _ _ _ 3 _),
            columns!(2 _ _ _ 0 _ _ 3), diagonals!(4 _ _ _ _ _ 1 _),
            columns!(_ _ 1 _ _ _ 4 _), diagonals!(0 _ _ 3 _ 2 _ _),
            columns!(_ _ _ _ _ 1 3 _), diagonals!(_ 0 _ 4 _ _ 2 _),
            columns!(_ _ _ _ _ 3 0 _), diagonals!(_ 2 _ _ 1 4 _ _),
            columns!(_ 2 _ 4 _ _ 1 _), diagonals!(_ _ _ _ 3 _ _ 0),
            columns!(0 1 2 3 4 _ _ _), diagonals!(_ _ _ _ _ _ _ _),
            columns!(_ _ 4 _ _ _ _ _),
            ror!(high 5 63), ror!(high 7 63),
            // What the first word needs of the last diagonals: the first and the third of them, in part.
            both!(word 0 1 add 0 5 add 2 7 xor 15 0 xor 13 2 ror 15 32 ror 13 32 add 10 15 add 8 13),
            both!(xor 5 10 xor 7 8 ror 5 24 ror 7 24 add 0 5 add 2 7 xor 13 2 ror 13 16 add 8 13 xor 0 8),
            low = in(reg) low, high = in(reg) high, v = in(reg) opening,
            out("zmm0") a0, out("zmm16") b0,
            out("zmm1") _, out("zmm17") _,
            out("zmm2") _, out("zmm18") _,
            out("zmm3") _, out("zmm19") _,
            out("zmm4") _, out("zmm20") _,
            out("zmm5") _, out("zmm21") _,
            out("zmm6") _, out("zmm22") _,
            out("zmm7") _, out("zmm23") _,
            out("zmm8") _, out("zmm24") _,
            out("zmm9") _, out("zmm25") _,
            out("zmm10") _, out("zmm26") _,
            out("zmm11") _, out("zmm27") _,
            out("zmm12") _, out("zmm28") _,
            out("zmm13") _, out("zmm29") _,
            out("zmm14") _, out("zmm30") _,
            out("zmm15") _, out("zmm31") _,
            options(pure, readonly, nostack, preserves_flags)
        );
    }
    let last = _mm512_set1_epi64((IV[0] ^ PARAMETERS).cast_signed());
    [_mm512_xor_si512(a0, last), _mm512_xor_si512(b0, last)]
}

/// Nonces in a group.
const GROUP: u64 = 8;
