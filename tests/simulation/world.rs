//! A district that lives through days and nights.

use std::sync::Arc;

use calluna_certs::mint;
use calluna_model::clock::{Clock, HandClock, Moment};
use tokio::sync::{Notify, mpsc};

use crate::chance::Chance;
use crate::disk::{Death, Watch};
use crate::history::History;
use crate::model::{Seen, key_of};
use crate::net::{HUB, NODE};
use crate::office::Office;
use crate::op::{self, Day, NightPlan, Verdict};
use crate::school::{School, Town};

/// So many nights go wrong at first, while the catalogues come over as a whole.
const ROUGH: u64 = 4;
const DAY: i64 = 86_400;
const NIGHT_HOUR: Moment = Moment(1_767_240_000);

/// A world to live through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) seed: u64,
    pub(crate) nodes: usize,
    pub(crate) nights: u64,
}

/// Whose process was killed at a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Hub,
    Node(usize),
}

/// The district.
pub(crate) struct World {
    pub(crate) town: Town,
    pub(crate) schools: Vec<School>,
    pub(crate) office: Office,
    /// What readers were last shown, provider by provider.
    pub(crate) seen: Vec<Option<Seen>>,
    pub(crate) history: History,
    pub(crate) deaths: mpsc::UnboundedReceiver<Who>,
    pub(crate) wrote: Arc<Notify>,
    pub(crate) night: u64,
    /// Whose night was held already when the last night began.
    pub(crate) held_before: Vec<bool>,
}

/// Why a world ended before its last night.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) what: String,
    pub(crate) history: History,
}

/// Lives through a world from its seed alone, on a clock of its own.
pub(crate) fn live(settings: Settings) -> Result<History, Broken> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut world = World::new(settings);
        match world.live(settings).await {
            Ok(()) => Ok(world.history),
            Err(what) => Err(Broken {
                what,
                history: world.history,
            }),
        }
    })
}

impl World {
    fn new(settings: Settings) -> Self {
        let authority = mint::district();
        let (died, deaths) = mpsc::unbounded_channel();
        let wrote = Arc::new(Notify::new());
        let schools: Vec<School> = (0..settings.nodes)
            .map(|place| {
                let died = died.clone();
                let watch = Watch {
                    died: Arc::new(move || died.send(Who::Node(place)).unwrap_or_default()),
                    wrote: Arc::new(|| {}),
                };
                School::new(place as u64 + 1, &authority, watch)
            })
            .collect();
        let wires: Vec<_> = schools.iter().map(|school| school.wires.clone()).collect();
        let commits = Arc::clone(&wrote);
        let watch = Watch {
            // A process that is killed says nothing more, not even in the step it is in.
            died: Arc::new(move || {
                wires.iter().for_each(|wires| wires.sever(HUB, true));
                died.send(Who::Hub).unwrap_or_default();
            }),
            wrote: Arc::new(move || commits.notify_one()),
        };
        Self {
            town: Town {
                seed: settings.seed,
                clock: HandClock::at(NIGHT_HOUR),
                actions: 0,
            },
            office: Office::new(&authority, watch),
            seen: vec![None; schools.len()],
            schools,
            history: History::default(),
            deaths,
            wrote,
            night: 0,
            held_before: Vec::new(),
        }
    }

    async fn live(&mut self, settings: Settings) -> Result<(), String> {
        self.settle()?;
        for night in 1..=settings.nights {
            self.night = night;
            self.day().await?;
            let chance = Chance::of(self.town.seed, &[4, night]);
            let plan = NightPlan::any(&chance, self.schools.len(), night <= ROUGH);
            self.pass(&plan).await?;
        }
        self.last_nights().await
    }

