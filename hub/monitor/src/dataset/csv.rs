//! CSV: UTF-8, comma, header, LF, quotes only where they are needed (RFC 4180).

use std::io;

use super::{Format, Hashed};
use crate::sheet::{Sheet, Sink, Value, decimal};

pub(super) const FORMAT: Format = Format {
    ending: "csv",
    media: "text/csv",
    kind: "CSV",
    open,
};

struct Rows(csv::Writer<Hashed>);

fn open(sheet: &Sheet, file: Hashed) -> io::Result<Box<dyn Sink>> {
    let mut writer = csv::Writer::from_writer(file);
    writer.write_record(sheet.columns.iter().map(|column| column.name))?;
    Ok(Box::new(Rows(writer)))
}

impl Sink for Rows {
    fn row(&mut self, row: &[Value<'_>]) -> io::Result<()> {
        for value in row {
            match value {
                Value::Empty => self.0.write_field("")?,
                Value::Text(text) => self.0.write_field(text)?,
                Value::Whole(whole) => self.0.write_field(whole.to_string())?,
                Value::Hundredths(hundredths) => self.0.write_field(decimal(*hundredths))?,
            }
        }
        self.0.write_record(None::<&[u8]>)?;
        Ok(())
    }

    fn finish(self: Box<Self>) -> io::Result<Hashed> {
        self.0
            .into_inner()
            .map_err(|error| io::Error::other(error.to_string()))
    }
}
