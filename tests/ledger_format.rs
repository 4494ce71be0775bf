//! `docs/ledger-format.md` names every event the wallet can write, and every field of it, however deep.
//!
//! The types are read from the source: what is added there and not in the document is seen here.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Documented elsewhere: policies, mandates and reason codes in `docs/policy.md` and seeds/004, blocks by the protocol.
const ELSEWHERE: [&str; 4] = ["Mandate", "Policy", "ReasonCode", "SignedBlock"];

#[test]
fn every_event_and_every_field_is_in_the_document() {
    let types = types();
    let document = fs::read_to_string(root().join("docs/ledger-format.md")).unwrap();
    let mut missing = Vec::new();
    for variant in &types["Body"].variants {
        let named = format!("`{}`", variant.name);
        let rows: Vec<&str> = document.lines().filter(|line| line.contains(&named)).collect();
        if rows.is_empty() {
            missing.push(format!("{named}: not there at all"));
        }
        for field in fields_of(variant, &types, &mut BTreeSet::new()) {
            let is_said = |place: &str| words(place).any(|word| word == field.name);
            let is_there =
                if field.is_deep { is_said(&document) } else { rows.iter().any(|r| is_said(r)) };
            if !is_there {
                missing.push(format!("{named}: {}", field.name));
            }
        }
    }
    assert!(missing.is_empty(), "docs/ledger-format.md lacks:\n{}", missing.join("\n"));
}

/// A struct or an enum as its JSON has it. A struct has one variant without a name.
#[derive(Default)]
struct Type {
    variants: Vec<Variant>,
}

#[derive(Clone, Default)]
struct Variant {
    /// Its word, where the enum writes one.
    name: String,
    fields: Vec<Field>,
    /// The type whose fields are its own.
    inner: Option<String>,
}

#[derive(Clone)]
struct Field {
    name: String,
    of: String,
    is_flat: bool,
}

struct Found {
    name: String,
    /// Not one of the event's own: it may be said anywhere.
    is_deep: bool,
}

fn fields_of(
    variant: &Variant,
    types: &BTreeMap<String, Type>,
    seen: &mut BTreeSet<String>,
) -> Vec<Found> {
    let mut found = Vec::new();
    if let Some(inner) = &variant.inner {
        found.extend(of_type(inner, types, seen));
    }
    for field in &variant.fields {
        let below = of_type(&field.of, types, seen);
        if field.is_flat {
            found.extend(below);
            continue;
        }
        found.push(Found { name: field.name.clone(), is_deep: false });
        found.extend(below.into_iter().map(|found| Found { is_deep: true, ..found }));
    }
    found
}

fn of_type(name: &str, types: &BTreeMap<String, Type>, seen: &mut BTreeSet<String>) -> Vec<Found> {
    let Some(known) = types.get(name) else { return Vec::new() };
    if ELSEWHERE.contains(&name) || !seen.insert(name.to_owned()) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for variant in &known.variants {
        let is_named = !variant.name.is_empty();
        if is_named {
            found.push(Found { name: variant.name.clone(), is_deep: true });
        }
        let below = fields_of(variant, types, seen).into_iter();
        found.extend(below.map(|found| Found { is_deep: found.is_deep || is_named, ..found }));
    }
    found
}

/// Every type that is written as JSON, from the folders whose types stand in events.
fn types() -> BTreeMap<String, Type> {
    let mut types = BTreeMap::new();
    for folder in ["books", "payment", "policy", "money", "clock.rs"] {
        for file in sources(&root().join("src").join(folder)) {
            let text = fs::read_to_string(&file).unwrap();
            let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
            read_types(text, &mut types);
        }
    }
    types
}

