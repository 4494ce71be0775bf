//! What sellers answered to payments, for whoever asks for it in time.
//!
//! Only in memory and bounded: an answer that is lost costs no money, and nothing is decided by one.

use std::collections::VecDeque;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
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
    /// How often the answer to a settled payment was asked for once more.
    tries: VecDeque<(PaymentId, u32)>,
}

impl Answers {
    /// Keeps the last answer to a payment; the oldest payments' make room.
    pub(super) fn keep(&self, id: PaymentId, answered: SellerAnswered) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Kept { answers, served, .. } = &mut *kept;
        if answered.is_goods() && !answered.response.is_cut && !served.contains(&id) {
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

    /// Counts a try, if there may be one more.
    fn try_again(&self, id: PaymentId) -> bool {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let tries = &mut kept.tries;
        let Some((_, count)) = tries.iter_mut().find(|(other, _)| *other == id) else {
            tries.push_back((id, 1));
            if tries.len() > limits::X402_SERVED {
                tries.pop_front();
            }
            return true;
        };
        let may = *count < limits::X402_ANSWER_TRIES;
        *count += u32::from(may);
        may
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

    /// Whether the answer to a settled payment may be asked for once more; counts as asked.
    pub(super) fn may_try_again(&self, id: PaymentId) -> bool {
        self.answers.try_again(id)
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
        write_whole(folder, &id.to_string(), body).map(Some).map_err(|error| {
            let message = format!("the seller's answer cannot be written to a file: {error}");
            Failure::internal("ANSWER_NOT_KEPT", message)
        })
    }
}

/// The file has all of the last answer or does not change: half of one, or another's, must not pass for it.
fn write_whole(folder: &Path, name: &str, body: &[u8]) -> io::Result<String> {
    let (path, part) = (folder.join(format!("{name}.bin")), folder.join(format!("{name}.part")));
    if !fs::read(&path).is_ok_and(|there| there == body) {
        fs::create_dir_all(folder)?;
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&part)?.write_all(body)?;
        fs::rename(&part, &path)?;
    }
    Ok(path.display().to_string())
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

    #[test]
    fn an_answer_is_asked_for_again_a_bounded_number_of_times() {
        let answers = Answers::default();
        let id = |number: usize| PaymentId(Uuid::from_u128(number as u128));
        (0..limits::X402_ANSWER_TRIES).for_each(|_| assert!(answers.try_again(id(0))));
        assert!(!answers.try_again(id(0)));
        (1..=limits::X402_SERVED).for_each(|number| assert!(answers.try_again(id(number))));
        assert!(answers.try_again(id(0)), "so long ago that it is forgotten");
    }

    #[test]
    fn the_file_of_an_answer_is_the_last_one_and_whole() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("downloads");
        for body in [&b"an error page"[..], &b"goods"[..], &b"goods"[..]] {
            let path = write_whole(&folder, "a", body).unwrap();
            assert_eq!(fs::read(&path).unwrap(), body);
        }
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    }
}
