//! BLAKE2b of the one 40-byte block that proof of work hashes, for any number of nonces side by side.
//!
//! All that does not depend on the nonce is computed once for a root ([`Midstate`]), and of the last round only what
//! the eight bytes of output need. Follows RFC 7693 §3.1 and §3.2 with an output of 8 bytes and no key; it must give
//! what the `blake2` crate gives, which the tests beside the kernels hold it to.

/// Values computed side by side, one of each for every nonce of a group.
///
/// A value proves that the processor has the instructions its operations need: the first ones come from the unsafe
/// [`Lanes::splat`] and [`Lanes::count_up`], all others from them. So the operations themselves are safe to call.
pub(super) trait Lanes: Copy {
    /// Nonces in a group.
    const COUNT: u64;
    /// What the rotations need at hand.
    type Rotations: Copy;

    /// The same value for every nonce.
    ///
    /// # Safety
    /// The processor has the instructions of this kernel.
    unsafe fn splat(value: u64) -> Self;

    /// `first` and the values after it.
    ///
    /// # Safety
    /// The processor has the instructions of this kernel.
    unsafe fn count_up(first: u64) -> Self;

    /// What the rotations need.
    ///
    /// # Safety
    /// The processor has the instructions of this kernel.
    unsafe fn rotations() -> Self::Rotations;

    fn add(self, other: Self) -> Self;
    fn xor(self, other: Self) -> Self;
    fn ror32(self, rotations: &Self::Rotations) -> Self;
    fn ror24(self, rotations: &Self::Rotations) -> Self;
    fn ror16(self, rotations: &Self::Rotations) -> Self;
    fn ror63(self) -> Self;

    /// One bit for each value that is at least as large as `limit`'s, the first value's lowest.
    fn at_least(self, limit: Self) -> u32;
}

/// What a root alone decides of its hashes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Midstate {
    /// The root as message words 1 to 4.
    pub(super) words: [u64; 4],
    /// The working vector after the first column steps; that of column 0, which the nonce is in, as it is before.
    pub(super) rows: Rows<u64>,
}

impl Midstate {
    /// Of the 32 bytes of a root.
    pub(super) fn new(root: &[u8; 32]) -> Self {
        let mut words = [0; 4];
        for (word, bytes) in words.iter_mut().zip(root.as_chunks().0) {
            *word = u64::from_le_bytes(*bytes);
        }
        let [i0, i1, i2, i3, i4, i5, i6, i7] = IV;
        let start = [
            [i0 ^ PARAMETERS, i1, i2, i3],
            [i4, i5, i6, i7],
            [i0, i1, i2, i3],
            [i4 ^ MESSAGE_BYTES, i5, !i6, i7],
        ];
        let [_, m2, m3, m4] = words;
        let mut rows = mix(start, [0, m2, m4, 0], [0, m3, 0, 0], &());
        for (row, before) in rows.iter_mut().zip(start) {
            row[0] = before[0];
        }
        Self { words, rows }
    }
}

/// The first of `count` nonces from `first` on whose hash is at least `threshold`; nonces go round at the end.
///
/// # Safety
/// The processor has the instructions of the kernel `L`.
#[inline(always)]
pub(super) unsafe fn scan<L: Lanes>(
    midstate: &Midstate,
    first: u64,
    count: u64,
    threshold: u64,
) -> Option<u64> {
    // SAFETY: the caller has seen to it that the processor has the instructions.
    let (mut nonces, step, limit, fixed) = unsafe {
        (L::count_up(first), L::splat(L::COUNT), L::splat(threshold), Fixed::<L>::new(midstate))
    };
    let mut offset = 0;
    while offset < count {
        let hits = fixed.hash(nonces).at_least(limit);
        if hits != 0 {
            let hit = offset + u64::from(hits.trailing_zeros());
            return (hit < count).then(|| first.wrapping_add(hit));
        }
        nonces = nonces.add(step);
        offset += L::COUNT;
    }
    None
}

/// All that the hashes of one root have in common, ready for use.
struct Fixed<L: Lanes> {
    words: [L; 4],
    rows: Rows<L>,
    last: L,
    none: L,
    rotations: L::Rotations,
}

