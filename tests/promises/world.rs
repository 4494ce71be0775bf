//! The surroundings of a wallet that dies: a network that plays a script, and outlives every wallet on it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use paywarden::books::OpenBlock;
use paywarden::clock::Clock;
use paywarden::engine::Engine;
use paywarden::nano::{
    BlockHash, DEV_GENESIS_PRIVATE_KEY, Link, PrivateKey, SignedBlock, StateBlock,
};
use paywarden::sandbox::clock::VirtualClock;
use paywarden::sandbox::nano::{Call, Config, Fault, Rival, SandboxNode, seal, solve};

use crate::crash::key;
use crate::plant::Plant;

/// When a script's late turn comes, in steps.
const LATE: u32 = 12;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Script {
    Fine,
    LostRequest,
    LostReply,
    Garbage,
    Http500,
    Gap,
    Denial,
    Delay,
    RivalWins,
    RivalLoses,
    EpochLeaves,
    Down,
}

pub(crate) const SCRIPTS: [Script; 12] = [
    Script::Fine,
    Script::LostRequest,
    Script::LostReply,
    Script::Garbage,
    Script::Http500,
    Script::Gap,
    Script::Denial,
    Script::Delay,
    Script::RivalWins,
    Script::RivalLoses,
    Script::EpochLeaves,
    Script::Down,
];

/// The wallet's surroundings, which outlive it.
pub(crate) struct World {
    pub(crate) node: SandboxNode,
    pub(crate) clock: VirtualClock,
    pub(crate) plant: Plant,
    script: Script,
    turn: Mutex<Turn>,
}

/// How far a script has come.
#[derive(Clone, Copy, Debug, Default)]
struct Turn {
    ticks: u32,
    /// When two blocks wanted one place.
    since: Option<u32>,
    /// Our open block as it was first seen, which anybody may publish later.
    ours: Option<SignedBlock>,
    epoch: Option<BlockHash>,
    over: bool,
}

impl World {
    /// A network without anything on it.
    pub(crate) fn new() -> Self {
        let clock = VirtualClock::default();
        let node = SandboxNode::new(Config::default(), Arc::new(clock.clone()));
        let (script, plant, turn) = (Script::Fine, Plant::Nothing, Mutex::default());
        Self { node, clock, plant, script, turn }
    }

    /// Whether the script's late turn is still to come.
    pub(crate) fn is_early(&self) -> bool {
        self.script == Script::EpochLeaves && self.turn.lock().unwrap().ticks < LATE + 2
    }

    pub(crate) fn fork(&self) -> Self {
        self.fork_among(|clock| Arc::new(clock))
    }

    /// The same, on a network whose waits are made by another clock.
    pub(crate) fn fork_among(&self, outside: impl Fn(VirtualClock) -> Arc<dyn Clock>) -> Self {
        let clock = VirtualClock::new(self.clock.now());
        let node = self.node.fork(outside(clock.clone()));
        let turn = Mutex::new(*self.turn.lock().unwrap());
        Self { node, clock, script: self.script, plant: self.plant, turn }
    }

    /// The same with a mistake in every wallet on it.
    pub(crate) fn planted(mut self, plant: Plant) -> Self {
        self.plant = plant;
        self
    }

    pub(crate) fn play(&mut self, script: Script, plant: Plant) {
        (self.script, self.plant) = (script, plant);
        *self.turn.lock().unwrap() = Turn::default();
        let faults = match script {
            Script::Fine | Script::EpochLeaves => vec![],
            Script::LostRequest => vec![Fault::LostRequest, Fault::LostRequest],
            Script::LostReply => vec![Fault::LostReply],
            Script::Garbage => vec![Fault::Garbage],
            Script::Http500 => vec![Fault::Http500, Fault::LostReply],
            Script::Gap => vec![Fault::Gap],
            Script::Denial => vec![Fault::Denial],
            Script::Delay => vec![Fault::Delayed(Duration::from_secs(2))],
            Script::RivalWins | Script::RivalLoses => vec![Fault::Fork(Rival::key(key()))],
            Script::Down => {
                self.node.down_for(Duration::from_millis(300));
                vec![]
            }
        };
        self.node.script(faults);
        match script {
            Script::Garbage => self.node.queue(Call::BlockInfo, Fault::Garbage),
            Script::RivalLoses => self.node.hold_new(true),
            Script::EpochLeaves => self.insert_epoch(),
            _ => {}
        }
    }

    /// An epoch block that never gets its votes.
    fn insert_epoch(&self) {
        let head = self.node.block(self.node.blocks_of(&key().account()).last().unwrap()).unwrap();
        let block = StateBlock {
            previous: head.contents.hash(),
            link: Link::EPOCH_1,
            ..head.contents.block
        };
        self.node.hold_new(true);
        let epoch = seal(&PrivateKey::from_bytes(DEV_GENESIS_PRIVATE_KEY), block);
        let hash = self.node.insert(&epoch).unwrap();
        self.node.hold_new(false);
        self.turn.lock().unwrap().epoch = Some(hash);
    }

    /// Time passes outside the wallet.
    pub(crate) fn tick(&self, engine: &Engine) {
        let mut turn = self.turn.lock().unwrap();
        turn.ticks += 1;
        turn.ours = turn.ours.or_else(|| open_block(engine));
        if turn.over {
            return;
        }
        match (self.script, turn.ours, turn.epoch) {
            (Script::RivalLoses, Some(ours), _) => self.elect_late(&mut turn, ours),
            (Script::EpochLeaves, _, Some(epoch)) if turn.ticks >= LATE => {
                turn.over = true;
                self.node.roll_back(&epoch).unwrap();
            }
            _ => {}
        }
    }
}

impl World {
    /// The network takes its time over two blocks in one place, and then elects ours.
    fn elect_late(&self, turn: &mut Turn, mut ours: SignedBlock) {
        let previous = self.node.block(&ours.block.previous);
        if previous.is_none_or(|info| info.successor.is_none()) {
            return;
        }
        let since = *turn.since.get_or_insert(turn.ticks);
        if turn.ticks - since < LATE {
            return;
        }
        turn.over = true;
        ours.work = Some(solve(&ours.block.root()));
        self.node.hold_new(false);
        // It stands there already where no rival came.
        let _ = self.node.elect(&ours);
        let _ = self.node.release(&ours.hash());
    }
}

fn open_block(engine: &Engine) -> Option<SignedBlock> {
    let open = engine.store().read(|view| {
        let lane = view.lane(&key().account())?;
        Ok(match lane.and_then(|lane| lane.open) {
            Some(OpenBlock::Payment(id)) => {
                view.payment(id)?.and_then(|payment| payment.state.block().map(|it| it.block))
            }
            Some(OpenBlock::Receive(receive)) => Some(receive.intent.block),
            Some(OpenBlock::Change(intent)) => Some(intent.block),
            None => None,
        })
    });
    open.ok().flatten()
}
