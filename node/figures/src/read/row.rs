//! One row into codes: what each cell says, and what is told of those that say nothing.

use calluna_model::code;
use calluna_model::id::OfferId;
use jiff::civil::Date;

use super::columns::{Columns, Field};
use super::{Known, Reader, Taken, value};
use crate::fault::Rule;
use crate::identity::{Basis, PersonHash};
use crate::postal::{Residence, by_ags};
use crate::registration::Registration;
use crate::tally::{Coded, Status};
use calluna_tables::dimension::{DIMS, Dim, age_code};
use calluna_tables::region::UNKNOWN;

pub(super) type Refused = (Rule, Field);

/// One turn of the loop: one row, and where its remarks go.
pub(super) struct Turn<'a> {
    pub(super) reader: &'a Reader<'a>,
    pub(super) file: &'a str,
    pub(super) columns: &'a Columns,
    pub(super) row: &'a Registration,
    pub(super) taken: &'a mut Taken,
}

impl Turn<'_> {
    /// Nothing for a row of another period.
    pub(super) fn code(&mut self, file: u16, known: &mut Known) -> Result<Option<Coded>, Refused> {
        let registered = self.date(Field::Registered)?;
        if registered.is_some_and(|day| !self.reader.period.has(day)) {
            self.note(Rule::OtherPeriod, Field::Registered);
            self.taken.other_period += 1;
            return Ok(None);
        }
        let offer = OfferId::from_foreign(self.text(Field::Offer))
            .map_err(|_| (Rule::NoOffer, Field::Offer))?;
        let status = self.status()?;
        let person = self.person()?;
        let key = self.reader.key.hash(
            "registration",
            &[
                offer.as_str().as_bytes(),
                self.text(Field::Run).as_bytes(),
                self.text(Field::Registration).as_bytes(),
            ],
        );
        let layout = self.reader.layout;
        let look_up = || {
            self.reader
                .offers
                .facts(&offer)
                .map(|facts| layout.leaves_of(&facts))
        };
        let found = match known.get(&offer) {
            Some(found) => *found,
            None => *known.entry(offer.clone()).or_insert_with(look_up),
        };
        if found.is_none() {
            self.note(Rule::UnknownOffer, Field::Offer);
        }
        let mut leaves = found.unwrap_or_else(|| layout.unknown());
        self.set(&mut leaves, Dim::Status, status.code());
        self.set_words(&mut leaves);
        let age = self.age().map_or(UNKNOWN, age_code);
        self.set(&mut leaves, Dim::Age, age);
        let residence = self.residence();
        self.set(&mut leaves, Dim::Residence, &residence);
        Ok(Some(Coded {
            person,
            key,
            leaves,
            status,
            registered,
            file,
            line: self.row.line(),
        }))
    }

    fn text(&self, field: Field) -> &str {
        self.columns.text(self.row, field)
    }

    fn note(&mut self, rule: Rule, field: Field) {
        let column = self.columns.at(field);
        self.taken
            .notices
            .add(self.file, self.row.line(), rule, field.name(), column);
    }

    fn set(&self, leaves: &mut [u16; DIMS], dim: Dim, code: &str) {
        if let Some(slot) = leaves.get_mut(dim as usize) {
            *slot = self.reader.layout.leaf(dim, code);
        }
    }

    /// The dimensions that are words of a list: what cannot be read counts as unknown and is told.
    fn set_words(&mut self, leaves: &mut [u16; DIMS]) {
        for (field, dim, list) in [
            (Field::Sex, Dim::Sex, code::SEX),
            (
                Field::Qualification,
                Dim::Qualification,
                code::PRIOR_QUALIFICATION,
            ),
            (Field::Destination, Dim::Destination, code::DESTINATION),
            (Field::Funding, Dim::Funding, code::FUNDING),
        ] {
            let text = self.text(field);
            if text.is_empty() {
                continue;
            }
            match value::word(list, text) {
                Some(code) => self.set(leaves, dim, code),
                None => self.note(Rule::UnknownWord, field),
            }
        }
    }

    fn date(&self, field: Field) -> Result<Option<Date>, Refused> {
        match self.text(field) {
            "" => Ok(None),
            text => value::date(text).map(Some).ok_or((Rule::BadDate, field)),
        }
    }

    /// The status column, else the dates; a date of cancellation beats a mere "registered".
    fn status(&mut self) -> Result<Status, Refused> {
        let told = match self.text(Field::Status) {
            "" => None,
            text => {
                let code = value::word(code::REGISTRATION_STATUS, text);
                let found = Status::ALL
                    .into_iter()
                    .find(|status| Some(status.code()) == code);
                Some(found.ok_or((Rule::UnknownStatus, Field::Status))?)
            }
        };
        let cancelled = self.date(Field::Cancelled)?;
        let completed = self.date(Field::Completed)?;
        let dated = match (cancelled, completed) {
            (_, Some(_)) => Some(Status::Completed),
            (Some(_), None) => Some(Status::Cancelled),
            (None, None) => None,
        };
        match (told, dated) {
            (None, None) => Ok(Status::Enrolled),
            (Some(told), None) => Ok(told),
            (None | Some(Status::Enrolled | Status::Waiting), Some(dated)) => Ok(dated),
            (Some(told), Some(dated)) => {
                if told != dated {
                    self.note(Rule::StatusAndDate, Field::Status);
                }
                Ok(told)
            }
        }
    }

    /// Who it is, by what the list allows.
    fn person(&self) -> Result<PersonHash, Refused> {
        let key = self.reader.key;
        // However a date is written, it is the same birth.
        let born = || {
            let date = value::date(self.text(Field::BirthDate)).map(|date| date.to_string());
            let year = || self.birth_year().map(|year| year.to_string());
            date.or_else(year).map(zeroize::Zeroizing::new)
        };
        match self.columns.basis {
            Basis::Id => match self.text(Field::Person) {
                "" => Err((Rule::NoPerson, Field::Person)),
                id => Ok(key.person(Basis::Id, &[id])),
            },
            Basis::Name => {
                let (family, given) = (self.text(Field::FamilyName), self.text(Field::GivenName));
                if family.is_empty() || given.is_empty() {
                    return Err((Rule::NoPerson, Field::FamilyName));
                }
                let born = born().ok_or((Rule::NoPerson, Field::BirthDate))?;
                Ok(key.person(Basis::Name, &[family, given, &born]))
            }
            Basis::Attributes => {
                let born = born();
                let born = born.as_ref().map_or("", |text| text.as_str());
                let sex = value::word(code::SEX, self.text(Field::Sex)).unwrap_or("_O");
                let digits = zeroize::Zeroizing::new(value::digits(self.text(Field::PostalCode)));
                Ok(key.person(Basis::Attributes, &[born, sex, &digits]))
            }
        }
    }

    fn birth_year(&self) -> Option<i16> {
        let read = |field| value::birth_year(self.text(field));
        read(Field::BirthDate).or_else(|| read(Field::BirthYear))
    }

    /// The age reached in the year of the period, else the age as stated.
    fn age(&mut self) -> Option<i16> {
        let year = self.reader.period.year();
        let by_birth = self
            .birth_year()
            .and_then(|born| value::human(year.checked_sub(born)?));
        let stated = || self.text(Field::Age).parse().ok().and_then(value::human);
        let age = by_birth.or_else(stated);
        if age.is_none() {
            let fields = [Field::BirthDate, Field::BirthYear, Field::Age];
            if let Some(field) = fields
                .into_iter()
                .find(|field| !self.text(*field).is_empty())
            {
                self.note(Rule::BadAge, field);
            }
        }
        age
    }

    /// The code of the residence: by municipality key, else by postal code and town.
    fn residence(&mut self) -> String {
        let region = self.reader.layout.region();
        let by_key = by_ags(region, self.text(Field::Ags));
        let (field, found) = match by_key {
            Residence::Known(_) => (Field::Ags, by_key),
            other => {
                let (code, town) = (self.text(Field::PostalCode), self.text(Field::City));
                let found = self.reader.postal.find(region, code, town);
                match (other, found) {
                    (Residence::Bad, Residence::Unknown) => (Field::Ags, Residence::Bad),
                    (_, found) => (Field::PostalCode, found),
                }
            }
        };
        match found {
            Residence::Known(code) => code,
            Residence::Ambiguous(code) => {
                self.note(Rule::PlaceAmbiguous, field);
                code
            }
            Residence::Bad => {
                self.note(Rule::BadPlace, field);
                UNKNOWN.to_owned()
            }
            Residence::Unknown => UNKNOWN.to_owned(),
        }
    }
}
