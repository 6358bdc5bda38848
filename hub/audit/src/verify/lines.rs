//! An export, read line by line.

use std::io::{self, BufRead, Read};

use crate::entry::{Entry, LINE_BYTES};
use crate::export::Header;
use crate::problem::Fault;

use super::{Expected, Verdict, Verifier};

/// Verifies an export line by line.
#[derive(Debug)]
pub struct LineVerifier {
    verifier: Verifier,
    empty: bool,
}

impl LineVerifier {
    /// Begins with the first line.
    #[must_use]
    pub fn new(expected: Expected) -> Self {
        Self {
            verifier: Verifier::new(expected),
            empty: true,
        }
    }

    /// Takes the next line, without its end.
    pub fn line(&mut self, line: &[u8]) {
        let first = std::mem::replace(&mut self.empty, false);
        match std::str::from_utf8(line) {
            Ok(text) if first => self.begin(text),
            Ok(text) => match Entry::from_line(text) {
                Ok(entry) => self.verifier.entry(&entry),
                Err(error) => self.verifier.unreadable(&error.to_string()),
            },
            Err(_) => self.verifier.unreadable("it is not UTF-8"),
        }
    }

    /// What was found.
    #[must_use]
    pub fn finish(mut self) -> Verdict {
        if self.empty {
            let text = "the file is empty".to_owned();
            self.verifier.report(None, Fault::Header, text);
        }
        self.verifier.finish()
    }

    /// The first line: the header, or an entry where somebody took the header away.
    fn begin(&mut self, text: &str) {
        let error = match Header::from_line(text) {
            Ok(header) => return self.verifier.header(header),
            Err(error) => error,
        };
        let words = |why: &str| format!("the first line of the export is not in order: {why}");
        match Entry::from_line(text) {
            Ok(entry) => {
                self.verifier
                    .report(None, Fault::Header, words("it is missing"));
                self.verifier.entry(&entry);
            }
            Err(_) => {
                self.verifier.line += 1;
                self.verifier
                    .report(None, Fault::Header, words(&error.to_string()));
            }
        }
    }
}

/// Verifies an export. No more than one line is held.
///
/// # Errors
/// When `file` cannot be read.
pub fn verify_lines(mut file: impl BufRead, expected: Expected) -> io::Result<Verdict> {
    let mut verifier = LineVerifier::new(expected);
    let mut line = Vec::new();
    while next_line(&mut file, &mut line)? {
        verifier.line(&line);
    }
    Ok(verifier.finish())
}

/// The next line without its end; `false` at the end of the file. Of a line that is too long only
/// the beginning is kept, which then is no entry.
fn next_line(file: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let most = u64::try_from(LINE_BYTES).unwrap_or(u64::MAX);
    file.by_ref().take(most).read_until(b'\n', line)?;
    if line.last() == Some(&b'\n') {
        line.pop();
        return Ok(true);
    }
    if line.len() == LINE_BYTES {
        let mut rest = Vec::new();
        loop {
            rest.clear();
            let read = file.by_ref().take(most).read_until(b'\n', &mut rest)?;
            if read == 0 || rest.last() == Some(&b'\n') {
                break;
            }
        }
        // Never a whole entry, however the rest was.
        line.truncate(LINE_BYTES / 2);
    }
    Ok(!line.is_empty())
}
