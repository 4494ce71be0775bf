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
        self.0 = inner;
        let mut value = String::new();
        loop {
            match self.next()? {
                '"' => return Some(value),
                '\\' => value.push(self.escaped()?),
                c => value.push(c),
            }
        }
    }

    /// What a backslash stands before. Sellers write what a header's bytes cannot hold as `\uXXXX`, in UTF-16, and
    /// double every backslash of their own.
    fn escaped(&mut self) -> Option<char> {
        let Some(unit) = self.utf16_unit() else { return self.next() };
        if !HIGH_SURROGATES.contains(&unit) {
            return char::from_u32(u32::from(unit));
        }
        self.0 = self.0.strip_prefix('\\')?;
        char::decode_utf16([unit, self.utf16_unit()?]).next()?.ok()
    }

    fn utf16_unit(&mut self) -> Option<u16> {
        let digits = self.0.strip_prefix('u')?.get(..4)?;
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let unit = u16::from_str_radix(digits, 16).ok().filter(|_| is_hex)?;
        self.0 = &self.0[5..];
        Some(unit)
    }

    fn next(&mut self) -> Option<char> {
        let next = self.0.chars().next()?;
        self.0 = &self.0[next.len_utf8()..];
        Some(next)
    }
}

const HIGH_SURROGATES: std::ops::Range<u16> = 0xd800..0xdc00;

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
        // What a seller escapes so that a header can carry it (mppx 0.11) is read as what it stands for.
        let shown = |text: &str| {
            let found = schemes(&format!(r#"Payment a="{text}""#))?;
            Some(found[0].params["a"].clone())
        };
        assert_eq!(
            shown(r"caf\u00e9 \u2014 \ud83d\ude00\\u2014").as_deref(),
            Some("café — 😀\\u2014")
        );
        assert_eq!(shown(r"\u12 \uZZZZ\u+123").as_deref(), Some("u12 uZZZZu+123"));
        for lone in [r"\ud83d", r"\ud83d\n", r"\ud83d\u0041", r"\ude00"] {
            assert_eq!(shown(lone), None, "{lone}");
        }
        let longest = "x".repeat(limits::MPP_HEADER_BYTES);
        assert!(schemes(&longest).is_some());
        assert_eq!(schemes(&format!("{longest}x")), None);
    }
}
