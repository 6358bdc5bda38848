//! Which column holds what: `data/columns.csv` and the operator's mapping.

use calluna_tabular::mapping::fold;
use calluna_tabular::{Mapping, Table};

use crate::fault::{Fault, Rule};
use crate::identity::Basis;
use crate::registration::Registration;

macro_rules! fields {
    ($($variant:ident = $name:literal),* $(,)?) => {
        /// What a column can hold.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Field { $($variant),* }

        impl Field {
            pub(crate) const ALL: &[Self] = &[$(Self::$variant),*];

            /// Its name, as a mapping writes it.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }
        }
    };
}

fields! {
    Offer = "offer", Run = "run", Registration = "registration", Person = "person",
    FamilyName = "family_name", GivenName = "given_name", BirthDate = "birth_date",
    BirthYear = "birth_year", Age = "age", Sex = "sex", PostalCode = "postal_code", City = "city",
    Ags = "ags", Status = "status", Registered = "registered", Cancelled = "cancelled",
    Completed = "completed", Qualification = "qualification", Destination = "destination",
    Funding = "funding",
}

/// A key of `[defaults]` that is no column: what tells persons apart.
const IDENTITY: &str = "identity";

/// The columns of one list, found once.
pub(crate) struct Columns {
    positions: Vec<Vec<usize>>,
    defaults: Vec<String>,
    pub(crate) basis: Basis,
}

/// Lines `target,name` of a data file, its notes and header left out.
pub(crate) fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.starts_with('#')).skip(1)
}

impl Columns {
    /// Finds every field: by the mapping, and by the header for what the mapping does not say.
    pub(crate) fn find(
        file: &str,
        table: &Table<'_>,
        mapping: Option<&Mapping>,
    ) -> Result<Self, Fault> {
        if let Some(mapping) = mapping {
            check(file, mapping, &table.header)?;
        }
        let names: Vec<(&str, Vec<&str>)> = Field::ALL
            .iter()
            .map(|field| {
                let all = lines(include_str!("../../data/columns.csv"));
                let own = all.filter_map(|line| line.split_once(','));
                let own = own.filter(|(target, _)| *target == field.name());
                (field.name(), own.map(|(_, name)| name).collect())
            })
            .collect();
        let names: Vec<(&str, &[&str])> = names
            .iter()
            .map(|(target, names)| (*target, names.as_slice()))
            .collect();
        let mut guess = Mapping::guess(&table.header, &names);
        // Of several columns the most certain name counts: `Kursnummer` before `Kurs`, which may be
        // the title.
        for (target, found) in &mut guess.columns {
            let known = names.iter().find(|(name, _)| name == target);
            found.sort_by_key(|column| {
                let folded = fold(column);
                known.and_then(|(_, names)| names.iter().position(|name| fold(name) == folded))
            });
        }
        let merged = mapping.map_or(guess.clone(), |mapping| mapping.or(guess));
        let default = |key: &str| merged.defaults.get(key).cloned().unwrap_or_default();
        let mut columns = Self {
            positions: Field::ALL
                .iter()
                .map(|field| merged.positions(field.name(), &table.header))
                .collect(),
            defaults: Field::ALL
                .iter()
                .map(|field| default(field.name()))
                .collect(),
            basis: Basis::Attributes,
        };
        if !columns.has(Field::Offer) {
            return Err(Fault::of_file(file, Rule::NoOfferColumn).field(Field::Offer.name()));
        }
        columns.basis = columns.basis(file, &default(IDENTITY))?;
        Ok(columns)
    }

    /// Whether some column or default says something about a field.
    pub(crate) fn has(&self, field: Field) -> bool {
        self.at(field).is_some() || !self.default(field).is_empty()
    }

    /// The first column of a field, from 0.
    pub(crate) fn at(&self, field: Field) -> Option<usize> {
        self.positions.get(field as usize)?.first().copied()
    }

    /// The fields that have a column, with the first one of each.
    pub(crate) fn found(&self) -> Vec<(&'static str, usize)> {
        let fields = Field::ALL.iter();
        fields
            .filter_map(|field| Some((field.name(), self.at(*field)?)))
            .collect()
    }

    fn default(&self, field: Field) -> &str {
        self.defaults.get(field as usize).map_or("", String::as_str)
    }

    /// The text of a field: of its first column that is not empty, else its default.
    pub(crate) fn text<'a>(&'a self, row: &'a Registration, field: Field) -> &'a str {
        let own = self.positions.get(field as usize);
        let mut cells = own.into_iter().flatten().map(|at| row.cell(*at));
        cells
            .find(|text| !text.is_empty())
            .unwrap_or_else(|| self.default(field))
    }

    /// The best that the columns allow, or what the mapping asks for where they allow it.
    fn basis(&self, file: &str, wanted: &str) -> Result<Basis, Fault> {
        // Not the age: on a birthday a person would become another one.
        let born = [Field::BirthDate, Field::BirthYear];
        let born = born.iter().any(|field| self.at(*field).is_some());
        let can = |basis: Basis| match basis {
            Basis::Id => self.at(Field::Person).is_some(),
            Basis::Name => {
                let both = [
                    Field::FamilyName,
                    Field::GivenName,
                    Field::BirthDate,
                    Field::BirthYear,
                ];
                let [family, given, date, year] = both.map(|field| self.at(field).is_some());
                family && given && (date || year)
            }
            Basis::Attributes => {
                born && (self.at(Field::Sex).is_some() || self.at(Field::PostalCode).is_some())
            }
        };
        let all = [Basis::Id, Basis::Name, Basis::Attributes];
        let found = if wanted.is_empty() {
            all.into_iter().find(|basis| can(*basis))
        } else {
            Basis::named(wanted).filter(|basis| can(*basis))
        };
        found.ok_or_else(|| Fault::of_file(file, Rule::NoPersonColumn).field(Field::Person.name()))
    }
}

/// A mapping that names what does not exist would quietly do nothing.
fn check(file: &str, mapping: &Mapping, header: &[String]) -> Result<(), Fault> {
    let field = |name: &str| Field::ALL.iter().find(|field| field.name() == name);
    let unknown = mapping.columns.keys().any(|key| field(key).is_none());
    let odd = mapping
        .defaults
        .iter()
        .any(|(key, value)| match key.as_str() {
            IDENTITY => Basis::named(value).is_none(),
            key => field(key).is_none(),
        });
    if unknown || odd {
        return Err(Fault::of_file(file, Rule::MappingField));
    }
    for (key, names) in &mapping.columns {
        let there = |name: &String| header.iter().any(|column| fold(column) == fold(name));
        if !names.iter().all(there) {
            let name = field(key).map_or("", |field| field.name());
            return Err(Fault::of_file(file, Rule::MappingColumn).field(name));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_stands_for_two_things_and_every_target_is_a_field() {
        let mut seen = std::collections::HashMap::new();
        for line in lines(include_str!("../../data/columns.csv")) {
            let (target, name) = line.split_once(',').unwrap();
            assert!(
                Field::ALL.iter().any(|field| field.name() == target),
                "{target}"
            );
            let before = seen.insert(fold(name), target);
            assert!(
                before.is_none_or(|before| before == target),
                "{name}: {before:?}"
            );
        }
        assert!(
            Field::ALL
                .iter()
                .all(|field| seen.values().any(|target| *target == field.name()))
        );
    }
}
