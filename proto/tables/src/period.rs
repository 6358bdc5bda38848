//! The period of figures: a quarter.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;

/// A quarter of a year, written `2026-Q3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    year: i16,
    quarter: i8,
}

/// Text that is no period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a period: write the year and the quarter, such as 2026-Q3")]
pub struct InvalidPeriod;

impl FromStr for Period {
    type Err = InvalidPeriod;

    fn from_str(text: &str) -> Result<Self, InvalidPeriod> {
        let (year, quarter) = text.split_once("-Q").ok_or(InvalidPeriod)?;
        let known = year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit());
        let year = year.parse().ok().filter(|_| known).ok_or(InvalidPeriod)?;
        let quarter = match quarter {
            "1" => 1,
            "2" => 2,
            "3" => 3,
            "4" => 4,
            _ => return Err(InvalidPeriod),
        };
        if (1950..=2200).contains(&year) {
            Ok(Self { year, quarter })
        } else {
            Err(InvalidPeriod)
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-Q{}", self.year, self.quarter)
    }
}

impl Period {
    /// The calendar year.
    #[must_use]
    pub fn year(self) -> i16 {
        self.year
    }

    /// Whether a day lies in the period.
    #[must_use]
    pub fn has(self, day: Date) -> bool {
        day.year() == self.year && (day.month() + 2) / 3 == self.quarter
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_a_quarter_and_nothing_else() {
        let period: Period = "2026-Q3".parse().unwrap();
        assert_eq!(period.to_string(), "2026-Q3");
        for (day, inside) in [
            ("2026-06-30", false),
            ("2026-07-01", true),
            ("2026-09-30", true),
            ("2026-10-01", false),
            ("2025-08-01", false),
        ] {
            assert_eq!(period.has(day.parse().unwrap()), inside, "{day}");
        }
        for text in [
            "", "2026", "2026-Q5", "2026-Q", "26-Q1", "2026-q1", "+026-Q1", "2026-Q01",
        ] {
            assert!(text.parse::<Period>().is_err(), "{text}");
        }
    }
}
