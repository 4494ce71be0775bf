//! The rules of ARCHITECTURE.md that a machine can check: arrows, sizes, forbidden calls.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Layer by layer, what a folder may import besides itself. `limits`, `clock`, `ids`, `digest` and `failure` are open
/// to all but the pure modules, which get theirs by name.
const ARROWS: &[(&str, &[&str])] = &[
    ("money", &["limits"]),
    ("nano", &["money", "limits", "text"]),
    ("evm", &["money", "text"]),
    ("ledger", &["clock", "digest", "limits"]),
    ("policy", &["money", "nano", "ids", "digest", "clock", "limits"]),
    ("payment", &["money", "nano", "policy", "ids", "digest", "clock", "limits"]),
    (
        "books",
        &[
            "payment", "policy", "ledger", "nano", "money", "ids", "digest", "clock", "limits",
            "secret",
        ],
    ),
    ("store", &["books", "ledger", "clock", "digest", "limits", "ids", "nano", "policy"]),
    ("fetch", &["clock", "limits", "secret"]),
    ("network", &["fetch", "nano", "money", "clock", "limits", "secret"]),
    ("providers", &["fetch", "money", "nano", "digest", "clock", "limits", "secret"]),
    (
        "wallet",
        &["store", "network", "policy", "evm", "nano", "money", "limits", "secret", "clock"],
    ),
    (
        "rails",
        &[
            "wallet", "network", "fetch", "payment", "policy", "evm", "nano", "money", "ids",
            "digest", "clock", "limits", "secret",
        ],
    ),
    ("providers", &["network", "fetch", "nano", "money", "digest", "clock", "limits", "secret"]),
    (
        "engine",
        &[
            "providers",
            "rails",
            "wallet",
            "network",
            "fetch",
            "store",
            "books",
            "payment",
            "policy",
            "ledger",
            "evm",
            "nano",
            "money",
            "ids",
            "digest",
            "clock",
            "limits",
            "failure",
            "secret",
        ],
    ),
    (
        "operations",
        &[
            "engine",
            "rails",
            "fetch",
            "providers",
            "books",
            "payment",
            "policy",
            "ledger",
            "nano",
            "money",
            "ids",
            "clock",
            "limits",
            "failure",
            "secret",
            "store",
            "digest",
        ],
    ),
    ("surfaces", &["operations", "failure", "limits", "clock", "secret", "ids"]),
    (
        "process",
        &[
            "surfaces",
            "operations",
            "engine",
            "rails",
            "providers",
            "payment",
            "wallet",
            "network",
            "rails",
            "store",
            "books",
            "policy",
            "nano",
            "money",
            "ids",
            "clock",
            "limits",
            "failure",
            "config",
            "ledger",
            "secret",
            "digest",
            "fetch",
        ],
    ),
    ("sandbox", &["network", "evm", "nano", "money", "clock", "limits"]),
    ("clock", &[]),
    ("digest", &["text"]),
    ("failure", &[]),
    ("ids", &["clock"]),
    ("limits", &[]),
    ("secret", &[]),
    ("text", &[]),
];

/// Nothing here may be named in a pure module.
const IMPURE: &[&str] = &[
    "tokio",
    "redb",
    "reqwest",
    "rmcp",
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "SystemTime",
    "Instant::now",
    "getrandom",
    "tracing",
];
const PURE: &[&str] = &["money", "evm", "nano", "policy", "ledger", "payment", "books"];

const LINES_MAX: usize = 600;
const LINES_MEDIAN: usize = 200;
const FUNCTION_LINES_MAX: usize = 75;

struct Source {
    module: String,
    path: String,
    text: String,
}

/// A defence nobody shows is a claim: each row names tests, and these are there.
#[test]
fn every_row_of_the_threat_model_names_its_tests() {
    let text = fs::read_to_string("docs/threat-model.md").unwrap();
    let (_, defended) = text.split_once("## Defended").unwrap();
    let (defended, _) = defended.split_once("## Not defended").unwrap();
    let mut files = Vec::new();
    for dir in ["src", "tests"] {
        collect(Path::new(dir), &mut files);
    }
    let sources: String = files.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let rows: Vec<&str> = defended.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    assert!(rows.len() > 20, "{}", rows.len());
    for row in rows {
        let shown = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        let names: Vec<&str> = shown.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "no test: {row}");
        for name in names {
            assert!(sources.contains(&format!("fn {name}(")), "there is no test {name}");
        }
    }
}

