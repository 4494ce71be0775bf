//! The two clocks beside each other, at each bound and one past it.

use super::*;
use crate::books::rows::MemoryRows;
use crate::books::{Event, apply};

const HOUR: u64 = 3_600_000;
const STEP_MS: u64 = 1_000;
const START: u64 = 1_000 * HOUR;

/// A machine with both clocks, and books that are kept as the store keeps them.
struct Machine {
    rows: MemoryRows,
    seq: u64,
    last: Millis,
    wall: u64,
    boot: u128,
    uptime: u64,
}

impl Machine {
    fn new() -> Self {
        let rows = MemoryRows::default();
        let mut machine = Self { rows, seq: 0, last: Millis(0), wall: START, boot: 1, uptime: 0 };
        machine.commit();
        machine
    }

    fn pass(&mut self, ms: u64) {
        self.wall += ms;
        self.uptime += ms;
    }

    fn reading(&self) -> Reading {
        let uptime = Uptime { boot_id: Uuid::from_u128(self.boot), uptime_ms: self.uptime };
        Reading { now: Millis(self.wall), uptime: Some(uptime) }
    }

    /// What is booked of the clocks now, and budget time less the start.
    fn commit(&mut self) -> (Option<Body>, u64) {
        let row = View::new(&self.rows, self.last).clock().unwrap();
        let ahead = View::new(&self.rows, self.last).at(self.reading()).unwrap();
        let foreseen = ahead.budget_time().unwrap();
        let timed = ClockRow::time(row.as_ref(), self.last, self.reading());
        self.last = timed.at;
        if let Some(body) = timed.event.clone() {
            self.book(body);
        }
        let booked = View::new(&self.rows, self.last).budget_time().unwrap();
        assert_eq!(foreseen, booked, "a look shows what the next commit books");
        (timed.event, booked.0.saturating_sub(START))
    }

    fn book(&mut self, body: Body) {
        self.seq += 1;
        apply(&mut self.rows, self.seq, self.last, &Event::from(body)).unwrap();
    }

    fn row(&self) -> ClockRow {
        View::new(&self.rows, self.last).clock().unwrap().unwrap()
    }

    fn accept(&mut self) {
        let ahead_ms = self.row().skew_ms;
        let uptime = self.reading().uptime;
        self.book(Body::ClockAccepted(ClockAccepted { ahead_ms, uptime }));
    }
}

#[test]
fn a_step_is_forgiven_and_one_millisecond_more_is_a_jump() {
    let mut machine = Machine::new();
    machine.wall += STEP_MS;
    assert_eq!(machine.commit(), (None, STEP_MS));
    machine.wall += 1;
    let (event, budget) = machine.commit();
    assert!(matches!(event, Some(Body::ClockJumped(jump)) if jump.ahead_ms == STEP_MS + 1));
    assert_eq!(budget, STEP_MS, "budget time does not run backwards");
    machine.pass(HOUR);
    assert_eq!(machine.commit(), (None, HOUR), "and goes on with the uptime");
}

#[test]
fn the_owner_is_told_past_five_minutes() {
    let mut machine = Machine::new();
    let limit = millis(limits::CLOCK_JUMP);
    machine.wall += limit;
    machine.commit();
    assert!(!machine.row().is_jump());
    machine.pass(1);
    machine.wall += STEP_MS + 1;
    machine.commit();
    assert_eq!(machine.row().skew_ms, limit + STEP_MS + 1);
    assert!(machine.row().is_jump());
}

#[test]
fn a_jump_counts_as_time_only_when_it_is_accepted() {
    let mut machine = Machine::new();
    machine.wall += 365 * 24 * HOUR;
    machine.commit();
    machine.pass(HOUR);
    assert_eq!(machine.commit().1, HOUR);
    // A new process on the same boot and a new boot find it on the books.
    machine.pass(HOUR);
    (machine.boot, machine.uptime) = (2, 0);
    let (event, budget) = machine.commit();
    assert!(matches!(event, Some(Body::ClockAnchored(_))));
    assert_eq!(budget, 2 * HOUR);
    machine.accept();
    machine.pass(HOUR);
    assert_eq!(machine.commit(), (None, 365 * 24 * HOUR + 3 * HOUR));
}

#[test]
fn a_suspend_is_no_jump_and_a_clock_put_back_stops_nothing() {
    let mut machine = Machine::new();
    // Both clocks go on while the machine sleeps.
    machine.pass(72 * HOUR);
    assert_eq!(machine.commit(), (None, 72 * HOUR));
    machine.wall -= 48 * HOUR;
    assert_eq!(machine.commit(), (None, 72 * HOUR), "nothing is freed, nothing is lost");
    machine.pass(HOUR);
    assert_eq!(machine.commit(), (None, 73 * HOUR), "time goes on with the uptime");
    machine.wall += 48 * HOUR;
    assert_eq!(machine.commit(), (None, 73 * HOUR), "put right again, it is no jump");
}

#[test]
fn many_small_steps_add_up_to_one_jump() {
    let mut machine = Machine::new();
    for _ in 0..1_000 {
        machine.pass(1);
        machine.wall += STEP_MS;
        machine.commit();
    }
    let (_, budget) = machine.commit();
    assert!(budget <= 1_000 + STEP_MS, "{budget}");
    assert!(machine.row().is_jump());
}

#[test]
fn without_an_uptime_the_wall_clock_alone_counts() {
    let last = Millis(START);
    let reading = Reading { now: Millis(START + HOUR), uptime: None };
    let timed = Timed { at: reading.now, event: None };
    assert_eq!(ClockRow::time(None, last, reading), timed);
    let back = Reading { now: Millis(0), uptime: None };
    assert_eq!(ClockRow::time(None, last, back), Timed { at: last, event: None });
}

#[test]
fn nothing_overflows() {
    for now in [0, START, u64::MAX] {
        for uptime_ms in [0, u64::MAX] {
            let uptime = Uptime { boot_id: Uuid::nil(), uptime_ms };
            let reading = Reading { now: Millis(now), uptime: Some(uptime) };
            for at in [0, u64::MAX] {
                let row = ClockRow {
                    uptime: Some(Uptime { uptime_ms: 0, ..uptime }),
                    at_ms: Millis(at),
                    skew_ms: u64::MAX,
                    ..ClockRow::default()
                };
                let timed = ClockRow::time(Some(&row), Millis(at), reading);
                assert!(timed.at >= Millis(at));
                let body = timed.event.unwrap_or(Body::ClockAnchored(uptime));
                assert!(ClockRow::after(Some(row), timed.at, &body).is_some());
            }
        }
    }
}
