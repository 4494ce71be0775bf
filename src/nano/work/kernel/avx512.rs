//! The kernel for AVX-512F: sixteen nonces side by side in two groups of eight, rotations as single instructions.
//!
//! Written in assembly: two working vectors fill all 32 registers, and their operations stand in turn, one on each of
//! eight quarters that do not wait for each other. A compiler has them in another order, which costs a seventh of the
//! speed. What it must compute is what `folded` computes.

use core::arch::asm;
use core::arch::x86_64::*;

use super::folded::{IV, Midstate, PARAMETERS};

/// The register of a word of the first working vector.
macro_rules! low {
    ($word:literal) => {
        concat!("zmm", $word)
    };
}
/// The register of a word of the second working vector.
macro_rules! high {
    (0) => {
        "zmm16"
    };
    (1) => {
        "zmm17"
    };
    (2) => {
        "zmm18"
    };
    (3) => {
        "zmm19"
    };
    (4) => {
        "zmm20"
    };
    (5) => {
        "zmm21"
    };
    (6) => {
        "zmm22"
    };
    (7) => {
        "zmm23"
    };
    (8) => {
        "zmm24"
    };
    (9) => {
        "zmm25"
    };
    (10) => {
        "zmm26"
    };
    (11) => {
        "zmm27"
    };
    (12) => {
        "zmm28"
    };
    (13) => {
        "zmm29"
    };
    (14) => {
        "zmm30"
    };
    (15) => {
        "zmm31"
    };
}
/// One operation on the same word of both working vectors.
macro_rules! both {
    ($operation:literal, $to:tt, $low:expr, $high:expr) => {
        concat!(
            $operation,
            " ",
            low!($to),
            ", ",
            low!($to),
            ", ",
            $low,
            "\n",
            $operation,
            " ",
            high!($to),
            ", ",
            high!($to),
            ", ",
            $high,
            "\n",
        )
    };
}
macro_rules! add {
    ($to:tt $from:tt) => {
        both!("vpaddq", $to, low!($from), high!($from))
    };
}
macro_rules! xor {
    ($to:tt $from:tt) => {
        both!("vpxorq", $to, low!($from), high!($from))
    };
}
macro_rules! ror {
    ($to:tt $bits:literal) => {
        both!("vprorq", $to, $bits, $bits)
    };
}
/// Adds a word of the message; `_` is one that is zero.
macro_rules! word {
    ($to:tt _) => {
        ""
    };
    ($to:tt $word:literal) => {
        both!(
            "vpaddq",
            $to,
            concat!("[{low} + 64 * ", $word, "]"),
            concat!("[{high} + 64 * ", $word, "]")
        )
    };
}
/// The mixing function G on four quarters of the working vectors, an operation on each in turn.
macro_rules! mix {
    ($(($a:tt $b:tt $c:tt $d:tt $x:tt $y:tt))*) => {
        concat!(
            $(word!($a $x),)* $(add!($a $b),)* $(xor!($d $a),)* $(ror!($d 32),)*
            $(add!($c $d),)* $(xor!($b $c),)* $(ror!($b 24),)*
            $(word!($a $y),)* $(add!($a $b),)* $(xor!($d $a),)* $(ror!($d 16),)*
            $(add!($c $d),)* $(xor!($b $c),)* $(ror!($b 63),)*
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
/// Fills both working vectors from the midstate.
macro_rules! start {
    ($($word:tt)*) => {
        concat!($(
            "vpbroadcastq ", low!($word), ", qword ptr [{v} + 8 * ", $word, "]\n",
            "vmovdqa64 ", high!($word), ", ", low!($word), "\n",
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
    let limit = splat(threshold);
    let mut offset = 0;
    while offset < count {
        let [low, high] = hash(midstate, &groups);
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

/// The message words of a group of nonces that are not zero, where the assembly looks for them.
#[repr(C)]
struct Message {
    nonces: __m512i,
    root: [__m512i; 4],
}

/// Both groups' hashes, as little-endian numbers.
#[target_feature(enable = "avx512f")]
#[inline]
fn hash(midstate: &Midstate, [low, high]: &[Message; 2]) -> [__m512i; 2] {
    let (a0, b0);
    // SAFETY: this function is compiled for AVX-512F, so its callers have it. All that is read is the two messages
    // and the midstate, each through a reference and within its size; nothing is written but registers, each of which
    // is an operand.
    unsafe {
        asm!(
            start!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15),
            word!(0 0), add!(0 4), xor!(12 0), ror!(12 32), add!(8 12), xor!(4 8), ror!(4 24),
            word!(0 1), add!(0 4), xor!(12 0), ror!(12 16), add!(8 12), xor!(4 8), ror!(4 63),
            diagonals!(_ _ _ _ _ _ _ _),
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
            // What the first word needs of the last diagonals: the first and the third of them, in part.
            word!(0 1), add!(0 5), add!(2 7), xor!(15 0), xor!(13 2), ror!(15 32), ror!(13 32),
            add!(10 15), add!(8 13), xor!(5 10), xor!(7 8), ror!(5 24), ror!(7 24),
            add!(0 5), add!(2 7), xor!(13 2), ror!(13 16), add!(8 13), xor!(0 8),
            low = in(reg) low, high = in(reg) high, v = in(reg) &midstate.rows,
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
