//! P9: whatever becomes of the wall clock, a whole wallet never pays more than a cap in any window of real time, its
//! approvals lapse, and it does not stop working.

use std::time::Duration;

use paywarden::books::Channel;
use paywarden::clock::{Clock as _, Millis};
use paywarden::engine::{Engine, Put, Resolution};
use paywarden::payment::{IdempotencyKey, Status};
use paywarden::policy::Mandate;
use paywarden::sandbox::disk::Disk;
use uuid::Uuid;

use crate::crash::{Scene, World, XNO, base, is_full_run, open, order, rest, run};

/// So far ahead the wall clock may run before it counts as a jump.
const STEP_MS: u64 = 1_000;
const WINDOW_MS: u64 = 3_600_000;
const YEAR_MS: u64 = 31_536_000_000;
const SEQUENCES: u64 = 60;
const TURNS: u64 = 40;

#[test]
fn p9_no_window_of_real_time_holds_more_than_its_cap() {
    let sequences = if is_full_run() { 10_000 } else { SEQUENCES };
    let mut sums = (0, 0, 0);
    for seed in 0..sequences {
        let (paid, refused, jumps) = run(play(seed));
        sums = (sums.0 + paid, sums.1 + refused, sums.2 + jumps);
    }
    let (paid, refused, jumps) = sums;
    println!(
        "P9: {sequences} sequences, {jumps} jumps, {paid} paid, {refused} refused, no cap passed"
    );
    assert!(paid > sequences && refused > sequences && jumps > sequences);
}

#[test]
fn p9_the_owner_accepts_a_jump_and_windows_roll_on() {
    run(async {
        let (mut wallet, disk) = Wallet::open(1).await;
        assert!(wallet.pay().await && wallet.pay().await);
        assert!(!wallet.pay().await, "the window is full");
        let nothing = wallet.engine.accept_clock().await.unwrap_err();
        assert_eq!(nothing.code, "CLOCK_NOT_AHEAD");

        wallet.jump(YEAR_MS, true);
        assert!(wallet.engine.clocks().unwrap().is_jump(), "seen before it is booked");
        assert!(!wallet.pay().await, "a jump frees nothing");
        wallet.engine = open(&Disk::new(disk.wreck().killed()), &wallet.world).unwrap();
        assert!(!wallet.pay().await, "nor does it in the next process");
        wallet.world.clock.reboot();
        assert!(!wallet.pay().await, "nor on the next boot");
        wallet.engine.accept_clock().await.unwrap();
        assert!(!wallet.engine.clocks().unwrap().is_jump());
        assert!(wallet.pay().await, "the owner says that the year has passed");
        let audit = wallet.engine.audit(true, vec![]).await.unwrap();
        assert!(audit.report.ok, "{:?}", audit.report);
    });
}

#[test]
fn p9_a_suspend_is_no_jump() {
    run(async {
        let (mut wallet, _) = Wallet::open(1).await;
        assert!(wallet.pay().await && wallet.pay().await && !wallet.pay().await);
        // Both clocks go on while the machine sleeps.
        wallet.world.clock.advance(Duration::from_millis(WINDOW_MS));
        assert!(wallet.pay().await);
        assert!(!wallet.engine.clocks().unwrap().is_jump());
    });
}

/// A day is a day for who waits for an answer, though the wall clock went back a year.
#[test]
fn p9_approvals_lapse_whatever_the_wall_clock_says() {
    run(async {
        let (image, world) = base(Scene::Approved).await;
        world.clock.reboot();
        let engine = open(&Disk::new(image), &world).unwrap();
        // The clocks are first put beside each other by a commit.
        let mandate = mandate();
        engine.put_mandate(mandate, Put::Create).await.unwrap();
        let question = engine.approvals().unwrap().remove(0);
        let (approval_id, approval) = (question.id, question.approval);
        world.clock.set(Millis(world.clock.now().0 - YEAR_MS));
        let day = approval.expires_at_ms.since(approval.asked_at_ms);
        let answer = || Resolution {
            approval_id,
            approved: true,
            channel: Channel::Cli,
            reason: None,
            call_id: None,
        };
        world.clock.advance(day);
        let late = engine.answer_approval(answer()).await.unwrap_err();
        assert_eq!(late.code, "APPROVAL_NOT_WAITING");
    });
}

