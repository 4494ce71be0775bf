//! The fuzz targets on a stable compiler: every kept seed, and mutations of them.
//!
//! With a nightly compiler `cargo fuzz run x402 fuzz/seeds/x402` searches on from the same seeds. More rounds here:
//! `PAYWARDEN_FUZZ_ROUNDS=100000 cargo test --test fuzz`.

#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::disallowed_methods, reason = "the number of rounds is set from outside")]

#[path = "../fuzz/src/lib.rs"]
mod harness;

use std::fs;
use std::path::Path;

const ROUNDS: u64 = 1_500;

/// A small generator of its own (SplitMix64): the same mutations on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.roll() % end.max(1) as u64) as usize
    }
}

#[test]
fn every_target_holds_on_its_seeds_and_mutations_of_them() {
    let rounds = std::env::var("PAYWARDEN_FUZZ_ROUNDS");
    let rounds = rounds.ok().map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    for (name, target) in harness::TARGETS {
        let seeds = seeds(name);
        assert!(!seeds.is_empty(), "{name} has no seeds");
        for seed in &seeds {
            target(seed);
        }
        let mut dice = Dice(0x7061_7977);
        for _ in 0..rounds {
            let input = mutated(&seeds, &mut dice);
            let held = std::panic::catch_unwind(|| target(&input));
            assert!(held.is_ok(), "{name} fails on {:?}", String::from_utf8_lossy(&input));
        }
    }
}

#[test]
fn every_target_can_be_run_by_cargo_fuzz() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    for (name, _) in harness::TARGETS {
        let program = fs::read_to_string(root.join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(program.contains(&format!("run(\"{name}\", bytes)")));
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")));
        harness::run(name, b"");
    }
}

fn seeds(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(name);
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

/// One to four changes to one seed, or the front of one and the back of another.
fn mutated(seeds: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = seeds[dice.below(seeds.len())].clone();
    for _ in 0..=dice.below(4) {
        let at = dice.below(bytes.len() + 1).min(bytes.len());
        match dice.below(7) {
            0 if at < bytes.len() => bytes[at] ^= 1 << dice.below(8),
            1 if at < bytes.len() => bytes[at] = dice.roll() as u8,
            2 if at < bytes.len() => drop(bytes.remove(at)),
            3 => bytes.truncate(at),
            4 => {
                let piece = PIECES[dice.below(PIECES.len())];
                bytes.splice(at..at, piece.bytes());
            }
            5 => {
                let end = (at + dice.below(16)).min(bytes.len());
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
            _ => {
                let other = &seeds[dice.below(seeds.len())];
                bytes.truncate(at);
                bytes.extend_from_slice(&other[dice.below(other.len() + 1).min(other.len())..]);
            }
        }
    }
    bytes
}

/// What breaks readers.
const PIECES: [&str; 22] = [
    "0",
    "-",
    "1e400",
    "99999999999999999999999999999999999999999",
    ".",
    ",",
    "\"",
    "\\u0000",
    "\\ud800",
    "\u{202e}",
    "[[[[",
    "{}",
    "null",
    "true",
    "\n",
    "\r\n",
    "%",
    "=",
    "__proto__",
    "\u{e9}",
    "xrb_",
    "1.5",
];
