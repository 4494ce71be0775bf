//! The OpenAPI documents in `docs/openapi/` are those the ports serve.

use std::path::Path;

use paywarden::surfaces::http::documents;

#[test]
fn the_documents_are_in_step() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openapi");
    for document in documents() {
        let text = serde_json::to_string_pretty(&document.value).unwrap() + "\n";
        let path = dir.join(document.file);
        if update() {
            std::fs::create_dir_all(&dir).unwrap();
            std::fs::write(&path, &text).unwrap();
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(found == text, "{}: UPDATE=1 rewrites it", document.file);
    }
}

#[expect(clippy::disallowed_methods, reason = "a test's own switch")]
fn update() -> bool {
    std::env::var_os("UPDATE").is_some_and(|value| value == "1")
}
