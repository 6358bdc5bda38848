//! Residents by area and age: the denominators of rates.
//!
//! Two counts of the same district differ by thousands (STANDARDS 0.6: one carries on the census of
//! 2011, the other the one of 2022). So every count carries its base, and a rate names it.

use calluna_tables::region::{InvalidRegion, rows};

/// One count of residents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Residents {
    /// Key of the area: 8 digits a municipality, 5 a Kreis.
    pub area: String,
    /// Code of the age group; `_T` for all ages.
    pub age: String,
    /// How many.
    pub count: u64,
    /// What it carries on, such as `zensus2022`.
    pub base: String,
    /// The day, `YYYY-MM-DD`.
    pub date: String,
    /// Who counted, in words.
    pub source: String,
    /// Under which licence it may be passed on.
    pub licence: String,
}

/// Counts of residents. Of two for the same place the one given first is used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Population(Vec<Residents>);

impl Population {
    /// The Landkreis Heidekreis, from the data files of this crate: the Kreis by age group (base
    /// `zensus2022`), the municipalities without age (base `fortschreibung_z2011`).
    ///
    /// # Errors
    /// Never with the files as they are; a test holds that.
    pub fn heidekreis() -> Result<Self, InvalidRegion> {
        let mut population = Self::parse(include_str!("../data/population_district.csv"))?;
        population.also(Self::parse(include_str!(
            "../data/population_municipalities.csv"
        ))?);
        Ok(population)
    }

    /// Reads CSV with the columns `area,age,population`. Lines that begin with `# source:`,
    /// `# licence:`, `# base:` and `# date:` say what the counts are; all four are required.
    ///
    /// # Errors
    /// With line and rule.
    pub fn parse(text: &str) -> Result<Self, InvalidRegion> {
        const FILE: &str = "population";
        let fault = |line, rule| InvalidRegion {
            file: FILE,
            line,
            rule,
        };
        let note = |key: &str| {
            let found = text.lines().find_map(|line| line.strip_prefix(key));
            found.map(str::trim).filter(|note| !note.is_empty())
        };
        let source = note("# source:").ok_or(fault(0, "a line `# source: …` is required"))?;
        let licence = note("# licence:").ok_or(fault(0, "a line `# licence: …` is required"))?;
        let base = note("# base:").ok_or(fault(0, "a line `# base: …` is required"))?;
        let date = note("# date:").ok_or(fault(0, "a line `# date: YYYY-MM-DD` is required"))?;
        if date.parse::<jiff::civil::Date>().is_err() {
            return Err(fault(0, "`# date:` is a day such as 2024-12-31"));
        }
        let mut out: Vec<Residents> = Vec::new();
        for (line, row) in rows(text, FILE)? {
            let cell = |at: usize| row.get(at).unwrap_or_default().trim();
            let area = cell(0);
            let digits = area.bytes().all(|byte| byte.is_ascii_digit());
            if !digits || !matches!(area.len(), 2 | 5 | 8) {
                return Err(fault(line, "`area` is a key of 2, 5 or 8 digits"));
            }
            let count = cell(2);
            let count = count
                .parse()
                .map_err(|_| fault(line, "`population` is a whole number"))?;
            let age = cell(1);
            let twice = out
                .iter()
                .any(|known| known.area == area && known.age == age);
            if age.is_empty() || twice {
                return Err(fault(line, "every area and `age` once; all ages are `_T`"));
            }
            out.push(Residents {
                area: area.to_owned(),
                age: age.to_owned(),
                count,
                base: base.to_owned(),
                date: date.to_owned(),
                source: source.to_owned(),
                licence: licence.to_owned(),
            });
        }
        Ok(Self(out))
    }

    /// Adds counts; those that are there already come first.
    pub fn also(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// All counts.
    #[must_use]
    pub fn all(&self) -> &[Residents] {
        &self.0
    }

    /// The residents of an area in an age group.
    #[must_use]
    pub fn of(&self, area: &str, age: &str) -> Option<&Residents> {
        self.0
            .iter()
            .find(|known| known.area == area && known.age == age)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_district_is_whole_and_every_count_has_its_base() {
        let population = Population::heidekreis().unwrap();
        let district = population.of("03358", "_T").unwrap();
        assert_eq!(
            (district.count, district.base.as_str()),
            (141_321, "zensus2022")
        );
        let groups =
            ["Y_LT25", "Y25T49", "Y_GE50"].map(|age| population.of("03358", age).unwrap().count);
        assert_eq!(groups.iter().sum::<u64>(), 141_321);
        let municipalities = population
            .all()
            .iter()
            .filter(|known| known.area.len() == 8);
        assert_eq!(
            municipalities.map(|known| known.count).sum::<u64>(),
            145_394
        );
        assert_eq!(
            population.of("03358021", "_T").unwrap().base,
            "fortschreibung_z2011"
        );
        assert!(population.of("03358021", "Y_LT25").is_none());
    }

    #[test]
    fn a_count_without_its_base_is_refused() {
        let text =
            "# source: a\n# licence: b\n# base: c\n# date: 2024-12-31\narea,age,population\n";
        assert!(Population::parse(text).is_ok());
        assert!(Population::parse(&text.replace("# base: c\n", "")).is_err());
        assert!(Population::parse(&text.replace("2024-12-31", "2024")).is_err());
        for row in [
            "3358021,_T,5",
            "03358021,_T,x",
            "03358021,,5",
            "03358021,_T,1\n03358021,_T,2",
        ] {
            assert!(
                Population::parse(&format!("{text}{row}\n")).is_err(),
                "{row}"
            );
        }
    }
}
