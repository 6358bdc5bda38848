//! The releases of the monitoring dataset, as pages read them.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use calluna_monitor::reading::{self, IndicatorText, QualityText};
use calluna_monitor::{Error, Manifest, Releases};

/// Releases whose indicators are kept read: the newest, and one that somebody looks at.
const READ_MAX: usize = 2;

/// A release and its indicators.
type Read = (u64, Arc<Vec<IndicatorText>>);

/// The releases in a folder. Nothing is written; a release never changes, so what was read stays true.
#[derive(Clone, Debug)]
pub struct Monitor {
    releases: Releases,
    read: Arc<Mutex<Vec<Read>>>,
}

impl Monitor {
    /// The releases in that folder, which need not be there yet.
    #[must_use]
    pub fn new(dir: &Path) -> Self {
        Self {
            releases: Releases::reading(dir),
            read: Arc::default(),
        }
    }

    /// Their numbers, the newest first.
    pub(crate) fn numbers(&self) -> Result<Vec<u64>, Error> {
        if !self.releases.dir().is_dir() {
            return Ok(Vec::new());
        }
        let mut numbers = self.releases.list()?;
        numbers.reverse();
        Ok(numbers)
    }

    /// What a release says of itself; nothing where there is none of that number.
    pub(crate) fn manifest(&self, number: u64) -> Result<Option<Manifest>, Error> {
        match self.releases.show(number) {
            Ok(manifest) => Ok(Some(manifest)),
            Err(Error::Missing { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Its indicators.
    pub(crate) fn indicators(&self, number: u64) -> Result<Arc<Vec<IndicatorText>>, Error> {
        let known = |read: &[Read]| {
            let found = read.iter().find(|(other, _)| *other == number);
            found.map(|(_, indicators)| Arc::clone(indicators))
        };
        if let Some(known) = known(&self.lock()) {
            return Ok(known);
        }
        let indicators = Arc::new(reading::indicators(&self.releases, number)?);
        let mut read = self.lock();
        if read.len() >= READ_MAX {
            read.remove(0);
        }
        read.push((number, Arc::clone(&indicators)));
        Ok(indicators)
    }

    /// Its quality notes.
    pub(crate) fn quality(&self, number: u64) -> Result<QualityText, Error> {
        reading::quality(&self.releases, number)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Read>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The name of a release's folder, and of its page: six digits.
pub(crate) fn name(number: u64) -> String {
    format!("{number:06}")
}
