//! Parquet by the low-level column writer: the table of [`super::table`] with real types. A row group holds at most
//! [`GROUP`] rows or [`GROUP_BYTES`] of text, and is given away as soon as it is full.

use std::sync::Arc;

use jiff::civil::Date;
use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type,
};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;

use super::table::{CARRIES, COLUMNS, Cell, Column, From, Kind, rows};
use super::{Body, Carries, Edition, ExportError, Format, Notes, Row, Words};

/// Rows of a row group.
const GROUP: usize = 32_768;
/// Bytes of text of a row group.
const GROUP_BYTES: usize = 16 << 20;

/// See the module.
#[derive(Debug)]
pub(super) struct Parquet;

impl Format for Parquet {
    fn name(&self) -> &'static str {
        "parquet"
    }

    fn title(&self) -> Words {
        Words {
            de: "Parquet-Tabelle, eine Zeile je Durchgang",
            en: "Parquet table, one row per run",
        }
    }

    fn extension(&self) -> &'static str {
        "parquet"
    }

    fn media_type(&self) -> &'static str {
        "application/vnd.apache.parquet"
    }

    fn carries(&self) -> Carries {
        CARRIES
    }

    fn open(&self, _: &Arc<Edition>) -> Result<Box<dyn Body>, ExportError> {
        Ok(Box::new(Groups::new().map_err(failed)?))
    }
}

fn failed(source: ParquetError) -> ExportError {
    ExportError::File {
        format: "parquet",
        source: source.into(),
    }
}

struct Groups {
    writer: Option<SerializedFileWriter<Vec<u8>>>,
    batches: Vec<Batch>,
    rows: usize,
    bytes: usize,
}

/// Values of one column, and for each row whether it has one.
struct Batch {
    defined: Vec<i16>,
    values: Values,
}

enum Values {
    Text(Vec<ByteArray>),
    Days(Vec<i32>),
    Whole(Vec<i64>),
    Number(Vec<f64>),
    Truth(Vec<bool>),
}

impl Groups {
    fn new() -> Result<Self, ParquetError> {
        let fields = COLUMNS.iter().map(|column| field(column).map(Arc::new));
        let schema = Type::group_type_builder("catalogue")
            .with_fields(fields.collect::<Result<_, _>>()?)
            .build()?;
        let properties = WriterProperties::builder().build();
        let writer = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties))?;
        Ok(Self {
            writer: Some(writer),
            batches: COLUMNS.iter().map(Batch::new).collect(),
            rows: 0,
            bytes: 0,
        })
    }

    fn push(&mut self, from: &From<'_>) {
        for (batch, column) in self.batches.iter_mut().zip(COLUMNS) {
            self.bytes += batch.push((column.cell)(from), column.always());
        }
        self.rows += 1;
    }

    /// Writes what waits as a row group, and gives away the bytes.
    fn flush(&mut self, out: &mut Vec<u8>) -> Result<(), ParquetError> {
        let Some(writer) = &mut self.writer else {
            return Ok(());
        };
        if self.rows > 0 {
            let mut group = writer.next_row_group()?;
            for (batch, column) in self.batches.iter_mut().zip(COLUMNS) {
                batch.write(&mut group, column.always())?;
            }
            group.close()?;
            (self.rows, self.bytes) = (0, 0);
        }
        writer.flush()?;
        out.append(writer.inner_mut());
        Ok(())
    }
}

impl Body for Groups {
    fn row(&mut self, row: &Row<'_>, out: &mut Vec<u8>, _: &mut Notes) -> Result<(), ExportError> {
        rows(row, |from| {
            self.push(from);
            if self.rows >= GROUP || self.bytes >= GROUP_BYTES {
                self.flush(out).map_err(failed)?;
            }
            Ok(())
        })
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), ExportError> {
        self.flush(out).map_err(failed)?;
        if let Some(writer) = self.writer.take() {
            out.append(&mut writer.into_inner().map_err(failed)?);
        }
        Ok(())
    }
}

fn field(column: &Column) -> Result<Type, ParquetError> {
    let decimal = |scale, precision| Some(LogicalType::decimal(scale, precision));
    let (physical, logical) = match column.kind {
        Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Date => (Physical::INT32, Some(LogicalType::Date)),
        Kind::Whole => (Physical::INT64, None),
        Kind::Hundredths => (Physical::INT64, decimal(2, 18)),
        Kind::Millionths => (Physical::DOUBLE, None),
        Kind::Truth => (Physical::BOOLEAN, None),
    };
    let repetition = if column.always() {
        Repetition::REQUIRED
    } else {
        Repetition::OPTIONAL
    };
    let mut builder = Type::primitive_type_builder(column.name, physical)
        .with_logical_type(logical)
        .with_repetition(repetition);
    if column.kind == Kind::Hundredths {
        builder = builder.with_precision(18).with_scale(2);
    }
    builder.build()
}

/// Days since 1970-01-01.
fn days(text: &str) -> Option<i32> {
    let date: Date = text.parse().ok()?;
    let span = date.since(jiff::civil::date(1970, 1, 1)).ok()?;
    Some(span.get_days())
}

