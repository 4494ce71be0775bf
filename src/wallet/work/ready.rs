//! Work that is ready, by root, and the file it is kept in.
//!
//! The file is not trusted: what is read from it is checked. Losing it costs a search, so it is not synced.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use crate::limits;
use crate::nano::work::value;
use crate::nano::{Difficulty, Root, Work};

/// At most one nonce for each root.
#[derive(Debug)]
pub(super) struct Ready {
    by_root: HashMap<Root, Work>,
    file: Option<PathBuf>,
}

impl Ready {
    /// What was kept in `file` and is worth `difficulty`.
    pub(super) fn open(file: Option<PathBuf>, difficulty: Difficulty) -> Self {
        let kept = file.as_deref().map(load).unwrap_or_default();
        let known = kept.into_iter().filter_map(|(root, work)| {
            let root: Root = root.parse().ok()?;
            difficulty.is_met_by(work, &root).then_some((root, work))
        });
        Self { by_root: known.collect(), file }
    }

    /// Work for `root` that is worth `wanted`.
    pub(super) fn worth(&self, root: &Root, wanted: Difficulty) -> Option<Work> {
        self.by_root.get(root).copied().filter(|work| wanted.is_met_by(*work, root))
    }

    /// Keeps `work`, but never in the place of work that is worth more.
    pub(super) fn keep(&mut self, root: Root, work: Work) {
        if self.worth(&root, Difficulty(value(work, &root))).is_some() {
            return;
        }
        if self.by_root.len() >= limits::ACCOUNTS as usize {
            self.by_root.clear();
        }
        self.by_root.insert(root, work);
        if let Some(file) = &self.file
            && let Err(error) = self.save(file)
        {
            tracing::warn!(%error, "ready work cannot be kept");
        }
    }

    /// Forgets what is for `root`. In the file it stays until the next is kept, where it does no harm.
    pub(super) fn forget(&mut self, root: &Root) {
        self.by_root.remove(root);
    }

    /// Written beside and renamed.
    fn save(&self, file: &Path) -> std::io::Result<()> {
        let table: Table =
            self.by_root.iter().map(|(root, work)| (root.to_string(), *work)).collect();
        let beside = file.with_extension("json.new");
        std::fs::write(&beside, serde_json::to_vec(&table)?)?;
        std::fs::rename(&beside, file)
    }
}

fn load(file: &Path) -> Table {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

/// As the file has it.
type Table = BTreeMap<String, Work>;

#[cfg(test)]
mod tests {
    use super::*;

    fn root(byte: u8) -> Root {
        Root::from_bytes([byte; 32])
    }

    #[test]
    fn what_is_kept_comes_back_if_it_is_worth_enough() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("ready-work.json");
        let worth = Difficulty(value(Work(7), &root(1)));
        let mut ready = Ready::open(Some(file.clone()), worth);
        assert_eq!(ready.worth(&root(1), Difficulty(0)), None);
        ready.keep(root(1), Work(7));
        assert_eq!(Ready::open(Some(file.clone()), worth).worth(&root(1), worth), Some(Work(7)));
        let more = Difficulty(worth.0 + 1);
        assert_eq!(Ready::open(Some(file.clone()), more).worth(&root(1), Difficulty(0)), None);
        ready.forget(&root(1));
        assert_eq!(ready.worth(&root(1), Difficulty(0)), None);
        for broken in ["", "{", "[]", r#"{"x":"0000000000000007"}"#, r#"{"00":7}"#] {
            std::fs::write(&file, broken).unwrap();
            assert!(Ready::open(Some(file.clone()), Difficulty(0)).by_root.is_empty(), "{broken}");
        }
    }

    #[test]
    fn better_work_is_never_given_up_for_worse() {
        let mut ready = Ready::open(None, Difficulty(0));
        let (mut good, mut bad) = (Work(1), Work(2));
        if value(good, &root(1)) < value(bad, &root(1)) {
            std::mem::swap(&mut good, &mut bad);
        }
        for (kept, found) in [(bad, bad), (good, good), (bad, good)] {
            ready.keep(root(1), kept);
            assert_eq!(ready.worth(&root(1), Difficulty(0)), Some(found));
        }
    }

    #[test]
    fn the_table_ends_at_its_bound() {
        let mut ready = Ready::open(None, Difficulty(0));
        let numbered = |number: u32| {
            let mut bytes = [0; 32];
            bytes[..4].copy_from_slice(&number.to_le_bytes());
            Root::from_bytes(bytes)
        };
        for number in 0..limits::ACCOUNTS {
            ready.keep(numbered(number), Work(0));
        }
        assert_eq!(ready.by_root.len(), limits::ACCOUNTS as usize);
        ready.keep(numbered(limits::ACCOUNTS), Work(0));
        assert_eq!(ready.by_root.len(), 1);
    }
}