impl<L: Lanes> Fixed<L> {
    /// # Safety
    /// The processor has the instructions of the kernel `L`.
    #[inline(always)]
    unsafe fn new(midstate: &Midstate) -> Self {
        let [a, b, c, d] = midstate.rows;
        // SAFETY: the caller has seen to it that the processor has the instructions.
        unsafe {
            Self {
                words: splat(midstate.words),
                rows: [splat(a), splat(b), splat(c), splat(d)],
                last: L::splat(IV[0] ^ PARAMETERS),
                none: L::splat(0),
                rotations: L::rotations(),
            }
        }
    }

    /// The first eight bytes of the hashes of a group of nonces, as little-endian numbers.
    #[inline(always)]
    fn hash(&self, nonces: L) -> L {
        let (n, r) = (self.none, &self.rotations);
        let [m1, m2, m3, m4] = self.words;
        let m = [nonces, m1, m2, m3, m4, n, n, n, n, n, n, n, n, n, n, n];
        let v = self.column_0(nonces);
        let v = mix_diagonals(v, [n; 4], [n; 4], r);
        let v = round::<L, 1>(v, &m, r);
        let v = round::<L, 2>(v, &m, r);
        let v = round::<L, 3>(v, &m, r);
        let v = round::<L, 4>(v, &m, r);
        let v = round::<L, 5>(v, &m, r);
        let v = round::<L, 6>(v, &m, r);
        let v = round::<L, 7>(v, &m, r);
        let v = round::<L, 8>(v, &m, r);
        let v = round::<L, 9>(v, &m, r);
        let v = round::<L, 0>(v, &m, r);
        // Of the last round the compiler leaves out what the first word does not need.
        let [[v0, ..], _, [v8, ..], _] = round::<L, 1>(v, &m, r);
        v0.xor(v8).xor(self.last)
    }

    /// The column step of the first round that the nonce is in.
    #[inline(always)]
    fn column_0(&self, nonces: L) -> Rows<L> {
        let [[a, a1, a2, a3], [b, b1, b2, b3], [c, c1, c2, c3], [d, d1, d2, d3]] = self.rows;
        let [a, b, c, d] = g([a, b, c, d], nonces, self.words[0], &self.rotations);
        [[a, a1, a2, a3], [b, b1, b2, b3], [c, c1, c2, c3], [d, d1, d2, d3]]
    }
}

/// # Safety
/// The processor has the instructions of the kernel `L`.
#[inline(always)]
unsafe fn splat<L: Lanes>([a, b, c, d]: [u64; 4]) -> [L; 4] {
    // SAFETY: the caller has seen to it that the processor has the instructions.
    unsafe { [L::splat(a), L::splat(b), L::splat(c), L::splat(d)] }
}

/// One round with the message schedule of row `R`.
#[inline(always)]
fn round<L: Lanes, const R: usize>(v: Rows<L>, m: &[L; 16], r: &L::Rotations) -> Rows<L> {
    let s = const { SIGMA[R] };
    let first = [m[s[0]], m[s[2]], m[s[4]], m[s[6]]];
    let second = [m[s[1]], m[s[3]], m[s[5]], m[s[7]]];
    let v = mix(v, first, second, r);
    let first = [m[s[8]], m[s[10]], m[s[12]], m[s[14]]];
    let second = [m[s[9]], m[s[11]], m[s[13]], m[s[15]]];
    mix_diagonals(v, first, second, r)
}

#[inline(always)]
fn mix_diagonals<L: Lanes>(v: Rows<L>, x: [L; 4], y: [L; 4], r: &L::Rotations) -> Rows<L> {
    let [a, [b0, b1, b2, b3], [c0, c1, c2, c3], [d0, d1, d2, d3]] = v;
    let turned = [a, [b1, b2, b3, b0], [c2, c3, c0, c1], [d3, d0, d1, d2]];
    let [a, [b1, b2, b3, b0], [c2, c3, c0, c1], [d3, d0, d1, d2]] = mix(turned, x, y, r);
    [a, [b0, b1, b2, b3], [c0, c1, c2, c3], [d0, d1, d2, d3]]
}

