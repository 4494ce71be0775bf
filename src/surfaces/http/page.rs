//! The owner's page: one HTML document with its style and script in it, compiled in.
//!
//! It holds nothing of the wallet's; everything it shows it asks for with the owner's token. The policy it is sent with
//! must never allow a script, a style or a connection that is not its own.

use std::sync::LazyLock;

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest as _, Sha256};

/// The page. Open to everybody, as in seeds/004.
pub(super) async fn page() -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, PAGE.policy.clone()),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (PERMISSIONS, HeaderValue::from_static("camera=(), geolocation=(), microphone=()")),
        (OPENER, HeaderValue::from_static("same-origin")),
    ];
    (headers, PAGE.html.as_str()).into_response()
}

struct Page {
    html: String,
    policy: HeaderValue,
}

static PAGE: LazyLock<Page> = LazyLock::new(|| {
    let style = STYLES.concat();
    let script = SCRIPTS.concat();
    let html = HTML.replace("/*style*/", &style).replace("/*script*/", &script);
    let policy = format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; connect-src 'self'; img-src data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        hash(&script),
        hash(&style)
    );
    let policy = HeaderValue::from_str(&policy).expect("the policy is ASCII");
    Page { html, policy }
});

/// As a content security policy names a text.
fn hash(text: &str) -> String {
    format!("sha256-{}", BASE64.encode(Sha256::digest(text)))
}

const PERMISSIONS: HeaderName = HeaderName::from_static("permissions-policy");
const OPENER: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const HTML: &str = include_str!("page/page.html");
const STYLES: [&str; 2] = [include_str!("page/base.css"), include_str!("page/parts.css")];
const SCRIPTS: [&str; 8] = [
    include_str!("page/dom.js"),
    include_str!("page/wire.js"),
    include_str!("page/money.js"),
    include_str!("page/overview.js"),
    include_str!("page/payments.js"),
    include_str!("page/mandates.js"),
    include_str!("page/people.js"),
    include_str!("page/main.js"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_whole_and_asks_nobody_else() {
        assert!(!PAGE.html.contains("/*style*/") && !PAGE.html.contains("/*script*/"));
        let outside =
            ["http://", "https://", "innerHTML", "outerHTML", "insertAdjacentHTML", "eval("];
        for words in outside {
            assert!(!PAGE.html.contains(words), "{words}");
        }
        assert_eq!(PAGE.html.matches("<script>").count(), 1);
        assert!(!PAGE.html.contains(" style=") && !PAGE.html.contains(" onclick="));
    }

    #[test]
    fn the_policy_names_what_the_page_holds() {
        let policy = PAGE.policy.to_str().unwrap();
        let between = |open: &str, close: &str| {
            let rest = PAGE.html.split_once(open).unwrap().1;
            rest.split_once(close).unwrap().0
        };
        assert!(policy.contains(&hash(between("<script>", "</script>"))));
        assert!(policy.contains(&hash(between("<style>", "</style>"))));
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"));
    }
}
