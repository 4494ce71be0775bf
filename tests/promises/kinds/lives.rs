//! Lives of a wallet that end too early: it dies at one operation of its disk, perhaps at another one during recovery, and
//! is opened once more to come to the one right end.

use std::ops::AddAssign;
use std::sync::Arc;

use paywarden::engine::{Engine, Paid};
use paywarden::failure::Failure;
use paywarden::ids::PaymentId;
use paywarden::sandbox::disk::{Disk, Image, Trouble, Wreck};
use paywarden::store::StoreError;

use crate::crash::{World, check_published, is_full_run};

/// What outlives a wallet, and what a caller wants of it.
pub(crate) trait Surroundings {
    fn world(&self) -> &World;

    /// A wallet on this disk.
    fn open(&self, disk: &Disk) -> Result<Arc<Engine>, StoreError>;

    /// What the caller does, and does again after a failure.
    async fn act(&self, engine: &Arc<Engine>) -> Result<Paid, Failure>;

    /// Lets everything come to rest; an error of the store ends it, as death would.
    async fn rest(&self, engine: &Engine);

    /// A wallet that died does nothing more.
    async fn bury(&self, _: &Engine) {}

    /// Whatever stood in the way of the last life is over.
    fn is_back(&self);

    /// The one right end.
    async fn check(&self, engine: &Engine, name: &str);
}

/// What of the disk is left after a death.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Left {
    Killed,
    PowerCut,
    Torn(u64),
}

impl Left {
    fn of(self, wreck: &Wreck) -> Image {
        match self {
            Self::Killed => wreck.killed(),
            Self::PowerCut => wreck.power_cut(),
            Self::Torn(seed) => wreck.torn(seed),
        }
    }
}

/// One life cut short at an operation of its disk, and perhaps the next one too.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Death {
    pub(crate) at: u64,
    pub(crate) left: Left,
    pub(crate) second_at: Option<u64>,
}

/// How many lives there were.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    cases: u64,
    nested: u64,
    operations: u64,
}

impl Tally {
    pub(crate) fn print(self, what: &str) {
        let Self { cases, nested, operations } = self;
        println!(
            "P1: {what}: {cases} crashes at up to {operations} operations, {nested} of them with a second one, all recovered"
        );
        assert!(cases > 10 && nested > 5);
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.cases += other.cases;
        self.nested += other.nested;
        self.operations = self.operations.max(other.operations);
    }
}

/// Dies at every `stride`-th operation from `first` on until there are no more, with as many images of each death as the
/// run is for. `live` says whether the wallet got as far as to die where it was to.
pub(crate) fn at_every_operation(
    stride: usize,
    first: u64,
    mut live: impl FnMut(Death) -> bool,
) -> Tally {
    let mut tally = Tally::default();
    for at in (first..).step_by(stride) {
        let mut was_reached = false;
        for death in deaths(at) {
            was_reached |= live(death);
            tally.cases += 1;
            tally.nested += u64::from(death.second_at.is_some());
        }
        if !was_reached {
            break;
        }
        tally.operations = at;
    }
    tally
}

/// Which images of a death are taken up, and where the second one follows.
fn deaths(at: u64) -> Vec<Death> {
    let lefts = [Left::Killed, Left::PowerCut, Left::Torn(at), Left::Torn(at + 1_000)];
    let second = |place: u64| Some(1 + (at * 7 + place * 11) % 90);
    let death = |left, second_at| Death { at, left, second_at };
    if is_full_run() {
        let each = lefts.into_iter().zip(0..);
        return each
            .flat_map(|(left, place)| [death(left, None), death(left, second(place))])
            .collect();
    }
    let turn = at as usize;
    vec![death(lefts[turn % lefts.len()], turn.is_multiple_of(2).then(|| second(1)).flatten())]
}

/// Whether the wallet got as far as to die where it was to.
pub(crate) async fn die(stage: &impl Surroundings, death: Death, base: &Image, name: &str) -> bool {
    let disk = Disk::new(base.clone());
    disk.trouble(Trouble::DeathAt(death.at));
    let mut told = Vec::new();
    if let Ok(engine) = stage.open(&disk) {
        told.extend(stage.act(&engine).await.ok().map(|paid| paid.payment.id()));
        stage.rest(&engine).await;
        stage.bury(&engine).await;
    }
    check_published(&disk, stage.world(), name);
    let was_reached = disk.operations() >= death.at;
    let mut image = death.left.of(&disk.wreck());
    if let Some(second_at) = death.second_at {
        let disk = Disk::new(image);
        disk.trouble(Trouble::DeathAt(second_at));
        if let Ok(engine) = stage.open(&disk) {
            stage.rest(&engine).await;
            told.extend(stage.act(&engine).await.ok().map(|paid| paid.payment.id()));
            stage.rest(&engine).await;
            stage.bury(&engine).await;
        }
        check_published(&disk, stage.world(), name);
        image = death.left.of(&disk.wreck());
    }
    stage.is_back();
    let engine = stage.open(&Disk::new(image)).unwrap_or_else(|error| panic!("{name}: {error}"));
    finish(stage, &engine, told, name).await;
    stage.bury(&engine).await;
    was_reached
}

/// `told` is what callers were told in the lives before.
async fn finish(
    stage: &impl Surroundings,
    engine: &Arc<Engine>,
    mut told: Vec<PaymentId>,
    name: &str,
) {
    stage.rest(engine).await;
    let mut failures = Vec::new();
    // A caller asks again, whatever it was told before.
    for _ in 0..3 {
        match stage.act(engine).await {
            Ok(paid) => told.push(paid.payment.id()),
            Err(failure) => failures.push(failure),
        }
        stage.rest(engine).await;
    }
    assert!(failures.len() < 3, "{name}: the caller gets no answer: {failures:?}");
    stage.check(engine, name).await;
    told.dedup();
    assert_eq!(told.len(), 1, "{name}: one key was answered with several payments: {told:?}");
    let last = stage.act(engine).await.unwrap_or_else(|error| panic!("{name}: {error}")).payment;
    assert!(last.id() == told[0] && last.state.is_final(), "{name}: {last:?}");
}