/// The mixing function on each column. Written out, because arrays that are looped over stay in memory.
#[inline(always)]
fn mix<L: Lanes>([a, b, c, d]: Rows<L>, x: [L; 4], y: [L; 4], r: &L::Rotations) -> Rows<L> {
    let [a0, b0, c0, d0] = g([a[0], b[0], c[0], d[0]], x[0], y[0], r);
    let [a1, b1, c1, d1] = g([a[1], b[1], c[1], d[1]], x[1], y[1], r);
    let [a2, b2, c2, d2] = g([a[2], b[2], c[2], d[2]], x[2], y[2], r);
    let [a3, b3, c3, d3] = g([a[3], b[3], c[3], d[3]], x[3], y[3], r);
    [[a0, a1, a2, a3], [b0, b1, b2, b3], [c0, c1, c2, c3], [d0, d1, d2, d3]]
}

/// The mixing function G (RFC 7693 §3.1).
#[inline(always)]
fn g<L: Lanes>([a, b, c, d]: [L; 4], x: L, y: L, r: &L::Rotations) -> [L; 4] {
    let a = a.add(x).add(b);
    let d = d.xor(a).ror32(r);
    let c = c.add(d);
    let b = b.xor(c).ror24(r);
    let a = a.add(y).add(b);
    let d = d.xor(a).ror16(r);
    let c = c.add(d);
    let b = b.xor(c).ror63();
    [a, b, c, d]
}

/// Two groups in turn: where one waits for a result the processor goes on with the other.
#[derive(Clone, Copy)]
pub(super) struct Pair<L>(L, L);

impl<L: Lanes> Lanes for Pair<L> {
    const COUNT: u64 = 2 * L::COUNT;
    type Rotations = L::Rotations;

    #[inline(always)]
    unsafe fn splat(value: u64) -> Self {
        // SAFETY: the caller has seen to it that the processor has the instructions of `L`.
        let value = unsafe { L::splat(value) };
        Self(value, value)
    }

    #[inline(always)]
    unsafe fn count_up(first: u64) -> Self {
        // SAFETY: as for `splat`.
        unsafe { Self(L::count_up(first), L::count_up(first.wrapping_add(L::COUNT))) }
    }

    #[inline(always)]
    unsafe fn rotations() -> L::Rotations {
        // SAFETY: as for `splat`.
        unsafe { L::rotations() }
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(self.0.add(other.0), self.1.add(other.1))
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        Self(self.0.xor(other.0), self.1.xor(other.1))
    }

    #[inline(always)]
    fn ror32(self, rotations: &Self::Rotations) -> Self {
        Self(self.0.ror32(rotations), self.1.ror32(rotations))
    }

    #[inline(always)]
    fn ror24(self, rotations: &Self::Rotations) -> Self {
        Self(self.0.ror24(rotations), self.1.ror24(rotations))
    }

    #[inline(always)]
    fn ror16(self, rotations: &Self::Rotations) -> Self {
        Self(self.0.ror16(rotations), self.1.ror16(rotations))
    }

    #[inline(always)]
    fn ror63(self) -> Self {
        Self(self.0.ror63(), self.1.ror63())
    }

    #[inline(always)]
    fn at_least(self, limit: Self) -> u32 {
        self.0.at_least(limit.0) | self.1.at_least(limit.1) << L::COUNT
    }
}

/// The four rows of the working vector.
pub(super) type Rows<L> = [[L; 4]; 4];

/// RFC 7693 §2.6.
pub(super) const IV: [u64; 8] = [
    0x6A09_E667_F3BC_C908,
    0xBB67_AE85_84CA_A73B,
    0x3C6E_F372_FE94_F82B,
    0xA54F_F53A_5F1D_36F1,
    0x510E_527F_ADE6_82D1,
    0x9B05_688C_2B3E_6C1F,
    0x1F83_D9AB_FB41_BD6B,
    0x5BE0_CD19_137E_2179,
];

/// RFC 7693 §2.7.
const SIGMA: [[usize; 16]; 10] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
    [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
    [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
    [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
    [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
    [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
    [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
    [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
    [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
];

/// The first parameter word: 8 bytes of output, no key, fanout and depth 1.
pub(super) const PARAMETERS: u64 = 0x0101_0008;
/// A nonce and a root.
const MESSAGE_BYTES: u64 = 40;
