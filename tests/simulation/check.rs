//! What has to be true, at any time and in the morning.

use std::sync::Arc;

use calluna_model::outcome::Outcome;
use calluna_model::report::{NightReport, ProviderReport};

use crate::model::{HeadKey, Seen, harmless, key_of, missing};
use crate::world::{World, short};

impl World {
    /// Looks at one provider as a reader does: always a whole state, and nothing gone without proof.
    pub(crate) fn look(&mut self, place: usize) -> Result<(), String> {
        if self.office.running.is_none() {
            return Ok(());
        }
        let id = &self.schools[place].id;
        let state = self
            .office
            .hub()
            .store
            .provider(id)
            .map_err(|error| error.to_string())?;
        let view = self.office.view(id)?;
        let before = self.seen[place].as_ref();
        let Some(published) = state.published else {
            return if before.is_some() || !view.is_empty() {
                Err(format!("{id}: what readers saw is gone"))
            } else {
                Ok(())
            };
        };
        let head = key_of(&published.head);
        if let Some(before) = before.filter(|before| before.head == head) {
            return if *before.view == view {
                Ok(())
            } else {
                Err(format!(
                    "{id}: readers are shown something else under the same head {}",
                    short(&head)
                ))
            };
        }
        let memory = &self.schools[place].memory;
        let judged = memory.judge(before, head, &view);
        let catalogue = judged.map_err(|what| format!("{id} at {}: {what}", short(&head)))?;
        if (published.offers, published.quarantined) != (view.len() as u64, catalogue.refused()) {
            return Err(format!(
                "{id}: the hub counts {published:?}, readers see {}",
                view.len()
            ));
        }
        self.history.note(format!("{id} shows {}", short(&head)));
        self.seen[place] = Some(Seen {
            head,
            catalogue,
            view: Arc::new(view),
        });
        Ok(())
    }

    pub(crate) fn look_at_all(&mut self) -> Result<(), String> {
        (0..self.schools.len()).try_for_each(|place| self.look(place))
    }

    /// Readers are shown exactly this state.
    pub(crate) fn shows(&mut self, place: usize, head: &HeadKey) -> Result<(), String> {
        self.look(place)?;
        match &self.seen[place] {
            Some(seen) if seen.head == *head => Ok(()),
            _ => Err(format!(
                "{} does not show {}",
                self.schools[place].id,
                short(head)
            )),
        }
    }

    /// A report that says that both sides agreed means a state that the node had this night.
    pub(crate) fn told_the_truth(&mut self, report: &NightReport) -> Result<(), String> {
        self.look_at_all()?;
        for line in report.providers.iter().filter(|line| line.outcome.agreed()) {
            let place = self.place(line);
            let head = self.seen[place].as_ref().map(|seen| seen.head);
            if head.is_none_or(|head| !self.schools[place].tonight.contains(&head)) {
                return Err(format!(
                    "{} is {}, but shows a state of another night",
                    line.provider, line.outcome
                ));
            }
        }
        for line in &report.providers {
            if self.schools[self.place(line)].straight && !line.reconciled.is_empty() {
                return Err(format!(
                    "{} was compared as a whole: {}",
                    line.provider, line.reconciled
                ));
            }
            if line.outcome == Outcome::Refused {
                return Err(format!(
                    "{} is blamed, and every node here is honest: {}",
                    line.provider, line.note
                ));
            }
            if line.note.contains("internal") {
                return Err(format!("{}: {}", line.provider, line.note));
            }
        }
        Ok(())
    }

    fn place(&self, line: &ProviderReport) -> usize {
        let found = self
            .schools
            .iter()
            .position(|school| school.id == line.provider);
        found.unwrap()
    }

    /// What a node was told to be taken over is taken over (invariant 3).
    pub(crate) fn receipts_hold(&self) -> Result<(), String> {
        for school in &self.schools {
            let receipts = school
                .running
                .as_ref()
                .unwrap()
                .publisher
                .store()
                .receipts();
            let receipts = receipts.map_err(|error| error.to_string())?;
            let Some(newest) = receipts.iter().find(|receipt| receipt.outcome.agreed()) else {
                continue;
            };
            if newest.at <= self.office.remembers_since {
                continue;
            }
            let state = self.office.hub().store.provider(&school.id);
            let published = state.map_err(|error| error.to_string())?.published;
            let kept = published.is_some_and(|published| {
                published.at >= newest.at
                    && (published.night != newest.night || published.head == newest.head)
            });
            if !kept {
                return Err(format!(
                    "{} has a receipt of night {} for {}, and the hub does not have it: {published:?}",
                    school.id,
                    newest.night,
                    short(&key_of(&newest.head))
                ));
            }
        }
        Ok(())
    }

    /// After a quiet night both sides agree, unless a guard holds it back with reason (invariants 4
    /// and 5).
    pub(crate) fn agree(&self, report: &NightReport) -> Result<(), String> {
        if report.providers.len() != self.schools.len() {
            return Err(format!("the report has {} lines", report.providers.len()));
        }
        for line in &report.providers {
            self.agrees(line).map_err(|what| {
                format!("{} after a quiet night: {what}: {line:?}", line.provider)
            })?;
        }
        Ok(())
    }

    fn agrees(&self, line: &ProviderReport) -> Result<(), String> {
        let place = self.place(line);
        let school = &self.schools[place];
        let head = school.running.as_ref().unwrap().publisher.head();
        let state = self
            .office
            .hub()
            .store
            .provider(&school.id)
            .map_err(|e| e.to_string())?;
        let published = state.published.map(|published| published.head);
        if line.outcome.agreed() {
            let refused = school.now.refused();
            if published != Some(head) {
                return Err(format!("the hub has {published:?}, the node {head:?}"));
            }
            if state.held.is_some() || state.staged.is_some() || state.doubtful {
                return Err(format!(
                    "something is left over: {:?} {:?} {}",
                    state.held, state.staged, state.doubtful
                ));
            }
            if line.quarantined != refused || (line.outcome == Outcome::Ok && refused > 0) {
                return Err(format!("{refused} records are refused"));
            }
            return Ok(());
        }
        let (Outcome::Held, Some(held), Some(seen)) = (line.outcome, state.held, &self.seen[place])
        else {
            return Err("the sides did not come together".to_owned());
        };
        let removed = missing(seen, &school.now);
        if held.head != head || held.removed != removed || removed == 0 {
            return Err(format!("held {held:?}, but {removed} offers are missing"));
        }
        let first = !self.held_before[place];
        if first && line.reconciled.is_empty() && harmless(seen, &school.now) {
            return Err("held back without need".to_owned());
        }
        Ok(())
    }
}
