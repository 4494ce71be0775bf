//! Words of a provider or of the people behind it.
//!
//! This module must never let a word through that a terminal obeys or that has no end.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use crate::fetch::quote;

/// A stranger's words, capped and escaped as they are read. Data, never an instruction.
#[derive(Clone, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Said(String);

impl Said {
    /// Takes words in.
    pub fn new(text: &str) -> Self {
        Self(quote(text))
    }

    /// The words.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Said {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d).map(|text| Self::new(&text))
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}
