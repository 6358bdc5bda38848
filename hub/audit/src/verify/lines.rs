//! An export, read line by line.

use std::io::{self, BufRead, Read};

use crate::entry::{Entry, LINE_BYTES};
use crate::export::Header;
use crate::problem::Fault;

use super::{Expected, Verdict, Verifier};

/// Verifies an export. No more than one line is held.
///
/// # Errors
/// When `file` cannot be read.
pub fn verify_lines(mut file: impl BufRead, expected: Expected) -> io::Result<Verdict> {
    let mut verifier = Verifier::new(expected);
    let mut line = Vec::new();
    let mut first = true;
    while next_line(&mut file, &mut line)? {
        let text = std::str::from_utf8(&line);
        match text.map_err(|_| "it is not UTF-8".to_owned()) {
            Ok(text) if first => begin(&mut verifier, text),
            Ok(text) => match Entry::from_line(text) {
                Ok(entry) => verifier.entry(&entry),
                Err(error) => verifier.unreadable(&error.to_string()),
            },
            Err(why) => verifier.unreadable(&why),
        }
        first = false;
    }
    if first {
        verifier.report(None, Fault::Header, "the file is empty".to_owned());
    }
    Ok(verifier.finish())
}

/// The first line: the header, or an entry where somebody took the header away.
fn begin(verifier: &mut Verifier, text: &str) {
    let error = match Header::from_line(text) {
        Ok(header) => return verifier.header(header),
        Err(error) => error,
    };
    let text_of = |why: &str| format!("the first line of the export is not in order: {why}");
    match Entry::from_line(text) {
        Ok(entry) => {
            verifier.report(None, Fault::Header, text_of("it is missing"));
            verifier.entry(&entry);
        }
        Err(_) => {
            verifier.line += 1;
            verifier.report(None, Fault::Header, text_of(&error.to_string()));
        }
    }
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
