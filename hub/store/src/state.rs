//! The state of one provider, as it is stored.

use calluna_model::checkpoint::{HeldNight, Published, Staged};
use calluna_model::clock::Moment;
use calluna_model::report::ProviderReport;
use serde::{Deserialize, Serialize};

use crate::port::FiguresRecord;

/// What the hub knows of one provider besides its offers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderState {
    /// What readers see; nothing before the first night that agreed.
    pub published: Option<Published>,
    /// How far a night that was broken off or is held back had come.
    pub staged: Option<Staged>,
    /// A night that a guard holds back.
    pub held: Option<HeldNight>,
    /// The hub's store was found behind its `STATE`; the next night compares everything.
    #[serde(default)]
    pub doubtful: bool,
    /// The line of the last night.
    pub last: Option<ProviderReport>,
    /// When the last night was in which both sides agreed.
    pub agreed_at: Option<Moment>,
    /// How many nights in a row did not end in agreement.
    #[serde(default)]
    pub nights_missed: u64,
    /// When everything was withdrawn because the provider was put out; nothing once it delivers again.
    #[serde(default)]
    pub withdrawn: Option<Moment>,
    /// The newest accepted revision of every period's participation figures, in order of the period.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub figures: Vec<FiguresAt>,
    /// Last chunk of the log that readers look at; 0 for none.
    pub(crate) visible: u64,
}

/// How far one period's participation figures have come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FiguresAt {
    /// The quarter, such as 2026-Q3.
    pub period: String,
    /// The newest accepted revision.
    pub number: u32,
    /// Its digest.
    pub digest: [u8; 32],
}

impl ProviderState {
    /// How far readers look into what is stored: another number whenever they see something else.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.visible
    }

    /// Takes over that a revision was accepted.
    pub(crate) fn accept(&mut self, record: &FiguresRecord) {
        let at = FiguresAt {
            period: record.period.clone(),
            number: record.number,
            digest: record.digest,
        };
        match self
            .figures
            .binary_search_by(|known| known.period.cmp(&at.period))
        {
            Ok(place) => self.figures[place] = at,
            Err(place) => self.figures.insert(place, at),
        }
    }

    /// Takes over how a night ended.
    pub(crate) fn note(&mut self, line: &ProviderReport, at: Moment) {
        if line.outcome.agreed() {
            self.agreed_at = Some(at);
            self.nights_missed = 0;
        } else {
            self.nights_missed += 1;
        }
        self.last = Some(line.clone());
    }
}
