//! What all nodes of a district share: the layout of the tables, and how a postal code becomes a
//! municipality.

use std::path::Path;

use calluna_evidence::Frame;
use calluna_figures::PostalCodes;
use calluna_host::durable::FileError;
use calluna_tables::{Layout, Region, Subjects};

use super::FiguresError;
use crate::config::Figures;

/// Layout, numbers, postal codes.
#[derive(Debug)]
pub struct Ground {
    /// The place of every cell, its numbers, and how they hang together.
    pub frame: Frame,
    /// Residence from postal codes.
    pub postal: PostalCodes,
}

impl Ground {
    /// What `[figures]` says. Blocks.
    ///
    /// # Errors
    /// When a file cannot be read or used.
    pub fn of(config: &Figures) -> Result<Self, FiguresError> {
        let region = match text_of(&config.municipalities)? {
            Some(text) => Region::parse(&text)?,
            None => Region::heidekreis()?,
        };
        let subjects = match text_of(&config.subjects)? {
            Some(text) => Subjects::with_fields(&text)?,
            None => Subjects::areas(),
        };
        let postal = match text_of(&config.postal_codes)? {
            Some(text) => PostalCodes::parse(&text)?,
            None => PostalCodes::heidekreis()?,
        };
        Ok(Self {
            frame: Frame::new(Layout::new(region, subjects)),
            postal,
        })
    }
}

fn text_of(path: &str) -> Result<Option<String>, FiguresError> {
    if path.is_empty() {
        return Ok(None);
    }
    let path = Path::new(path);
    let text = std::fs::read_to_string(path).map_err(FileError::when("read", path))?;
    Ok(Some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_region_is_another_layout_and_a_wrong_file_is_told_with_its_line() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("municipalities.csv");
        std::fs::write(
            &file,
            "ags,name,district,formerly\n03355001,Adendorf,Lüneburg,\n",
        )
        .unwrap();
        let config = Figures {
            municipalities: file.to_string_lossy().into_owned(),
            ..Figures::default()
        };
        let here = Ground::of(&Figures::default()).unwrap();
        assert_ne!(
            Ground::of(&config).unwrap().frame.fingerprint,
            here.frame.fingerprint
        );
        std::fs::write(
            &file,
            "ags,name,district,formerly\n3355,Adendorf,Lüneburg,\n",
        )
        .unwrap();
        let error = Ground::of(&config).unwrap_err().to_string();
        assert!(error.contains("line 2"), "{error}");
    }
}
