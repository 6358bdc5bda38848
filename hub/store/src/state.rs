//! The state of one provider, as it is stored.

use calluna_model::checkpoint::{HeldNight, Published, Staged};
use calluna_model::clock::Moment;
use calluna_model::report::ProviderReport;
use serde::{Deserialize, Serialize};

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
    /// Last chunk of the log that readers look at; 0 for none.
    pub(crate) visible: u64,
}

impl ProviderState {
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
