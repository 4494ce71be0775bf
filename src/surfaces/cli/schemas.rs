//! `paywarden schemas`: the tools as files, so that a change of them is seen in review.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};

use super::args::Schemas;
use super::print::{Exit, Printer, Trouble};
use crate::failure::Failure;
use crate::surfaces::mcp;

/// Writes or compares the files.
///
/// # Errors
/// When a directory or file cannot be read or written.
pub fn schemas(arguments: &Schemas, printer: Printer) -> Result<Exit, Trouble> {
    let files = files()?;
    match &arguments.check {
        Some(dir) => check(dir, &files, printer),
        None => write(&arguments.out, &files, printer),
    }
}

/// Every tool's file by its name.
///
/// # Errors
/// Never on this version's own tools.
pub fn files() -> Result<BTreeMap<String, String>, Failure> {
    let broken = |error: &dyn std::fmt::Display| {
        Failure::internal("SCHEMAS", format!("a tool cannot be written as JSON: {error}"))
    };
    let tools = mcp::offered_tools(&mcp::Options::default()).map_err(|e| broken(&e))?;
    let mut files = BTreeMap::new();
    for tool in tools {
        let value = serde_json::to_value(&tool).map_err(|e| broken(&e))?;
        let text = serde_json::to_string_pretty(&File::of(&value)).map_err(|e| broken(&e))?;
        files.insert(format!("{}.json", tool.name), format!("{text}\n"));
    }
    Ok(files)
}

/// A tool with its fields in the order a person reads them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct File<'a> {
    name: &'a Value,
    title: &'a Value,
    description: &'a Value,
    input_schema: &'a Value,
    output_schema: &'a Value,
    annotations: &'a Value,
    #[serde(rename = "_meta")]
    meta: &'a Value,
}

impl<'a> File<'a> {
    fn of(tool: &'a Value) -> Self {
        Self {
            name: &tool["name"],
            title: &tool["title"],
            description: &tool["description"],
            input_schema: &tool["inputSchema"],
            output_schema: &tool["outputSchema"],
            annotations: &tool["annotations"],
            meta: &tool["_meta"],
        }
    }
}

fn write(dir: &Path, files: &BTreeMap<String, String>, printer: Printer) -> Result<Exit, Trouble> {
    fs::create_dir_all(dir).map_err(|error| unusable(dir, &error))?;
    for (name, text) in files {
        fs::write(dir.join(name), text).map_err(|error| unusable(dir, &error))?;
    }
    if printer.is_json() {
        printer.value(&json!({ "written": files.keys().collect::<Vec<_>>() }))?;
    } else {
        printer.line(format_args!("{} schemas written to {}", files.len(), dir.display()))?;
    }
    Ok(Exit::Done)
}

fn check(dir: &Path, files: &BTreeMap<String, String>, printer: Printer) -> Result<Exit, Trouble> {
    let differences = differences(dir, files).map_err(|error| unusable(dir, &error))?;
    if printer.is_json() {
        printer.value(&json!({ "differences": differences }))?;
    } else {
        for difference in &differences {
            printer.line(difference)?;
        }
    }
    if differences.is_empty() {
        return Ok(Exit::Done);
    }
    let command = format!("paywarden schemas --out {}", dir.display());
    printer.note(format_args!("hint: `{command}` brings the files in step"));
    Ok(Exit::Refused)
}

/// What in the directory is not as this version has it, one line for each file.
fn differences(dir: &Path, files: &BTreeMap<String, String>) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    for (name, text) in files {
        match fs::read_to_string(dir.join(name)) {
            // A checkout on Windows may have turned line ends.
            Ok(there) if there.replace("\r\n", "\n") == *text => {}
            Ok(_) => found.push(format!("{name} differs")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                found.push(format!("{name} is missing"));
            }
            Err(error) => return Err(error),
        }
    }
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".json") && !files.contains_key(&name) {
            found.push(format!("{name} belongs to no tool"));
        }
    }
    Ok(found)
}

fn unusable(dir: &Path, error: &io::Error) -> Failure {
    let message = format!("{} cannot be used: {error}", dir.display());
    Failure::invalid("SCHEMAS_DIRECTORY", message)
}