    /// Everybody joins, with a first catalogue.
    fn settle(&mut self) -> Result<(), String> {
        self.office.start(&self.town, None)?;
        for school in &mut self.schools {
            self.office
                .invite(&school.id, &school.leaf, self.town.clock.now());
            school.start(&self.town)?;
            let chance = Chance::of(self.town.seed, &[3, self.town.actions]);
            // Some catalogues do not fit into one batch.
            let most = if chance.percent(40) { 150 } else { 60 };
            let first = op::Work::Add(chance.between(most / 60, most));
            school.work(first, &mut self.town, &chance)?;
            school.backup();
        }
        self.office.backup(&self.seen);
        Ok(())
    }

    /// Once the faults have ended and the operator has decided, one night brings both sides
    /// together, and the next has nothing to do.
    async fn last_nights(&mut self) -> Result<(), String> {
        for last in 1..=2_u64 {
            self.night += 1;
            self.history.note(format!("=== last night {last}"));
            let quiet = NightPlan::quiet(self.schools.len());
            self.pass(&quiet).await?;
            for place in 0..self.schools.len() {
                self.decide(place, Verdict::Release).await?;
            }
        }
        self.night += 1;
        self.pass(&NightPlan::quiet(self.schools.len())).await?;
        let latest = self.office.hub().store.latest_night();
        for line in latest
            .map_err(|error| error.to_string())?
            .unwrap()
            .providers
        {
            if line.outcome != calluna_model::outcome::Outcome::Unchanged {
                return Err(format!(
                    "{} is {} although nothing has happened",
                    line.provider, line.outcome
                ));
            }
        }
        Ok(())
    }

    /// A night, and what has to be true in the morning.
    async fn pass(&mut self, plan: &NightPlan) -> Result<(), String> {
        self.start_all()?;
        self.held_before = self.held()?;
        let report = self.run_night(plan).await?;
        self.town.clock.forward(60);
        self.start_all()?;
        self.look_at_all()?;
        self.receipts_hold()?;
        if plan.quiet {
            let report = report.ok_or("a quiet night did not come to its end")?;
            self.agree(&report)?;
        }
        self.town.clock.forward(DAY - 3_600);
        Ok(())
    }

    fn held(&self) -> Result<Vec<bool>, String> {
        let held = self.schools.iter().map(|school| {
            let state = self.office.hub().store.provider(&school.id);
            Ok(state.map_err(|error| error.to_string())?.held.is_some())
        });
        held.collect()
    }

    fn start_all(&mut self) -> Result<(), String> {
        for school in &mut self.schools {
            school.start(&self.town)?;
        }
        if self.office.running.is_none() {
            self.office.start(&self.town, None)?;
            self.look_at_all()?;
        }
        Ok(())
    }

    async fn day(&mut self) -> Result<(), String> {
        let night = self.night;
        self.history.note(format!("=== day {night}"));
        for place in 0..self.schools.len() {
            let chance = Chance::of(self.town.seed, &[5, night, place as u64]);
            if let Some(day) = op::day(&chance) {
                self.node_day(place, day, &chance)?;
            }
            self.town.clock.forward(1);
        }
        let chance = Chance::of(self.town.seed, &[6, night]);
        if let Some(office) = op::office(&chance) {
            self.office_day(office, &chance)?;
        }
        for place in 0..self.schools.len() {
            let verdict = op::verdict(&Chance::of(self.town.seed, &[7, night, place as u64]));
            self.decide(place, verdict).await?;
        }
        Ok(())
    }

    fn node_day(&mut self, place: usize, day: Day, chance: &Chance) -> Result<(), String> {
        let school = &mut self.schools[place];
        school.start(&self.town)?;
        let came = match day {
            Day::Works(work) => school.work(work, &mut self.town, chance)?,
            Day::Killed(work, death, n) => {
                let life = Arc::clone(&school.running.as_ref().unwrap().life);
                life.die_at(death, n);
                let came = school.work(work, &mut self.town, chance)?;
                life.spare();
                if life.is_dead() {
                    school.stop(true);
                }
                came
            }
            Day::Backup => {
                school.backup();
                "kept"
            }
            Day::Restore { with_state } => {
                if school.restore(chance, with_state) {
                    "restored"
                } else {
                    "no copy"
                }
            }
            Day::Wipe => {
                school.wipe();
                "wiped"
            }
            Day::Restart => {
                school.stop(true);
                "restarted"
            }
        };
        school.start(&self.town)?;
        self.deaths_are_known();
        let head = key_of(
            &self.schools[place]
                .running
                .as_ref()
                .unwrap()
                .publisher
                .head(),
        );
        self.history.note(format!(
            "{} {day:?}: {came}, {}",
            self.schools[place].id,
            short(&head)
        ));
        Ok(())
    }

