//! Property: however the wall clock jumps, the machine suspends, starts anew, and mandates have new versions, no window
//! of real time holds more than a cap. Real time is the model's own; the wallet sees only its two clocks.

use super::*;
use crate::books::ClockRow;
use crate::clock::{Reading, Uptime};

/// Real windows are looked at this much shorter: so far ahead the wall clock may run before it counts as a jump.
const STEP_MS: u64 = 1_000;
const WINDOW_MS: u64 = 60_000;

#[derive(Clone, Debug)]
enum Turn {
    Take(Step),
    Pass { ms: u64 },
    Jump { by_ms: i64 },
    Boot { off_ms: u64 },
}

fn turn() -> impl Strategy<Value = Turn> {
    let jump = prop_oneof![
        Just(31_536_000_000_i64),
        Just(-31_536_000_000_i64),
        -400_000..400_000_i64,
        -1_500..1_500_i64,
    ];
    prop_oneof![
        12 => (0..2usize, 1..7u128)
            .prop_map(|(mandate, amount)| Turn::Take(Step::Ask { mandate, amount })),
        3 => (0..40usize, any::<bool>())
            .prop_map(|(payment, approved)| Turn::Take(Step::Answer { payment, approved })),
        10 => (0..40usize).prop_map(|payment| Turn::Take(Step::Sign { payment })),
        10 => Just(Turn::Take(Step::Settle)),
        1 => Just(Turn::Take(Step::Lose)),
        1 => Just(Turn::Take(Step::Void)),
        5 => (0..40_000u64).prop_map(|ms| Turn::Pass { ms }),
        4 => jump.prop_map(|by_ms| Turn::Jump { by_ms }),
        1 => (0..90_000u64).prop_map(|off_ms| Turn::Boot { off_ms }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn no_window_of_real_time_holds_more_than_a_cap(
        turns in prop::collection::vec(turn(), 1..120),
        versions in prop::collection::vec((0..120usize, 20..60u64), 0..3),
    ) {
        let mut machine = Machine::new();
        for (number, turn) in turns.into_iter().enumerate() {
            // A new version with another window and the same cap changes what is counted, not what was spent.
            for (_, seconds) in versions.iter().filter(|(at, _)| *at == number) {
                machine.write(seconds * 1_000);
            }
            machine.play(turn);
        }
        machine.check_real_windows();
    }
}

/// Equal to the cap passes, and a jump of a year in either direction lets no more through.
#[test]
fn a_jump_of_a_year_frees_nothing() {
    for by_ms in [31_536_000_000, -31_536_000_000] {
        let mut machine = Machine::new();
        let pay = |machine: &mut Machine| {
            machine.play(Turn::Take(Step::Ask { mandate: 0, amount: 6 }));
            let payment = machine.wallet.notes.len() - 1;
            machine.play(Turn::Take(Step::Sign { payment }));
            machine.play(Turn::Take(Step::Settle));
            machine.wallet.notes[payment].settled.is_some()
        };
        assert!(pay(&mut machine) && pay(&mut machine) && pay(&mut machine));
        assert!(!pay(&mut machine));
        machine.play(Turn::Jump { by_ms });
        assert!(!pay(&mut machine), "{by_ms}");
        machine.play(Turn::Boot { off_ms: 5_000 });
        assert!(!pay(&mut machine), "{by_ms} and a boot");
        machine.play(Turn::Pass { ms: WINDOW_MS });
        assert!(pay(&mut machine), "{by_ms}: the window has really passed");
    }
}

/// A machine with two clocks, and what its wallet settled in real time.
struct Machine {
    wallet: Wallet,
    real_ms: u64,
    ahead_ms: i64,
    boot: u128,
    booted_ms: u64,
    paid: Vec<(u64, usize, u128)>,
    shortest: u64,
}

impl Machine {
    fn new() -> Self {
        let mut wallet = Wallet::new();
        let real_ms = 100_000_000_000;
        wallet.at = Millis(real_ms);
        let paid = Vec::new();
        let mut machine = Self {
            wallet,
            real_ms,
            ahead_ms: 0,
            boot: 1,
            booted_ms: real_ms,
            paid,
            shortest: WINDOW_MS,
        };
        machine.write(WINDOW_MS);
        machine
    }

    fn write(&mut self, ms: u64) {
        self.look();
        self.shortest = self.shortest.min(ms);
        for mandate in 0..2 {
            self.wallet.take(Step::Write { mandate, cap: 100_000, window: 20, ms, count: 9 });
        }
    }

    fn play(&mut self, turn: Turn) {
        match turn {
            Turn::Pass { ms } => self.real_ms += ms,
            // A running wallet looks at its clocks every half minute and at its start.
            Turn::Jump { by_ms } => {
                self.ahead_ms += by_ms;
                self.look();
            }
            Turn::Boot { off_ms } => {
                self.real_ms += off_ms;
                (self.boot, self.booted_ms) = (self.boot + 1, self.real_ms);
                self.look();
            }
            Turn::Take(step) => {
                self.look();
                self.wallet.take(step);
                let settled: Vec<usize> = (0..self.wallet.notes.len())
                    .filter(|note| self.wallet.notes[*note].settled.is_some())
                    .collect();
                for note in settled {
                    if self.paid.iter().all(|(_, known, _)| *known != note) {
                        self.paid.push((self.real_ms, note, self.wallet.notes[note].amount));
                    }
                }
                self.wallet.check_usage();
            }
        }
    }

    /// What the store does before anybody decides.
    fn look(&mut self) {
        let now = Millis(self.real_ms.saturating_add_signed(self.ahead_ms));
        let uptime_ms = self.real_ms - self.booted_ms;
        let uptime = Uptime { boot_id: Uuid::from_u128(self.boot), uptime_ms };
        let row = self.wallet.view().clock().unwrap();
        let reading = Reading { now, uptime: Some(uptime) };
        let timed = ClockRow::time(row.as_ref(), self.wallet.at, reading);
        self.wallet.at = timed.at;
        if let Some(body) = timed.event {
            self.wallet.book(body.into());
        }
    }

    fn check_real_windows(&self) {
        // A shorter window in a later version lets pass what a longer one would not have.
        for mandate in 0..2 {
            let of: Vec<_> = self
                .paid
                .iter()
                .filter(|(_, note, _)| self.wallet.notes[*note].mandate == mandate)
                .collect();
            for (start, ..) in &of {
                let window = *start..start + self.shortest - STEP_MS;
                let inside = of.iter().filter(|(at, ..)| window.contains(at));
                let sum: u128 = inside.map(|(_, _, amount)| amount).sum();
                assert!(sum <= 20, "{sum} of 20 within real time from {start} on");
            }
        }
    }
}
