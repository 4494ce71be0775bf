//! Who pays, as the receiver sees it.
//!
//! This module must never invent a name or an address, nor pass on a placeholder: they come from the user or from the
//! owner's settings.

use crate::limits;

/// A name and an e-mail address the user gave.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Payer {
    name: String,
    email: String,
}

/// Why they are not used.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PayerError {
    /// Empty, too long, or with characters that cannot be seen.
    #[error("a payer's name has 1 to {} bytes of visible text", limits::LABEL_BYTES)]
    Name,
    /// Not `name@host.tld`.
    #[error("a payer's e-mail address is written name@host.tld")]
    Email,
    /// From a document, not from a person.
    #[error("the payer is a placeholder; ask the user for the real name and e-mail address")]
    Placeholder,
}

impl Payer {
    /// Checks both.
    ///
    /// # Errors
    /// [`PayerError`].
    pub fn new(name: &str, email: &str) -> Result<Self, PayerError> {
        let (name, email) = (name.trim(), email.trim());
        let fits = (1..=limits::LABEL_BYTES).contains(&name.len());
        if !fits || name.chars().any(char::is_control) {
            return Err(PayerError::Name);
        }
        let (mailbox, host) = email.split_once('@').ok_or(PayerError::Email)?;
        let labels: Vec<&str> = host.split('.').collect();
        let is_host = labels.len() > 1
            && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
            && labels.iter().all(|label| !label.is_empty());
        let is_mailbox = !mailbox.is_empty() && mailbox.bytes().all(|byte| byte.is_ascii_graphic());
        if email.len() > EMAIL_BYTES || !is_host || !is_mailbox || email.matches('@').count() != 1 {
            return Err(PayerError::Email);
        }
        if is_placeholder(&host.to_ascii_lowercase()) {
            return Err(PayerError::Placeholder);
        }
        Ok(Self { name: name.to_owned(), email: email.to_owned() })
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The e-mail address.
    pub fn email(&self) -> &str {
        &self.email
    }
}

/// Names that RFC 2606 keeps for documents.
fn is_placeholder(host: &str) -> bool {
    let is_below = |name: &&str| host == *name || host.ends_with(&format!(".{name}"));
    ["example.com", "example.org", "example.net", "example", "invalid", "test", "localhost"]
        .iter()
        .any(is_below)
}

/// RFC 5321 §4.5.3.1.3, without the angle brackets.
const EMAIL_BYTES: usize = 254;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payer_is_a_person() {
        let payer = Payer::new(" Ada ", "ada+pay@post.nl").unwrap();
        assert_eq!((payer.name(), payer.email()), ("Ada", "ada+pay@post.nl"));
        for name in ["", " ", "a\nb", &"x".repeat(limits::LABEL_BYTES + 1)] {
            assert_eq!(Payer::new(name, "a@b.nl"), Err(PayerError::Name));
        }
        assert!(Payer::new(&"x".repeat(limits::LABEL_BYTES), "a@b.nl").is_ok());
        for email in ["", "a", "a@", "@b.nl", "a@b", "a@b..nl", "a@b@c.nl", "a b@c.nl", "a@b.nl>"] {
            assert_eq!(Payer::new("Ada", email), Err(PayerError::Email), "{email}");
        }
        for email in ["john@example.com", "a@mail.EXAMPLE.org", "a@b.test", "a@x.invalid"] {
            assert_eq!(Payer::new("Ada", email), Err(PayerError::Placeholder), "{email}");
        }
        let of = |bytes: usize| format!("{}@b.nl", "x".repeat(bytes - "@b.nl".len()));
        assert!(Payer::new("Ada", &of(EMAIL_BYTES)).is_ok());
        assert_eq!(Payer::new("Ada", &of(EMAIL_BYTES + 1)), Err(PayerError::Email));
    }
}
