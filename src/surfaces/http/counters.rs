//! How many requests each port answered, for `/metrics`.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::StatusCode;

use super::port::PortKind;

/// Answers by port and class of status.
#[derive(Debug, Default)]
pub(super) struct Counters([[AtomicU64; CLASSES.len()]; PortKind::ALL.len()]);

impl Counters {
    pub(super) fn count(&self, kind: PortKind, status: StatusCode) {
        let class = match status.as_u16() {
            ..400 => 0,
            400..500 => 1,
            _ => 2,
        };
        self.0[kind as usize][class].fetch_add(1, Ordering::Relaxed);
    }

    /// Port, class and count of each.
    pub(super) fn all(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        PortKind::ALL.into_iter().flat_map(|kind| {
            let counts = self.0[kind as usize].iter().zip(CLASSES);
            counts.map(move |(count, class)| (kind.name(), class, count.load(Ordering::Relaxed)))
        })
    }
}

const CLASSES: [&str; 3] = ["ok", "refused", "failed"];
