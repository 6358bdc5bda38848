//! The offers that registrations of a period may belong to, remembered for as long as it can be corrected.
//!
//! Course software takes a course out of its catalogue when it has ended, and its registrations are in the list of the
//! quarter all the same. Without a memory all of them would count as of an unknown subject at the close. What is
//! remembered is public: names of offers and runs that the catalogue had, and what the tables take from them.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use calluna_figures::{KnownOffer, OfferIndex};
use calluna_host::durable::{FileError, write_file};
use calluna_model::id::OfferId;
use calluna_tables::{OfferFacts, Period};
use serde::{Deserialize, Serialize};

use super::FiguresError;
use super::book::{Book, Writer};

/// What a period's file is called after its period.
const ENDING: &str = ".offers";

/// A line of the file.
#[derive(Serialize, Deserialize)]
struct Line {
    id: String,
    #[serde(default)]
    runs: Vec<String>,
    #[serde(default)]
    facts: OfferFacts,
}

/// Adds to the offers of today what is remembered for the period.
///
/// # Errors
/// When the file cannot be read. A line that says nothing is passed over.
pub fn recall(book: &Book, period: Period, index: &mut OfferIndex) -> Result<(), FiguresError> {
    let path = path(book, period);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        // Half a file cannot be there, since it is replaced whole; what is no text says nothing.
        Err(error) if error.kind() == ErrorKind::InvalidData => return Ok(()),
        Err(error) => return Err(FileError::when("read", &path)(error).into()),
    };
    let lines = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    lines.filter_map(known).for_each(|old| index.remember(old));
    Ok(())
}

/// Remembers every offer that is known for the period.
///
/// # Errors
/// When the file cannot be written.
pub fn note(writer: &Writer, period: Period, index: &OfferIndex) -> Result<(), FiguresError> {
    let path = path(writer.book(), period);
    let mut text = Vec::new();
    for known in index.known() {
        let line = Line {
            id: known.id.to_string(),
            runs: known.runs.iter().map(ToString::to_string).collect(),
            facts: known.facts.clone(),
        };
        serde_json::to_writer(&mut text, &line).map_err(|_| FiguresError::TooLarge)?;
        text.push(b'\n');
    }
    if fs::read(&path).is_ok_and(|before| before == text) {
        return Ok(());
    }
    Ok(write_file(&path, &text, 0o600).map_err(FileError::when("write", &path))?)
}

/// Forgets them, when the period can no longer be corrected.
///
/// # Errors
/// When the file cannot be removed.
pub fn forget(writer: &Writer, period: Period) -> Result<(), FiguresError> {
    let path = path(writer.book(), period);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(FileError::when("remove", &path)(error).into())
        }
        _ => Ok(()),
    }
}

fn path(book: &Book, period: Period) -> PathBuf {
    book.folder().join(format!("{period}{ENDING}"))
}

fn known(line: Line) -> Option<KnownOffer> {
    let runs = line.runs.iter().filter_map(|name| name.parse().ok());
    Some(KnownOffer {
        id: line.id.parse::<OfferId>().ok()?,
        runs: runs.collect(),
        facts: line.facts,
    })
}