impl Batch {
    fn new(column: &Column) -> Self {
        Self {
            defined: Vec::new(),
            values: match column.kind {
                Kind::Text => Values::Text(Vec::new()),
                Kind::Date => Values::Days(Vec::new()),
                Kind::Whole | Kind::Hundredths => Values::Whole(Vec::new()),
                Kind::Millionths => Values::Number(Vec::new()),
                Kind::Truth => Values::Truth(Vec::new()),
            },
        }
    }

    /// Takes a cell; says how many bytes of text it holds.
    fn push(&mut self, cell: Cell, always: bool) -> usize {
        let mut bytes = 0;
        let given = match (&mut self.values, cell) {
            (Values::Text(out), Cell::Text(text)) => {
                bytes = text.len();
                out.push(text.into_bytes().into());
                true
            }
            // A required text that is empty all the same is empty text.
            (Values::Text(out), Cell::Empty) if always => {
                out.push(Vec::new().into());
                true
            }
            (Values::Days(out), Cell::Text(text)) => {
                let day = days(&text);
                out.extend(day);
                day.is_some()
            }
            (Values::Whole(out), Cell::Whole(value) | Cell::Hundredths(value)) => {
                out.push(value);
                true
            }
            (Values::Number(out), Cell::Millionths(value)) => {
                out.push(f64::from(value) / 1_000_000.0);
                true
            }
            (Values::Truth(out), Cell::Truth(value)) => {
                out.push(value);
                true
            }
            _ => false,
        };
        self.defined.push(i16::from(given));
        bytes
    }

    fn write(
        &mut self,
        group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
        always: bool,
    ) -> Result<(), ParquetError> {
        let defined = std::mem::take(&mut self.defined);
        let defined = (!always).then_some(defined.as_slice());
        match &mut self.values {
            Values::Text(values) => put::<ByteArrayType>(group, values, defined),
            Values::Days(values) => put::<Int32Type>(group, values, defined),
            Values::Whole(values) => put::<Int64Type>(group, values, defined),
            Values::Number(values) => put::<DoubleType>(group, values, defined),
            Values::Truth(values) => put::<BoolType>(group, values, defined),
        }
    }
}

fn put<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    values: &mut Vec<T::T>,
    defined: Option<&[i16]>,
) -> Result<(), ParquetError> {
    let Some(mut column) = group.next_column()? else {
        return Err(ParquetError::General("a column too many".to_owned()));
    };
    column.typed::<T>().write_batch(values, defined, None)?;
    values.clear();
    column.close()
}

#[cfg(test)]
mod tests {
    use calluna_model::fixture::full_offer;
    use calluna_model::offer::RunDraft;
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::{Field, RowAccessor};

    use super::super::tests::{export, member};
    use super::*;

    #[test]
    fn a_reader_finds_every_row_with_its_types() {
        let mut first = full_offer("A-1").into_draft();
        first.runs.push(RunDraft {
            id: "r2".into(),
            ..RunDraft::default()
        });
        let (out, _) = export("parquet", &member("vhs"), &[first]);
        let file = SerializedFileReader::new(bytes(out)).unwrap();
        let rows: Vec<_> = file
            .get_row_iter(None)
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(rows.len(), 2);
        let at = |name: &str| COLUMNS.iter().position(|c| c.name == name).unwrap();
        assert_eq!(
            rows[0].get_string(at("title")).unwrap(),
            "Englisch B1: Auffrischung am Abend"
        );
        let field =
            |row: usize, name: &str| rows[row].get_column_iter().nth(at(name)).unwrap().1.clone();
        assert_eq!(field(0, "start"), Field::Date(days("2027-01-12").unwrap()));
        assert_eq!(days("1970-01-02"), Some(1));
        let price = rows[0].get_decimal(at("price_eur")).unwrap();
        assert_eq!(price.data(), 8_915_i64.to_be_bytes());
        assert_eq!(field(1, "start"), Field::Null);
    }

    #[test]
    fn rows_leave_memory_with_their_group() {
        let offer = full_offer("A-1").into_draft();
        let provider = member("vhs");
        let row = Row {
            provider: &provider,
            offer: &offer,
        };
        let mut groups = Groups::new().unwrap();
        let (mut out, mut notes) = (Vec::new(), Notes::default());
        for _ in 0..GROUP {
            groups.row(&row, &mut out, &mut notes).unwrap();
        }
        assert_eq!((groups.rows, groups.bytes), (0, 0));
        groups.row(&row, &mut out, &mut notes).unwrap();
        groups.end(&mut out).unwrap();
        let file = SerializedFileReader::new(bytes(out)).unwrap();
        assert_eq!(file.metadata().num_row_groups(), 2);
        let rows = file.metadata().file_metadata().num_rows();
        assert_eq!(rows, i64::try_from(GROUP).unwrap() + 1);
    }

    fn bytes(out: Vec<u8>) -> bytes::Bytes {
        out.into()
    }
}
