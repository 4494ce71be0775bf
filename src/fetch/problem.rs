//! What a provider says about an error: problem details (RFC 9457), `{"error": ...}`, or plain words.
//!
//! This module must never pass on unbounded words, nor markup that was meant for a browser.

use serde_json::Value;

use super::quote;

/// The provider's words, capped and escaped; `None` if it said nothing of use.
pub fn words(body: &[u8]) -> Option<String> {
    let Ok(json) = serde_json::from_slice::<Value>(body) else {
        let text = String::from_utf8_lossy(body);
        return useful(&text).filter(|text| !text.starts_with('<'));
    };
    let said =
        ["detail", "title", "message", "error"].into_iter().find_map(|name| match &json[name] {
            Value::Object(inner) => inner.get("message")?.as_str().and_then(useful),
            other => other.as_str().and_then(useful),
        });
    let said = said.or_else(|| json.as_str().and_then(useful));
    match (said, first_field_error(&json)) {
        (Some(said), Some(error)) => useful(&format!("{said} ({error})")),
        (said, error) => said.or(error),
    }
}

/// `"errors": {"field": ["words", ...]}` of ASP.NET.
fn first_field_error(json: &Value) -> Option<String> {
    let (field, said) = json["errors"].as_object()?.iter().next()?;
    useful(&format!("{field}: {}", said.get(0).unwrap_or(said).as_str()?))
}

fn useful(text: &str) -> Option<String> {
    Some(quote(text)).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits;

    #[test]
    fn words_are_found_where_providers_put_them() {
        let cases = [
            (r#"{"title":"T","detail":"D","status":422}"#, Some("D")),
            (r#"{"title":"T","detail":null}"#, Some("T")),
            (r#"{"title":"T","errors":{"assetId":["unknown","x"]}}"#, Some("T (assetId: unknown)")),
            (r#"{"errors":{"assetId":"unknown"}}"#, Some("assetId: unknown")),
            (r#"{"error":"no key"}"#, Some("no key")),
            (r#"{"error":{"message":"no key"}}"#, Some("no key")),
            (r#""just words""#, Some("just words")),
            ("plain words", Some("plain words")),
            ("<html>502</html>", None),
            ("", None),
            ("{}", None),
            ("[]", None),
            (r#"{"detail":7}"#, None),
            ("\u{1b}[2J", Some("\\u{1b}[2J")),
        ];
        for (body, expected) in cases {
            assert_eq!(words(body.as_bytes()).as_deref(), expected, "{body}");
        }
        assert_eq!(words(b"\xff\xfe").unwrap(), "\u{fffd}\u{fffd}");
    }

    #[test]
    fn words_have_an_end() {
        let long = format!("{{\"detail\":\"{}\"}}", "x".repeat(limits::QUOTE_CHARS + 1));
        assert_eq!(words(long.as_bytes()).unwrap().len(), limits::QUOTE_CHARS + "...".len());
    }
}