    fn office_day(&mut self, office: op::Office, chance: &Chance) -> Result<(), String> {
        if matches!(office, op::Office::Restore { .. } | op::Office::Sleep) {
            self.schools
                .iter_mut()
                .for_each(|school| school.straight = false);
        }
        match office {
            op::Office::Backup => self.office.backup(&self.seen),
            op::Office::Restore { with_state, killed } => {
                let now = self.town.clock.now();
                if let Some(seen) = self.office.restore(chance, with_state, now) {
                    self.seen = seen;
                    self.restart_office(killed)?;
                }
            }
            op::Office::Restart => {
                self.office.stop();
                self.restart_office(None)?;
            }
            op::Office::Sleep => self.town.clock.forward(401 * DAY),
        }
        self.town.clock.forward(1);
        self.history.note(format!("hub {office:?}"));
        self.look_at_all()
    }

    fn restart_office(&mut self, killed: Option<(Death, u64)>) -> Result<(), String> {
        if !self.office.start(&self.town, killed)? {
            self.history
                .note("hub was killed while it started".to_owned());
            self.office.start(&self.town, None)?;
        }
        self.deaths_are_known();
        self.look_at_all()
    }

    /// What the operator does about a held night, if there is one.
    async fn decide(&mut self, place: usize, verdict: Verdict) -> Result<(), String> {
        let id = self.schools[place].id.clone();
        let state = self
            .office
            .hub()
            .store
            .provider(&id)
            .map_err(|e| e.to_string())?;
        let Some(held) = state.held else {
            return Ok(());
        };
        match verdict {
            Verdict::Leave => return Ok(()),
            Verdict::Discard => {
                let discarded = self.office.hub().store.discard(&id);
                discarded.map_err(|error| format!("{id} cannot be discarded: {error}"))?;
            }
            Verdict::Release | Verdict::KilledRelease(_) => {
                self.schools[place]
                    .memory
                    .released
                    .insert(key_of(&held.head));
                if let Verdict::KilledRelease(death) = verdict {
                    self.office.life().die_at(death, 1);
                }
                let released = self.office.release(&id).await;
                if self.office.life().is_dead() {
                    self.office.stop();
                    self.restart_office(None)?;
                } else {
                    self.office.life().spare();
                    let removed =
                        released.map_err(|error| format!("{id} cannot be released: {error}"))?;
                    self.shows(place, &key_of(&held.head))?;
                    if removed != held.removed {
                        return Err(format!(
                            "{id}: {removed} were released, {} were held",
                            held.removed
                        ));
                    }
                }
            }
        }
        self.history.note(format!("{id} held night: {verdict:?}"));
        self.look(place)
    }

    /// Deaths by day were seen to at once.
    fn deaths_are_known(&mut self) {
        while self.deaths.try_recv().is_ok() {}
    }

    /// A node's process is gone.
    pub(crate) fn node_died(&mut self, place: usize, told: bool) {
        self.schools[place].stop(told);
        self.schools[place].wires.sever(NODE, told);
    }
}

/// A head in a line of the history.
pub(crate) fn short(head: &crate::model::HeadKey) -> String {
    let (epoch, revision, digest) = head;
    format!(
        "{:02x}{:02x}/{revision}/{:02x}{:02x}{:02x}",
        epoch[0], epoch[1], digest[0], digest[1], digest[2]
    )
}
