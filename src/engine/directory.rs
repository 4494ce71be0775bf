//! The owner's tables of payees and merchants. Nothing but the owner's word may change them.

use super::Engine;
use super::failures::refused;
use crate::books::{Body, DirectoryEntry, Event, View};
use crate::failure::Failure;
use crate::ledger::Head;
use crate::limits;
use crate::policy::payee_key;
use crate::store::Refusal;

/// Which table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Directory {
    /// By address; Nano accounts by public key.
    Payees,
    /// By the merchant's id.
    Merchants,
}

impl Engine {
    /// Writes an entry: what is not named of it stays as it was. The key is returned in canonical form.
    ///
    /// # Errors
    /// When the table is full; and the store's.
    pub async fn set_entry(
        &self,
        directory: Directory,
        key: &str,
        entry: DirectoryEntry,
    ) -> Result<(String, Head), Failure> {
        let key = directory.canonical(key);
        let name = key.clone();
        let commit = self.store().commit(move |view| write(view, directory, key, entry));
        Ok((name, commit.await.map_err(refused)?.head))
    }

    /// Removes an entry.
    ///
    /// # Errors
    /// When there is none; and the store's.
    pub async fn remove_entry(
        &self,
        directory: Directory,
        key: &str,
    ) -> Result<(String, Head), Failure> {
        let key = directory.canonical(key);
        let name = key.clone();
        let commit = self.store().commit(move |view| {
            let (found, body) = match directory {
                Directory::Payees => (view.payee(&key)?, Body::PayeeRemoved { address: key }),
                Directory::Merchants => (view.merchant(&key)?, Body::MerchantRemoved { id: key }),
            };
            match found {
                Some(_) => Ok((vec![body.into()], ())),
                None => {
                    let failure = Failure::refused("UNKNOWN_ENTRY", "the table has no such entry")
                        .hint("`paywarden payees list` and `paywarden merchants list` show what there is");
                    Err(Refusal::No(failure))
                }
            }
        });
        Ok((name, commit.await.map_err(refused)?.head))
    }
}

fn write(
    view: &View<'_>,
    directory: Directory,
    key: String,
    entry: DirectoryEntry,
) -> Result<(Vec<Event>, ()), Refusal<Failure>> {
    let counters = view.counters()?;
    let (found, count) = match directory {
        Directory::Payees => (view.payee(&key)?, counters.payees),
        Directory::Merchants => (view.merchant(&key)?, counters.merchants),
    };
    let before = found.clone().unwrap_or_default();
    let entry = DirectoryEntry {
        label: entry.label.or(before.label),
        category: entry.category.or(before.category),
        checkout: entry.checkout.or(before.checkout),
    };
    if found.as_ref() == Some(&entry) {
        return Ok((Vec::new(), ()));
    }
    if found.is_none() && count >= limits::DIRECTORY {
        let message = format!("the table has {count} entries already");
        return Err(Refusal::No(
            Failure::refused("DIRECTORY_FULL", message)
                .hint("Remove entries that nobody pays any more"),
        ));
    }
    let body = match directory {
        Directory::Payees => Body::PayeeSet { address: key, entry },
        Directory::Merchants => Body::MerchantSet { id: key, entry },
    };
    Ok((vec![body.into()], ()))
}

impl Directory {
    fn canonical(self, key: &str) -> String {
        match self {
            Self::Payees => payee_key(key),
            Self::Merchants => key.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::books::{MemoryRows, apply};
    use crate::clock::Millis;

    /// A label must not cost a payee the category by which mandates block it.
    #[test]
    fn what_is_not_named_stays() {
        let mut rows = MemoryRows::default();
        let of = |label: Option<&str>, category: Option<&str>| DirectoryEntry {
            label: label.map(str::to_owned),
            category: category.map(str::to_owned),
            ..DirectoryEntry::default()
        };
        for (seq, (named, whole)) in [
            (of(None, Some("alcohol")), of(None, Some("alcohol"))),
            (of(Some("Bar"), None), of(Some("Bar"), Some("alcohol"))),
            (of(None, Some("food")), of(Some("Bar"), Some("food"))),
        ]
        .into_iter()
        .enumerate()
        {
            let view = View::new(&rows, Millis(0));
            let (events, ()) = write(&view, Directory::Merchants, "a".to_owned(), named).unwrap();
            apply(&mut rows, seq as u64, Millis(0), &events[0]).unwrap();
            assert_eq!(View::new(&rows, Millis(0)).merchant("a").unwrap(), Some(whole));
        }
    }

    #[test]
    fn a_table_ends_at_its_bound() {
        let mut rows = MemoryRows::default();
        let entry = DirectoryEntry { category: Some("food".into()), ..DirectoryEntry::default() };
        let write_to = |rows: &MemoryRows, directory, key: &str| {
            let view = View::new(rows, Millis(0));
            write(&view, directory, key.to_owned(), entry.clone()).map(|(events, ())| events)
        };
        for number in 0..limits::DIRECTORY {
            let events = write_to(&rows, Directory::Payees, &format!("n{number}")).unwrap();
            apply(&mut rows, u64::from(number), Millis(0), &events[0]).unwrap();
        }
        let full = write_to(&rows, Directory::Payees, "one-more");
        let is_full = |refusal: &Refusal<Failure>| matches!(refusal, Refusal::No(failure) if failure.code == "DIRECTORY_FULL");
        assert!(full.as_ref().is_err_and(is_full));
        assert!(write_to(&rows, Directory::Payees, "n7").unwrap().is_empty(), "nothing changes");
        assert_eq!(write_to(&rows, Directory::Merchants, "one-more").unwrap().len(), 1);
        let page = View::new(&rows, Millis(0)).payees(Some("n9998"), 10).unwrap();
        assert_eq!(page[0].0, "n9999");
    }
}
