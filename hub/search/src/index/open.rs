//! Opening an index, or throwing it away.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, RwLock};

use tantivy::{IndexBuilder, IndexReader, IndexSettings, IndexWriter, ReloadPolicy};

use super::memory::Memory;
use super::schema::{Fields, register, schema};
use super::state::State;
use super::{Index, IndexError, Opened};

/// The folder in the folder: it is ours to throw away.
const FOLDER: &str = "index";
/// Memory of the writer, in bytes, and its threads: a district's catalogue needs no more.
const WRITER_BYTES: usize = 64 * 1024 * 1024;
const WRITER_THREADS: usize = 1;
/// What is compressed together of the texts of offers: whoever reads one reads so much.
const BLOCK_BYTES: usize = 4 * 1024;

pub(super) fn in_ram(district: &str) -> Result<Index, IndexError> {
    let (schema, fields) = schema();
    let index = builder(schema).create_in_ram()?;
    assemble(index, fields, Memory::new(district))
}

pub(super) fn in_folder(folder: &Path, district: &str) -> Result<(Index, Opened), IndexError> {
    let folder = folder.join(FOLDER);
    let (schema, fields) = schema();
    let opened = match fs::read_dir(&folder) {
        Ok(mut entries) => match entries.next() {
            None => Opened::New,
            Some(_) => match whole(&folder, &schema, district) {
                Some((index, memory)) => {
                    return Ok((assemble(index, fields, memory)?, Opened::Whole));
                }
                None => Opened::ThrownAway,
            },
        },
        Err(error) if error.kind() == ErrorKind::NotFound => Opened::New,
        Err(error) => return Err(error.into()),
    };
    if opened == Opened::ThrownAway {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let index = builder(schema).create_in_dir(&folder)?;
    Ok((assemble(index, fields, Memory::new(district))?, opened))
}

fn builder(schema: tantivy::schema::Schema) -> IndexBuilder {
    tantivy::Index::builder()
        .schema(schema)
        .settings(IndexSettings {
            docstore_blocksize: BLOCK_BYTES,
            ..IndexSettings::default()
        })
}

/// The index in the folder, when every file of it is as it was written and it is one of ours.
fn whole(
    folder: &Path,
    schema: &tantivy::schema::Schema,
    district: &str,
) -> Option<(tantivy::Index, Memory)> {
    let index = tantivy::Index::open_in_dir(folder).ok()?;
    let memory = Memory::read(index.load_metas().ok()?.payload.as_deref(), district)?;
    let same = index.schema() == *schema && index.validate_checksum().ok()?.is_empty();
    register(&index);
    // What cannot be read now could not be read later.
    let readable = same && {
        let reader = reader(&index).ok()?;
        let fields = self::schema().1;
        State::load(&reader, fields, memory.clone(), Arc::default(), None).is_ok()
    };
    readable.then_some((index, memory))
}

fn reader(index: &tantivy::Index) -> tantivy::Result<IndexReader> {
    index
        .reader_builder()
        .reload_policy(ReloadPolicy::Manual)
        .try_into()
}

fn assemble(index: tantivy::Index, fields: Fields, memory: Memory) -> Result<Index, IndexError> {
    register(&index);
    let writer: IndexWriter = index.writer_with_num_threads(WRITER_THREADS, WRITER_BYTES)?;
    let reader = reader(&index)?;
    let state = State::load(&reader, fields, memory, Arc::default(), None)?;
    Ok(Index {
        fields,
        reader,
        writer: Mutex::new(writer),
        state: RwLock::new(Arc::new(state)),
        salt: AtomicU64::new(0),
    })
}
