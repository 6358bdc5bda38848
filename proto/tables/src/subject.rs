//! Subject areas, and the fields below them where the operator gives a list.

use calluna_model::code::{self, Entry};

/// The subjects of the subject dimension.
///
/// The 85 Fachgebiete of the VHS-Statistik are not in this crate: no list of them with a source
/// and a licence was at hand, and a list from memory would be relied on. A district that has it
/// gives it as a file.
#[derive(Clone, Debug)]
pub struct Subjects(Vec<Entry>);

/// A list of subjects that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("subjects, line {line}: {rule}")]
pub struct InvalidSubjects {
    /// The line, from 1.
    pub line: usize,
    /// What it must hold.
    pub rule: &'static str,
}

impl Subjects {
    /// The seven programme areas (code list `dvv_area`) and nothing below.
    #[must_use]
    pub fn areas() -> Self {
        Self(code::DVV_AREA.list().entries.clone())
    }

    /// The seven areas with fields below: lines `code,de,en` such as `4.06,Französisch,French`.
    ///
    /// # Errors
    /// With line and rule.
    pub fn with_fields(text: &str) -> Result<Self, InvalidSubjects> {
        let mut subjects = Self::areas();
        let lines = text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.starts_with('#'));
        for (at, line) in lines.skip(1).filter(|(_, line)| !line.trim().is_empty()) {
            let fault = |rule| InvalidSubjects { line: at + 1, rule };
            let mut cells = line.split(',').map(str::trim);
            let (Some(code), Some(de), Some(en), None) =
                (cells.next(), cells.next(), cells.next(), cells.next())
            else {
                return Err(fault("three cells: code, German, English"));
            };
            let area = code.split_once('.').map(|(area, _)| area);
            let Some(area) = area.filter(|area| code::DVV_AREA.has(area)) else {
                return Err(fault("a code such as 4.06, in one of the areas 1 to 7"));
            };
            if de.is_empty() || en.is_empty() || subjects.0.iter().any(|known| known.code == code) {
                return Err(fault("every code once, with words"));
            }
            subjects.0.push(Entry {
                code: code.to_owned(),
                de: de.to_owned(),
                en: en.to_owned(),
                parent: area.to_owned(),
            });
        }
        Ok(subjects)
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.0
    }

    /// The known subject that a code such as `4.06.2` belongs to: itself, or the nearest above.
    pub(crate) fn known<'a>(&self, code: &'a str) -> Option<&'a str> {
        let mut code = code;
        loop {
            if self.0.iter().any(|known| known.code == code) {
                return Some(code);
            }
            code = code.rsplit_once('.')?.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_counts_where_the_list_knows_it() {
        let subjects = Subjects::with_fields("code,de,en\n4.06,Französisch,French\n").unwrap();
        assert_eq!(subjects.known("4.06.1"), Some("4.06"));
        assert_eq!(subjects.known("4.07"), Some("4"));
        assert_eq!(subjects.known("9.01"), None);
        assert_eq!(Subjects::areas().known("4.06"), Some("4"));
        assert_eq!(
            Subjects::with_fields("code,de,en\n8.1,a,b\n")
                .unwrap_err()
                .line,
            2
        );
    }
}
