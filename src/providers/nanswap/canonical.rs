//! What Nanswap signs: `JSON.stringify(payload, Object.keys(payload).sort())` of the parsed body (fact sheet 2.9).
//!
//! The array is a whitelist of names at every depth. This module must never accept a body that JavaScript and Rust
//! could read differently: duplicate names, `__proto__`, lone surrogates and numbers beyond a double are refused.

use std::cmp::Ordering;
use std::fmt;

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::SignatureError;
use crate::limits;

/// The members of a webhook's body, and the text its signature covers.
pub(super) struct Canonical<'a> {
    /// In the body's order.
    pub(super) members: Vec<(String, &'a RawValue)>,
    /// What is signed.
    pub(super) signed: String,
}

/// Reads the body.
pub(super) fn canonical(body: &str) -> Result<Canonical<'_>, SignatureError> {
    if body.len() > limits::WEBHOOK_BYTES {
        return Err(SignatureError::TooLong { found: body.len() });
    }
    if !body.trim_start().starts_with('{') {
        return Err(SignatureError::NotAnObject);
    }
    let members = members(body)?;
    let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_by(|a, b| by_code_units(a, b));
    let mut signed = String::with_capacity(body.len());
    write_object(&members, &names, 1, &mut signed)?;
    Ok(Canonical { members, signed })
}

/// As `Array.prototype.sort` compares: UTF-16 code units, which order other than characters above U+FFFF.
fn by_code_units(a: &str, b: &str) -> Ordering {
    a.encode_utf16().cmp(b.encode_utf16())
}

fn write_value(
    value: &RawValue,
    names: &[&str],
    depth: usize,
    out: &mut String,
) -> Result<(), SignatureError> {
    let text = value.get();
    match text.as_bytes().first() {
        Some(b'{') => write_object(&members(text)?, names, depth + 1, out),
        Some(b'[') => write_array(text, names, depth + 1, out),
        Some(b'"') => {
            let string: String = serde_json::from_str(text).map_err(|_| SignatureError::NotJson)?;
            write_string(&string, out);
            Ok(())
        }
        Some(b'-' | b'0'..=b'9') => write_number(text, out),
        _ => {
            out.push_str(text);
            Ok(())
        }
    }
}

fn write_object(
    members: &[(String, &RawValue)],
    names: &[&str],
    depth: usize,
    out: &mut String,
) -> Result<(), SignatureError> {
    check_depth(depth)?;
    out.push('{');
    let mut is_first = true;
    for name in names {
        let Some((_, value)) = members.iter().find(|(found, _)| found == name) else { continue };
        if !is_first {
            out.push(',');
        }
        is_first = false;
        write_string(name, out);
        out.push(':');
        write_value(value, names, depth, out)?;
    }
    out.push('}');
    Ok(())
}

fn write_array(
    text: &str,
    names: &[&str],
    depth: usize,
    out: &mut String,
) -> Result<(), SignatureError> {
    check_depth(depth)?;
    let values: Vec<&RawValue> = serde_json::from_str(text).map_err(|_| SignatureError::NotJson)?;
    out.push('[');
    for (place, value) in values.into_iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        write_value(value, names, depth, out)?;
    }
    out.push(']');
    Ok(())
}

/// As `JSON.stringify` quotes: nothing but quotes, backslashes and control characters is escaped. serde_json does the
/// same.
fn write_string(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

/// Through a double, as `JSON.parse` reads it and `Number::toString` writes it. serde_json's own reading of numbers is
/// not always the nearest double; the standard library's is.
fn write_number(text: &str, out: &mut String) -> Result<(), SignatureError> {
    let number: f64 = text.parse().map_err(|_| SignatureError::NotJson)?;
    let has_digits =
        text.split(['e', 'E']).next().is_some_and(|m| m.contains(|c| matches!(c, '1'..='9')));
    // Infinity would be signed as null, and what is too small as 0.
    if !number.is_finite() || (number == 0.0 && has_digits) {
        return Err(SignatureError::Number);
    }
    out.push_str(ryu_js::Buffer::new().format_finite(number));
    Ok(())
}

fn check_depth(depth: usize) -> Result<(), SignatureError> {
    if depth > limits::WEBHOOK_DEPTH { Err(SignatureError::TooDeep) } else { Ok(()) }
}

/// An object's members in their order.
fn members(text: &str) -> Result<Vec<(String, &RawValue)>, SignatureError> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let members = reader.deserialize_map(Members).map_err(|_| SignatureError::NotJson)?;
    reader.end().map_err(|_| SignatureError::NotJson)?;
    let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(SignatureError::DuplicateName);
    }
    if names.contains(&"__proto__") {
        return Err(SignatureError::Prototype);
    }
    Ok(members)
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}
