//! JSON: one object with the names of the columns and an array of rows, each an array in their order.
//! What is empty in CSV is `null`.

use std::io::{self, Write};

use super::{Format, Hashed};
use crate::sheet::{Sheet, Sink, Value, decimal};

pub(super) const FORMAT: Format = Format {
    ending: "json",
    media: "application/json",
    kind: "JSON",
    open,
};

struct Rows {
    file: Hashed,
    first: bool,
}

fn open(sheet: &Sheet, mut file: Hashed) -> io::Result<Box<dyn Sink>> {
    let names: Vec<&str> = sheet.columns.iter().map(|column| column.name).collect();
    write!(
        file,
        "{{\"columns\":{},\"rows\":[",
        serde_json::to_string(&names)?
    )?;
    Ok(Box::new(Rows { file, first: true }))
}

impl Sink for Rows {
    fn row(&mut self, row: &[Value<'_>]) -> io::Result<()> {
        self.file
            .write_all(if self.first { b"\n[" } else { b",\n[" })?;
        self.first = false;
        for (at, value) in row.iter().enumerate() {
            if at > 0 {
                self.file.write_all(b",")?;
            }
            match value {
                Value::Empty => self.file.write_all(b"null")?,
                Value::Text(text) => serde_json::to_writer(&mut self.file, text)?,
                Value::Whole(whole) => write!(self.file, "{whole}")?,
                Value::Hundredths(hundredths) => {
                    self.file.write_all(decimal(*hundredths).as_bytes())?
                }
            }
        }
        self.file.write_all(b"]")
    }

    fn finish(mut self: Box<Self>) -> io::Result<Hashed> {
        self.file.write_all(b"\n]}\n")?;
        Ok(self.file)
    }
}
