//! Choices that a seed repeats, and the knobs that make a run larger.

/// An xorshift generator; its seed is not zero.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// What the environment says, or the size for CI.
#[expect(clippy::disallowed_methods, reason = "a knob of a test")]
pub(crate) fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap())
}
