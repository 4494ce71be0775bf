//! What a crash leaves: everything, only what was synced, or any part of the rest.

use std::sync::Arc;

use super::Image;

/// A disk at the moment of a crash.
#[derive(Clone, Debug)]
pub struct Wreck {
    now: Image,
    durable: Image,
    unsynced: Vec<Change>,
    in_flight: Option<Change>,
}

/// One change to a disk.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// Bytes written.
    Bytes { offset: u64, data: Arc<[u8]> },
    /// The length set.
    Length(u64),
}

impl Change {
    pub(super) fn apply(&self, image: &mut Image) {
        match self {
            Self::Bytes { offset, data } => image.write(*offset, data),
            Self::Length(len) => image.set_len(*len),
        }
    }
}

impl Wreck {
    pub(super) fn new(
        now: Image,
        durable: Image,
        unsynced: Vec<Change>,
        in_flight: Option<Change>,
    ) -> Self {
        Self { now, durable, unsynced, in_flight }
    }

    /// The process was killed: all it had written before is there.
    pub fn killed(&self) -> Image {
        self.now.clone()
    }

    /// The power was cut: only what was synced is there.
    pub fn power_cut(&self) -> Image {
        self.durable.clone()
    }

    /// The power was cut while the disk was writing: of each unsynced change, the one under way included, all, nothing
    /// or some sectors are there. The same seed gives the same image.
    pub fn torn(&self, seed: u64) -> Image {
        let mut dice = Dice(seed);
        // Mostly lost, mostly there, or evenly: each finds other mistakes.
        let lost_of_8 = [1, 4, 7][dice.below(3)];
        let mut image = self.durable.clone();
        for change in self.unsynced.iter().chain(&self.in_flight) {
            match (dice.below(4), change) {
                (0, Change::Bytes { offset, data }) => {
                    tear(&mut image, *offset, data, lost_of_8, &mut dice);
                }
                _ if dice.below(8) >= lost_of_8 => change.apply(&mut image),
                _ => {}
            }
        }
        image
    }
}

/// Applies some sectors of a write.
fn tear(image: &mut Image, offset: u64, data: &[u8], lost_of_8: usize, dice: &mut Dice) {
    for (sector, bytes) in data.chunks(SECTOR_BYTES).enumerate() {
        if dice.below(8) >= lost_of_8 {
            image.write(offset + (sector * SECTOR_BYTES) as u64, bytes);
        }
    }
}

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % bound as u64).unwrap_or(0)
    }
}

const SECTOR_BYTES: usize = 512;