#[test]
fn arrows_point_one_way() {
    let arrows: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let mut wrong = Vec::new();
    for source in sources() {
        let Some(allowed) = arrows.get(source.module.as_str()) else { continue };
        for target in imports(without_tests(&source.text)) {
            if target != source.module && !allowed.contains(&target.as_str()) {
                wrong.push(format!("{} imports {target}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_folder_has_its_arrows() {
    let known: Vec<&str> = ARROWS.iter().map(|(module, _)| *module).collect();
    for source in sources() {
        let free = ["lib", "main", "config"].contains(&source.module.as_str());
        assert!(free || known.contains(&source.module.as_str()), "{} has no row", source.module);
    }
}

#[test]
fn only_main_config_and_tests_know_the_sandbox() {
    for source in sources() {
        let may = ["sandbox", "main", "config", "lib"].contains(&source.module.as_str());
        let knows = imports(without_tests(&source.text)).iter().any(|target| target == "sandbox");
        assert!(may || !knows, "{} imports the sandbox", source.path);
    }
}

#[test]
fn the_core_is_pure() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| PURE.contains(&source.module.as_str())) {
        for (number, line) in code_lines(without_tests(&source.text)) {
            for word in IMPURE {
                if line.contains(word) {
                    wrong.push(format!("{}:{number}: {word}", source.path));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn forbidden_calls_stay_where_they_belong() {
    let rules: &[(&[&str], &[&str])] = &[
        (&["println!", "print!(", "std::io::stdout"], &["surfaces/cli", "surfaces/mcp", "main.rs"]),
        (&["SystemTime::now", "Instant::now", "tokio::time::"], &["clock.rs", "sandbox/clock.rs"]),
        (&["env::var"], &["config.rs"]),
        (&[".unwrap()", "todo!", "unimplemented!", "dbg!"], &[]),
        (&["unsafe "], &["nano/work/kernel"]),
        (&[".process(&"], &["engine/drive.rs", "network", "sandbox"]),
        (&[".pay_topup("], &["engine/topup.rs"]),
        (&["sign_spend("], &["engine/sign.rs", "wallet/keystore.rs"]),
        (&["sign_authorization("], &["engine", "wallet/keystore.rs"]),
        (&["Grant::new("], &["policy/decide.rs"]),
    ];
    let mut wrong = Vec::new();
    for source in sources() {
        for (number, line) in code_lines(without_tests(&source.text)) {
            for (words, places) in rules {
                let here = places.iter().any(|place| source.path.contains(place));
                for word in words.iter().filter(|word| !here && line.contains(**word)) {
                    wrong.push(format!("{}:{number}: {word}", source.path));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn files_and_functions_fit() {
    let sources = sources();
    let mut lengths: Vec<usize> = Vec::new();
    let mut wrong = Vec::new();
    for source in &sources {
        let lines = source.text.lines().count();
        lengths.push(lines);
        if lines > LINES_MAX {
            wrong.push(format!("{} has {lines} lines", source.path));
        }
        for (name, lines) in functions(without_tests(&source.text)) {
            if lines > FUNCTION_LINES_MAX {
                wrong.push(format!("{}: {name} has {lines} lines", source.path));
            }
        }
    }
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    println!("{} files, median {median}, longest {:?} lines", lengths.len(), lengths.last());
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(median <= LINES_MEDIAN, "the median file has {median} lines");
}

#[test]
fn modules_say_what_they_are() {
    for source in sources().iter().filter(|source| source.module != "lib") {
        let first = source.text.lines().next().unwrap_or_default();
        assert!(first.starts_with("//! "), "{} has no module doc", source.path);
    }
}

#[test]
fn the_checker_sees_what_it_should() {
    let text = "use crate::engine::{Engine, Paid};\nuse crate::{store, books::View};\nfn f() { crate::nano::x() }\n";
    let mut found = imports(text);
    found.sort();
    assert_eq!(found, ["books", "engine", "nano", "store"]);
    let long = format!("fn long() {{\n{}}}\n", "    let x = 1;\n".repeat(80));
    assert_eq!(functions(&long), [("fn long() {".to_owned(), 82)]);
    let declared = format!("    fn declared(\n        &self,\n    );\n}}\n{long}");
    assert_eq!(functions(&declared), functions(&long));
    assert!(
        without_tests("a\n#[cfg(test)]\nmod tests {\n b\n}\n").lines().all(|line| line != " b")
    );
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    files
        .into_iter()
        .map(|file| {
            let path = file.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
            let module = path.split('/').next().unwrap().trim_end_matches(".rs").to_owned();
            Source { module, text: fs::read_to_string(&file).unwrap(), path }
        })
        .filter(|source| !source.path.contains("/tests"))
        .collect()
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}

/// Everything before the first test module: tests stand at the bottom of a file.
fn without_tests(text: &str) -> &str {
    text.find("#[cfg(test)]\nmod tests {").map_or(text, |end| &text[..end])
}

/// First path segments after `crate::`, in `use` trees and in paths.
fn imports(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (_, line) in code_lines(text) {
        for (at, _) in line.match_indices("crate::") {
            if line[..at].ends_with("$") || line[..at].ends_with(|c: char| c.is_alphanumeric()) {
                continue;
            }
            let rest = &line[at + "crate::".len()..];
            if let Some(tree) = rest.strip_prefix('{') {
                let tree = tree.split('}').next().unwrap_or_default();
                found.extend(tree.split(',').map(|part| segment(part.trim())));
            } else {
                found.push(segment(rest));
            }
        }
    }
    found.retain(|name| !name.is_empty());
    found
}

fn segment(path: &str) -> String {
    path.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// Functions with their length in lines, by indentation: rustfmt closes each where it opened.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let opens = [
            "fn ",
            "pub fn ",
            "async fn ",
            "pub async fn ",
            "pub(super) fn ",
            "pub(super) async fn ",
            "pub(crate) fn ",
            "pub const fn ",
            "const fn ",
        ]
        .iter()
        .any(|word| code.starts_with(word));
        // A declaration in a trait has no body, whatever stands below it.
        let end = lines[start..].iter().find(|line| line.ends_with(['{', '}', ';']));
        if !opens || !end.is_some_and(|end| end.ends_with('{')) {
            continue;
        }
        let indent = line.len() - code.len();
        let close = format!("{}}}", " ".repeat(indent));
        if let Some(length) = lines[start..].iter().position(|line| *line == close) {
            found.push((code.to_owned(), length + 1));
        }
    }
    found
}
