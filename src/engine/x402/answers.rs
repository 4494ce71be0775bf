//! What sellers answered to payments, for whoever asks for it in time.
//!
//! Only in memory and bounded: an answer that is lost costs no money, and nothing is decided by one.

use std::collections::VecDeque;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::{Mutex, PoisonError};

use super::X402;
use crate::failure::Failure;
use crate::ids::PaymentId;
use crate::limits;
use crate::rails::x402::Presented;

/// A seller's answer. All of it is the seller's: untrusted.
pub type SellerAnswered = Presented;

#[derive(Debug, Default)]
pub(super) struct Answers(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    answers: VecDeque<(PaymentId, SellerAnswered)>,
    /// Payments that brought what they were for: remembered for longer than what they brought.
    served: VecDeque<PaymentId>,
}

impl Answers {
    /// Keeps the last answer to a payment; the oldest payments' make room.
    pub(super) fn keep(&self, id: PaymentId, answered: SellerAnswered) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Kept { answers, served } = &mut *kept;
        let response = &answered.response;
        if (200..300).contains(&response.status) && !response.is_cut && !served.contains(&id) {
            served.push_back(id);
        }
        answers.retain(|(other, _)| *other != id);
        answers.push_back((id, answered));
        while answers.len() > limits::X402_ANSWERS {
            answers.pop_front();
        }
        while served.len() > limits::X402_SERVED {
            served.pop_front();
        }
    }

    fn get(&self, id: PaymentId) -> Option<SellerAnswered> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.answers.iter().find(|(other, _)| *other == id);
        found.map(|(_, answered)| answered.clone())
    }

    fn is_served(&self, id: PaymentId) -> bool {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.served.contains(&id)
    }
}

impl X402 {
    /// What the seller answered to a payment, while it is kept.
    pub fn answer(&self, id: PaymentId) -> Option<SellerAnswered> {
        self.answers.get(id)
    }

    /// Keeps what a seller answered that is paid in another way.
    pub(in crate::engine) fn keep_answer(&self, id: PaymentId, answered: SellerAnswered) {
        self.answers.keep(id, answered);
    }

    /// Whether the seller gave a payment something for it, and all of it, as far as this process remembers.
    pub(super) fn is_served(&self, id: PaymentId) -> bool {
        self.answers.is_served(id)
    }

    /// Writes a body that is not shown into a file of its own, for the owner alone, and says where. `None` where the
    /// wallet has no place for files. Nothing in it is ever run or opened by the wallet.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, id: PaymentId, body: &[u8]) -> Result<Option<String>, Failure> {
        let Some(folder) = &self.downloads else { return Ok(None) };
        let path = folder.join(format!("{id}.bin"));
        let written = std::fs::create_dir_all(folder).and_then(|()| {
            let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
            match opened {
                Ok(mut file) => file.write_all(body),
                // The same answer was asked for before.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
                Err(error) => Err(error),
            }
        });
        written.map_err(|error| {
            let message = format!("the seller's answer cannot be written to a file: {error}");
            Failure::internal("ANSWER_NOT_KEPT", message)
        })?;
        Ok(Some(path.display().to_string()))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::rails::x402::Response;

    fn answer(status: u16) -> SellerAnswered {
        let response =
            Response { status, content_type: None, body: bytes::Bytes::new(), is_cut: false };
        Presented { response, receipt: None }
    }

    #[test]
    fn answers_are_bounded_and_the_last_one_stays() {
        let answers = Answers::default();
        let id = |number: usize| PaymentId(Uuid::from_u128(number as u128));
        for number in 0..=limits::X402_ANSWERS {
            answers.keep(id(number), answer(200));
        }
        assert!(answers.get(id(0)).is_none(), "the oldest made room");
        answers.keep(id(1), answer(500));
        assert_eq!(answers.get(id(1)).unwrap().response.status, 500);
        assert!(answers.get(id(limits::X402_ANSWERS)).is_some());
        // What it brought is gone, that it brought something is not.
        assert!(answers.is_served(id(0)));
        (2..=limits::X402_SERVED).for_each(|number| answers.keep(id(number), answer(200)));
        assert!(!answers.is_served(id(0)) && answers.is_served(id(1)));
        answers.keep(id(5_000), answer(402));
        assert!(!answers.is_served(id(5_000)));
    }
}
