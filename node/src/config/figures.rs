//! `[figures]`: how participation figures are protected, closed and forgotten.

use calluna_tables::Rules;
use serde::{Deserialize, Deserializer, de};

use super::quoted;

/// `[figures]`. Thresholds may be raised, and never fall below 3.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Figures {
    /// Thresholds and batch size.
    pub rules: Rules,
    /// Whether a person has to release what leaves.
    pub approve: bool,
    /// Days from the end of a period until an import closes it.
    pub close_after_days: u32,
    /// Days from the end of a period until everything about persons is forgotten.
    pub correction_days: u32,
    /// File of the municipalities; empty for the Heidekreis.
    pub municipalities: String,
    /// File of the postal codes; empty for the Heidekreis.
    pub postal_codes: String,
    /// File of subject fields below the programme areas; empty for none.
    pub subjects: String,
}

impl Default for Figures {
    fn default() -> Self {
        Self {
            rules: Rules::default(),
            approve: false,
            close_after_days: 30,
            correction_days: 180,
            municipalities: String::new(),
            postal_codes: String::new(),
            subjects: String::new(),
        }
    }
}

impl Figures {
    /// The section of `node.toml`, with every setting explained.
    pub(super) fn to_toml(&self) -> String {
        format!(
            r#"[figures]
# Participation figures (`calluna-node figures import`). A number of fewer persons than this is hidden; 3 to
# 1000. Every value may be raised; what the district office demands at least, it says itself.
threshold = {threshold}
# The same in sensitive subjects; at least as much as above.
sensitive_threshold = {sensitive_threshold}
# Codes of sensitive subjects, with all below them: "3" is health, "7" basic education.
sensitive = [{sensitive}]
# Between two publications every number changes by nobody or by at least so many persons; 3 to 1000.
batch = {batch}
# true: nothing leaves before somebody has released it: `calluna-node outbox`, `outbox approve`.
approve = {approve}
# So many days after the end of a quarter an import closes it.
close_after_days = {close_after_days}
# So many days after the end of a quarter everything that is kept about persons is forgotten; until then a
# corrected list can be imported.
correction_days = {correction_days}
# Files that every node of a district shares: municipalities, postal codes, fields below the programme areas.
# Empty: those of the Heidekreis, and no fields.
municipalities = {municipalities}
postal_codes = {postal_codes}
subjects = {subjects}
"#,
            threshold = self.rules.threshold,
            sensitive_threshold = self.rules.sensitive_threshold,
            sensitive = list(&self.rules.sensitive),
            batch = self.rules.batch,
            approve = self.approve,
            close_after_days = self.close_after_days,
            correction_days = self.correction_days,
            municipalities = quoted(&self.municipalities),
            postal_codes = quoted(&self.postal_codes),
            subjects = quoted(&self.subjects),
        )
    }
}

fn list(texts: &[String]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
    quoted.join(", ")
}

/// As it stands in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    #[serde(deserialize_with = "at_least_three")]
    threshold: u32,
    #[serde(deserialize_with = "at_least_three")]
    sensitive_threshold: u32,
    sensitive: Vec<String>,
    #[serde(deserialize_with = "at_least_three")]
    batch: u32,
    approve: bool,
    #[serde(deserialize_with = "days")]
    close_after_days: u32,
    #[serde(deserialize_with = "days")]
    correction_days: u32,
    municipalities: String,
    postal_codes: String,
    subjects: String,
}

impl Default for Written {
    fn default() -> Self {
        let Figures {
            rules,
            approve,
            close_after_days,
            correction_days,
            municipalities,
            postal_codes,
            subjects,
        } = Figures::default();
        Self {
            threshold: rules.threshold,
            sensitive_threshold: rules.sensitive_threshold,
            sensitive: rules.sensitive,
            batch: rules.batch,
            approve,
            close_after_days,
            correction_days,
            municipalities,
            postal_codes,
            subjects,
        }
    }
}

impl TryFrom<Written> for Figures {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let rules = Rules {
            threshold: written.threshold,
            sensitive_threshold: written.sensitive_threshold,
            sensitive: written.sensitive,
            batch: written.batch,
        };
        if let Some(fault) = rules.fault() {
            return Err(fault);
        }
        if written.correction_days < written.close_after_days.saturating_add(30) {
            return Err("correction_days is at least 30 more than close_after_days");
        }
        Ok(Self {
            rules,
            approve: written.approve,
            close_after_days: written.close_after_days,
            correction_days: written.correction_days,
            municipalities: written.municipalities,
            postal_codes: written.postal_codes,
            subjects: written.subjects,
        })
    }
}

fn at_least_three<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    let number = u32::deserialize(from)?;
    if (calluna_tables::rules::FLOOR..=1_000).contains(&number) {
        Ok(number)
    } else {
        Err(de::Error::custom("3 to 1000"))
    }
}

fn days<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    let number = u32::deserialize(from)?;
    if number <= 3_650 {
        Ok(number)
    } else {
        Err(de::Error::custom("0 to 3650 days"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Figures, String> {
        // JSON has what TOML has here; the file itself is read in `config`.
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn thresholds_never_fall_below_three() {
        assert_eq!(parse("{}"), Ok(Figures::default()));
        assert_eq!(
            parse(r#"{"threshold": 7}"#).map(|f| f.rules.threshold),
            Ok(7)
        );
        for wrong in [
            r#"{"threshold": 2}"#,
            r#"{"batch": 1}"#,
            r#"{"threshold": 12}"#,
            r#"{"correction_days": 7}"#,
            r#"{"close_after_days": 4000}"#,
            r#"{"treshold": 5}"#,
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