fn read_types(text: &str, types: &mut BTreeMap<String, Type>) {
    let lines: Vec<&str> = text.lines().collect();
    let mut attributes = String::new();
    for (at, line) in lines.iter().enumerate() {
        if line.starts_with("#[") || line.starts_with(' ') || *line == ")]" {
            attributes.push_str(line);
            continue;
        }
        let is_written = attributes.contains("Serialize");
        let opened = ["pub struct ", "pub enum "].iter().find_map(|word| line.strip_prefix(word));
        if let (true, Some(name)) = (is_written, opened.and_then(|rest| rest.strip_suffix(" {"))) {
            let end = lines[at..].iter().position(|line| *line == "}").unwrap();
            let body = &lines[at + 1..at + end];
            let read = match line.starts_with("pub enum") {
                true => enum_variants(body, &attributes),
                false => vec![Variant {
                    fields: fields(body, "    pub ", &attributes),
                    ..Variant::default()
                }],
            };
            types.insert(name.to_owned(), Type { variants: read });
        }
        if !line.starts_with("///") {
            attributes.clear();
        }
    }
}

fn enum_variants(body: &[&str], attributes: &str) -> Vec<Variant> {
    let is_untagged = attributes.contains("untagged");
    let mut variants = Vec::new();
    let mut renamed = None;
    for (at, line) in body.iter().enumerate() {
        let Some(code) =
            line.strip_prefix("    ").filter(|code| !code.starts_with([' ', '/', '}']))
        else {
            continue;
        };
        if code.starts_with('#') {
            renamed = quoted(code, "rename = ").or(renamed);
            continue;
        }
        let word: String = code.chars().take_while(char::is_ascii_alphanumeric).collect();
        let name = match renamed.take() {
            Some(name) => name,
            None if is_untagged => String::new(),
            None => cased(
                &word,
                &quoted(attributes, "(rename_all = ")
                    .or_else(|| quoted(attributes, " rename_all = "))
                    .unwrap_or_default(),
            ),
        };
        let inner = code.strip_suffix("),").and_then(|code| Some(code.split_once('(')?.1));
        let inner = inner.map(bare);
        let fields = if code.ends_with('{') {
            let end = body[at..].iter().position(|line| line.starts_with("    }")).unwrap();
            fields(
                &body[at + 1..at + end],
                "        ",
                &attributes.replace("rename_all_fields", "rename_all"),
            )
        } else {
            Vec::new()
        };
        variants.push(Variant { name, fields, inner });
    }
    variants
}

fn fields(body: &[&str], indent: &str, attributes: &str) -> Vec<Field> {
    let mut found = Vec::new();
    let mut own = String::new();
    for line in body {
        let code = line.trim_start();
        if code.starts_with("#[") {
            own.push_str(code);
        }
        let declared = line.strip_prefix(indent).filter(|code| !code.starts_with([' ', '/', '#']));
        let Some((name, of)) = declared.and_then(|code| code.split_once(": ")) else { continue };
        let name = quoted(&own, "rename = ").unwrap_or_else(|| {
            if attributes.contains("camelCase") { camel(name) } else { name.to_owned() }
        });
        found.push(Field { name, of: bare(of), is_flat: own.contains("flatten") });
        own.clear();
    }
    found
}

/// What a type holds, without what it is held in.
fn bare(of: &str) -> String {
    let mut of = of.trim_end_matches(',');
    while let Some(inner) =
        ["Option<", "Vec<", "Box<"].iter().find_map(|held| of.strip_prefix(held))
    {
        of = inner.strip_suffix('>').unwrap_or(inner);
    }
    of.rsplit("::").next().unwrap_or_default().to_owned()
}

fn quoted(text: &str, after: &str) -> Option<String> {
    let rest = text.split_once(after)?.1.strip_prefix('"')?;
    rest.split('"').next().map(str::to_owned)
}

fn cased(word: &str, case: &str) -> String {
    let mut cased = String::new();
    for (at, c) in word.char_indices() {
        if case == "snake_case" && c.is_ascii_uppercase() && at > 0 {
            cased.push('_');
        }
        cased.push(if case.is_empty() { c } else { c.to_ascii_lowercase() });
    }
    cased
}

fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |whole, part| whole + &part[..1].to_ascii_uppercase() + &part[1..])
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
}

fn sources(place: &Path) -> Vec<PathBuf> {
    if place.is_file() {
        return vec![place.to_owned()];
    }
    let entries = fs::read_dir(place).unwrap().map(|entry| entry.unwrap().path());
    let is_source = |path: &PathBuf| path.is_dir() || path.extension().is_some_and(|e| e == "rs");
    entries.filter(is_source).flat_map(|path| sources(&path)).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