/// A wallet under one mandate of 2 XNO an hour, with what it really paid and when.
struct Wallet {
    engine: Engine,
    world: World,
    asked: u128,
    seed: u64,
    /// Real time less wall time, in milliseconds.
    behind_ms: i64,
    paid_at: Vec<u64>,
}

impl Wallet {
    async fn open(seed: u64) -> (Self, Disk) {
        let (image, world) = base(Scene::Send).await;
        world.clock.reboot();
        let disk = Disk::new(image);
        let engine = open(&disk, &world).unwrap();
        engine.put_mandate(mandate(), Put::Create).await.unwrap();
        let (paid_at, behind_ms) = (Vec::new(), 0);
        (Self { engine, world, asked: 0, seed, behind_ms, paid_at }, disk)
    }

    /// Asks for 1 XNO; whether it was paid.
    async fn pay(&mut self) -> bool {
        self.asked += 1;
        let mut order = order(XNO);
        order.call_id = Uuid::from_u128(self.asked);
        order.mandate_id = Some("hourly".to_owned());
        let key = format!("payment {}", self.asked);
        order.idempotency_key = Some(IdempotencyKey::try_from(key).unwrap());
        let began = self.real_ms();
        let Ok(paid) = self.engine.pay(order).await else { return false };
        rest(&self.engine, &self.world).await;
        let id = paid.payment.id();
        let read = self.engine.store().read(|view| view.payment(id)).unwrap().unwrap();
        let settled = read.state.status() == Status::Settled;
        if settled {
            self.paid_at.push(began);
        }
        settled
    }

    fn real_ms(&self) -> u64 {
        self.world.clock.now().0.saturating_add_signed(self.behind_ms)
    }

    fn jump(&mut self, by_ms: u64, forward: bool) {
        let now = self.world.clock.now().0;
        let then = if forward { now + by_ms } else { now - by_ms.min(now) };
        self.behind_ms += now as i64 - then as i64;
        self.world.clock.set(Millis(then));
    }

    /// A commit, as a running wallet makes one within half a minute of a jump.
    async fn look(&self) {
        self.engine.store().commit::<(), (), _>(|_| Ok((Vec::new(), ()))).await.unwrap();
    }

    /// The next number of the sequence, below a bound.
    fn draw(&mut self, below: u64) -> u64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.seed >> 33) % below
    }
}

async fn play(seed: u64) -> (u64, u64, u64) {
    let (mut wallet, disk) = Wallet::open(seed.wrapping_mul(7_919) + 1).await;
    let (mut disk, mut refused, mut jumps) = (disk, 0, 0);
    for _ in 0..TURNS {
        match wallet.draw(10) {
            0..5 => refused += u64::from(!wallet.pay().await),
            5 | 6 => {
                let ms = wallet.draw(WINDOW_MS * 3 / 4);
                wallet.world.clock.advance(Duration::from_millis(ms));
            }
            7 => {
                let by = [YEAR_MS, WINDOW_MS, 300_000, 2_000, 900][wallet.draw(5) as usize];
                let forward = wallet.draw(2) == 0;
                wallet.jump(by, forward);
                wallet.look().await;
                jumps += 1;
            }
            8 => {
                disk = Disk::new(disk.wreck().killed());
                wallet.engine = open(&disk, &wallet.world).unwrap();
            }
            _ => {
                wallet.world.clock.reboot();
                wallet.look().await;
            }
        }
    }
    for start in &wallet.paid_at {
        let window = *start..start + WINDOW_MS - STEP_MS;
        let inside = wallet.paid_at.iter().filter(|at| window.contains(at)).count();
        assert!(inside <= 2, "seed {seed}: {inside} XNO in an hour from {start} on");
    }
    let audit = wallet.engine.audit(true, vec![]).await.unwrap();
    assert!(audit.report.ok, "seed {seed}: {:?}", audit.report);
    (wallet.paid_at.len() as u64, refused, jumps)
}

fn mandate() -> Mandate {
    serde_json::from_value(serde_json::json!({
        "id": "hourly",
        "cap": { "amount": (100 * XNO).to_string(), "currency": "XNO" },
        "window": {
            "cap": { "amount": (2 * XNO).to_string(), "currency": "XNO" },
            "durationMs": WINDOW_MS,
        },
    }))
    .unwrap()
}
