//! `paywarden wallet history`: everything that went in and out, page by page, for a person, a program or a spreadsheet.
//!
//! A cell must never begin with what a spreadsheet takes for a formula: memos are written by others.

use std::fmt;

use serde_json::{Map, Value, json};

use super::args::History;
use super::escape::escape;
use super::print::{Exit, Printer, Trouble};
use super::run::{ask, text};
use super::spend::add_index;
use crate::limits;
use crate::operations::Gate;

/// Prints entries newest first, until the limit, the first day or the beginning.
pub(super) async fn history(
    gate: &dyn Gate,
    wanted: &History,
    printer: Printer,
) -> Result<Exit, Trouble> {
    if wanted.csv {
        printer.line(COLUMNS.join(","))?;
    }
    let mut cursor: Option<String> = None;
    let mut left = wanted.limit.unwrap_or(u64::MAX);
    loop {
        let mut arguments = Map::new();
        add_index(&mut arguments, wanted.index);
        arguments.insert("limit".to_owned(), json!(limits::PAGE_MAX));
        if let Some(cursor) = cursor {
            arguments.insert("cursor".to_owned(), json!(cursor));
        }
        let page = ask(gate, "wallet.history", Value::Object(arguments)).await?.output;
        for entry in page["entries"].as_array().into_iter().flatten() {
            let day = text(entry, "at").get(..DAY_CHARS).unwrap_or_default();
            if wanted.from.as_deref().is_some_and(|from| day < from) || left == 0 {
                return Ok(Exit::Done);
            }
            if wanted.to.as_deref().is_some_and(|to| day > to) {
                continue;
            }
            print_entry(entry, wanted.csv, printer)?;
            left -= 1;
        }
        match page.get("next_cursor").and_then(Value::as_str) {
            Some(next) if left > 0 => cursor = Some(next.to_owned()),
            _ => return Ok(Exit::Done),
        }
    }
}

fn print_entry(entry: &Value, csv: bool, printer: Printer) -> Result<(), Trouble> {
    if csv {
        let foreign = if entry["foreign"] == true { "yes" } else { "" };
        let cells = COLUMNS[..COLUMNS.len() - 1].iter().map(|column| text(entry, column));
        let row: Vec<String> = cells.chain([foreign]).map(|cell| Cell(cell).to_string()).collect();
        return Ok(printer.line(row.join(","))?);
    }
    if printer.is_json() {
        return printer.json_line(entry);
    }
    let (at, kind) = (text(entry, "at"), text(entry, "kind"));
    let (amount, other) = (text(entry, "amount"), text(entry, "counterparty"));
    let foreign = if entry["foreign"] == true { "  NOT SIGNED BY THIS WALLET" } else { "" };
    let memo = match entry["memo"].as_str() {
        Some(memo) => format!("  {}", escape(memo)),
        None => String::new(),
    };
    Ok(printer.line(format_args!("{at}  {kind:7}  {amount} XNO  {other}{memo}{foreign}"))?)
}

/// One cell of CSV (RFC 4180), quoted where it must be and with a quote before what looks like a formula.
struct Cell<'a>(&'a str);

impl fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let guard = if self.0.starts_with(FORMULA) { "'" } else { "" };
        let escaped = escape(self.0).to_string().replace('"', "\"\"");
        if guard.is_empty() && !self.0.contains(QUOTED) {
            f.write_str(&escaped)
        } else {
            write!(f, "\"{guard}{escaped}\"")
        }
    }
}

/// A day as `YYYY-MM-DD`.
///
/// # Errors
/// With a sentence, when it is none.
pub(super) fn day(text: &str) -> Result<String, String> {
    let digits = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let parts: Vec<&str> = text.split('-').collect();
    match parts[..] {
        [year, month, day] if digits(year, 4) && digits(month, 2) && digits(day, 2) => {
            let fits = ("01"..="12").contains(&month) && ("01"..="31").contains(&day);
            if fits { Ok(text.to_owned()) } else { Err("there is no such day".to_owned()) }
        }
        _ => Err("a day is written as 2026-01-31".to_owned()),
    }
}

const DAY_CHARS: usize = 10;
const COLUMNS: [&str; 9] = [
    "at",
    "kind",
    "amount",
    "amount_raw",
    "counterparty",
    "block_hash",
    "payment_id",
    "memo",
    "foreign",
];
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];
const QUOTED: [char; 4] = ['"', ',', '\n', '\r'];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_no_formula() {
        for (text, cell) in [
            ("tea", "tea"),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("=1+1", "\"'=1+1\""),
            ("-2", "\"'-2\""),
            ("+1", "\"'+1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
        ] {
            assert_eq!(Cell(text).to_string(), cell);
        }
        assert!(!Cell("a\nb").to_string().contains('\u{1b}'));
    }

    #[test]
    fn days_are_days() {
        assert!(day("2026-01-31").is_ok());
        for bad in
            ["2026-1-31", "2026-13-01", "2026-00-10", "2026-01-32", "today", "", "2026-01-01-01"]
        {
            assert!(day(bad).is_err(), "{bad}");
        }
    }
}
