//! One request, read as strictly as the node that is simulated.
//!
//! A C++ node knows texts only: a number or a boolean is the text it is written as, and what is not understood has an
//! error text of its own. RsNano parses everything before it looks at anything. Neither may be kinder here than it is.

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value};

use super::Spelling;
use crate::money::Raw;
use crate::nano::{Account, BlockHash};

/// What was asked.
#[derive(Clone, Debug)]
pub(super) struct Request {
    fields: Map<String, Value>,
    spelling: Spelling,
}

/// Why there is no answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Complaint {
    /// `{"error": ...}` with status 200.
    Error(String),
    /// Not what a field can hold: status 422 and plain text.
    Unprocessable(String),
    /// No JSON: status 400 and plain text.
    Unreadable(String),
}

impl Request {
    pub(super) fn parse(body: &[u8], spelling: Spelling) -> Result<Self, Complaint> {
        match serde_json::from_slice(body) {
            Ok(Value::Object(fields)) => Ok(Self { fields, spelling }),
            Ok(other) => Err(complaint(spelling, PARSE, || format!("invalid type: {other}"))),
            Err(error) => Err(match spelling {
                Spelling::Cpp => Complaint::Error(PARSE.to_owned()),
                Spelling::RsNano => Complaint::Unreadable(format!(
                    "Failed to parse the request body as JSON: {error}"
                )),
            }),
        }
    }

    pub(super) fn spelling(&self) -> Spelling {
        self.spelling
    }

    pub(super) fn is_cpp(&self) -> bool {
        self.spelling == Spelling::Cpp
    }

    /// The field as it was sent.
    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.fields.get(name)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// The field's text; what is no scalar is an empty one to a C++ node.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.fields.get(name).map(scalar)
    }

    /// [`Request::text`] of a field that has to be there.
    pub(super) fn required(&self, name: &str) -> Result<String, Complaint> {
        self.text(name).ok_or_else(|| self.missing(name))
    }

    pub(super) fn account(&self, name: &str) -> Result<Account, Complaint> {
        self.parsed(&self.required(name)?, "Bad account number")
    }

    pub(super) fn hash(&self, name: &str) -> Result<BlockHash, Complaint> {
        self.parsed(&self.required(name)?, "Invalid block hash")
    }

    /// A boolean. A C++ node takes what it cannot read for `default`.
    pub(super) fn flag(&self, name: &str, default: bool) -> Result<bool, Complaint> {
        match self.text(name).as_deref() {
            None => Ok(default),
            Some("true" | "1") => Ok(true),
            Some("false" | "0") => Ok(false),
            Some(_) if self.is_cpp() => Ok(default),
            Some(text) => Err(self.bad("", text)),
        }
    }

    /// How many, at least one.
    pub(super) fn count(&self) -> Result<usize, Complaint> {
        match self.number("count", "Invalid count limit")? {
            Some(0) if self.is_cpp() => Err(self.bad("Invalid count limit", "0")),
            Some(count) => Ok(count),
            None => Err(self.missing("count")),
        }
    }

    /// How many at most.
    pub(super) fn optional_count(&self) -> Result<usize, Complaint> {
        Ok(self.number("count", "Invalid count limit")?.unwrap_or(usize::MAX))
    }

    /// How many to leave out.
    pub(super) fn offset(&self) -> Result<usize, Complaint> {
        Ok(self.number("offset", "Invalid offset")?.unwrap_or(0))
    }

    pub(super) fn threshold(&self) -> Result<Raw, Complaint> {
        match self.text("threshold") {
            None => Ok(Raw::ZERO),
            Some(text) => self.parsed(&text, "Bad threshold number"),
        }
    }

    /// The texts of a list that has to be there.
    pub(super) fn list(&self, name: &str) -> Result<Vec<String>, Complaint> {
        match self.fields.get(name) {
            Some(Value::Array(items)) => Ok(items.iter().map(scalar).collect()),
            // A text has no children.
            Some(_) if self.is_cpp() => Ok(Vec::new()),
            Some(_) => Err(self.bad("", name)),
            None => Err(self.missing(name)),
        }
    }

    /// What a text means, or the C++ node's words for what it is not.
    pub(super) fn parsed<T: FromStr>(&self, text: &str, words: &str) -> Result<T, Complaint> {
        text.parse().map_err(|_| self.bad(words, text))
    }

    /// A malformed value.
    pub(super) fn bad(&self, words: &str, value: &str) -> Complaint {
        complaint(self.spelling, words, || format!("invalid value: {value:?}"))
    }

    /// A field that should be there.
    pub(super) fn missing(&self, name: &str) -> Complaint {
        complaint(self.spelling, PARSE, || format!("missing field `{name}`"))
    }

    fn number(&self, name: &str, words: &str) -> Result<Option<usize>, Complaint> {
        let Some(text) = self.text(name) else { return Ok(None) };
        // The parser of the standard library takes a plus sign.
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = digits.then(|| text.parse::<u64>().ok()).flatten();
        let number = number.ok_or_else(|| self.bad(words, &text))?;
        Ok(Some(usize::try_from(number).unwrap_or(usize::MAX)))
    }
}

impl Complaint {
    pub(super) fn error(words: impl fmt::Display) -> Self {
        Self::Error(words.to_string())
    }
}

/// In the words of a C++ node, or as RsNano's JSON library complains.
pub(super) fn complaint(
    spelling: Spelling,
    words: &str,
    detail: impl FnOnce() -> String,
) -> Complaint {
    match spelling {
        Spelling::Cpp => Complaint::Error(words.to_owned()),
        Spelling::RsNano => Complaint::Unprocessable(format!(
            "Failed to deserialize the JSON body into the target type: {}",
            detail()
        )),
    }
}

/// A value as the text it is written as.
fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(_) | Value::Object(_) => String::new(),
        other => other.to_string(),
    }
}

const PARSE: &str = "Unable to parse JSON";
