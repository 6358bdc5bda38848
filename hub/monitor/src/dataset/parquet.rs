//! Parquet, by the low-level column writer: text as UTF-8 strings, whole numbers as INT64, others as
//! DOUBLE. What is empty in CSV is null. Not compressed: codes repeat, so the dictionary encoding
//! already makes them a few bits each, and every reader can read it.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;

use super::{Format, Hashed};
use crate::sheet::{Column, Kind, Sheet, Sink, Value};

pub(super) const FORMAT: Format = Format {
    ending: "parquet",
    media: "application/vnd.apache.parquet",
    kind: "PARQUET",
    open,
};

/// Rows held back until they are written together.
const BATCH: usize = 65_536;

struct Rows {
    writer: SerializedFileWriter<Hashed>,
    columns: Vec<Batch>,
    rows: usize,
}

/// Values of one column, and for each row whether it has one.
struct Batch {
    required: bool,
    defined: Vec<i16>,
    values: Values,
}

enum Values {
    Text(Vec<ByteArray>, HashMap<String, ByteArray>),
    Whole(Vec<i64>),
    Number(Vec<f64>),
}

fn open(sheet: &Sheet, file: Hashed) -> io::Result<Box<dyn Sink>> {
    let begin = || -> Result<Rows, ParquetError> {
        let mut fields = Vec::new();
        for column in &sheet.columns {
            fields.push(Arc::new(field(column)?));
        }
        let schema = Type::group_type_builder("calluna")
            .with_fields(fields)
            .build()?;
        let properties = WriterProperties::builder().build();
        Ok(Rows {
            writer: SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties))?,
            columns: sheet.columns.iter().map(Batch::new).collect(),
            rows: 0,
        })
    };
    Ok(Box::new(begin().map_err(io::Error::other)?))
}

fn field(column: &Column) -> Result<Type, ParquetError> {
    let (physical, logical) = match column.kind {
        Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Whole => (Physical::INT64, None),
        Kind::Number => (Physical::DOUBLE, None),
    };
    let repetition = if column.required {
        Repetition::REQUIRED
    } else {
        Repetition::OPTIONAL
    };
    Type::primitive_type_builder(column.name, physical)
        .with_logical_type(logical)
        .with_repetition(repetition)
        .build()
}

impl Batch {
    fn new(column: &Column) -> Self {
        Self {
            required: column.required,
            defined: Vec::new(),
            values: match column.kind {
                Kind::Text => Values::Text(Vec::new(), HashMap::new()),
                Kind::Whole => Values::Whole(Vec::new()),
                Kind::Number => Values::Number(Vec::new()),
            },
        }
    }

    fn push(&mut self, value: Value<'_>) -> io::Result<()> {
        match (&mut self.values, value) {
            (_, Value::Empty) if !self.required => {
                self.defined.push(0);
                return Ok(());
            }
            (Values::Text(out, known), Value::Text(text)) => {
                if let Some(text) = known.get(text) {
                    out.push(text.clone());
                } else {
                    let bytes = ByteArray::from(text);
                    known.insert(text.to_owned(), bytes.clone());
                    out.push(bytes);
                }
            }
            (Values::Whole(out), Value::Whole(whole)) => {
                out.push(i64::try_from(whole).map_err(io::Error::other)?);
            }
            (Values::Number(out), Value::Whole(whole)) => out.push(double(whole * 100)),
            (Values::Number(out), Value::Hundredths(hundredths)) => out.push(double(hundredths)),
            _ => return Err(io::Error::other("a value of another kind than its column")),
        }
        self.defined.push(1);
        Ok(())
    }

    fn write(
        &mut self,
        group: &mut SerializedRowGroupWriter<'_, Hashed>,
    ) -> Result<(), ParquetError> {
        let Some(mut column) = group.next_column()? else {
            return Err(ParquetError::General("a column too many".to_owned()));
        };
        let defined = (!self.required).then_some(self.defined.as_slice());
        match &mut self.values {
            Values::Text(values, known) => {
                column
                    .typed::<ByteArrayType>()
                    .write_batch(values, defined, None)?;
                values.clear();
                // Ids of the next batch may be others: what is kept stays small.
                known.clear();
            }
            Values::Whole(values) => {
                column
                    .typed::<Int64Type>()
                    .write_batch(values, defined, None)?;
                values.clear();
            }
            Values::Number(values) => {
                column
                    .typed::<DoubleType>()
                    .write_batch(values, defined, None)?;
                values.clear();
            }
        }
        self.defined.clear();
        column.close()
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of a district are far below 2^53, where a double begins to skip whole numbers"
)]
fn double(hundredths: u64) -> f64 {
    hundredths as f64 / 100.0
}

impl Rows {
    fn flush(&mut self) -> Result<(), ParquetError> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut group = self.writer.next_row_group()?;
        for column in &mut self.columns {
            column.write(&mut group)?;
        }
        group.close()?;
        self.rows = 0;
        Ok(())
    }
}

impl Sink for Rows {
    fn row(&mut self, row: &[Value<'_>]) -> io::Result<()> {
        for (column, value) in self.columns.iter_mut().zip(row) {
            column.push(*value)?;
        }
        self.rows += 1;
        if self.rows >= BATCH {
            self.flush().map_err(io::Error::other)?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<Hashed> {
        self.flush().map_err(io::Error::other)?;
        self.writer.into_inner().map_err(io::Error::other)
    }
}
