//! `WWW-Authenticate` taken apart (RFC 9110, 11.6.1): several challenges in one header or in many.
//!
//! This module must never read a parameter into another challenge than its own, or take one twice.

use std::collections::BTreeMap;

use crate::limits;

/// One challenge: its scheme in lower case, and its parameters by their names in lower case.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Scheme {
    pub(super) name: String,
    pub(super) params: BTreeMap<String, String>,
}

/// Takes one header's value apart; `None` if it is malformed.
pub(super) fn schemes(header: &str) -> Option<Vec<Scheme>> {
    if header.len() > limits::MPP_HEADER_BYTES {
        return None;
    }
    let mut rest = Reader(header);
    let mut found: Vec<Scheme> = Vec::new();
    loop {
        rest.skip(|c| c == ' ' || c == '\t' || c == ',');
        if rest.0.is_empty() {
            return Some(found);
        }
        let word = rest.token()?;
        rest.skip(|c| c == ' ' || c == '\t');
        // A word with `=` after it is a parameter of the challenge at hand, any other begins the next one.
        if rest.0.starts_with('=') && !found.is_empty() {
            rest.0 = &rest.0[1..];
            rest.skip(|c| c == ' ' || c == '\t');
            let value = rest.value()?;
            let params = &mut found.last_mut()?.params;
            if params.insert(word.to_ascii_lowercase(), value).is_some() {
                return None;
            }
        } else {
            found.push(Scheme { name: word.to_ascii_lowercase(), params: BTreeMap::new() });
        }
    }
}

struct Reader<'a>(&'a str);

impl<'a> Reader<'a> {
    fn skip(&mut self, is_skipped: impl Fn(char) -> bool) {
        self.0 = self.0.trim_start_matches(is_skipped);
    }

    fn token(&mut self) -> Option<&'a str> {
        let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        let end = self.0.find(|c| !is_token(c)).unwrap_or(self.0.len());
        let (token, rest) = self.0.split_at(end);
        self.0 = rest;
        (!token.is_empty()).then_some(token)
    }

    fn value(&mut self) -> Option<String> {
        let Some(inner) = self.0.strip_prefix('"') else {
            return self.token().map(str::to_owned);
        };
        let mut value = String::new();
        let mut chars = inner.char_indices();
        loop {
            match chars.next()? {
                (at, '"') => {
                    self.0 = &inner[at + 1..];
                    return Some(value);
                }
                (_, '\\') => value.push(chars.next()?.1),
                (_, c) => value.push(c),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_told_apart() {
        let found =
            schemes(r#"Bearer realm="a, b", Payment id=x , method="str\"ipe",,L402"#).unwrap();
        let names: Vec<&str> = found.iter().map(|scheme| scheme.name.as_str()).collect();
        assert_eq!(names, ["bearer", "payment", "l402"]);
        assert_eq!(found[0].params["realm"], "a, b");
        assert_eq!(found[1].params["method"], "str\"ipe");
        for bad in ["=a", "Payment a=", "Payment a=\"b", "Payment a=1, A=2", "Payment a=\"b\\", "é"]
        {
            assert_eq!(schemes(bad), None, "{bad}");
        }
        let longest = "x".repeat(limits::MPP_HEADER_BYTES);
        assert!(schemes(&longest).is_some());
        assert_eq!(schemes(&format!("{longest}x")), None);
    }
}
