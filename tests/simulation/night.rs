//! A night in the world: everybody dials, the product's night runs, and what was planned happens to
//! them meanwhile.

use std::sync::Arc;
use std::time::Duration;

use calluna_certs::Peer;
use calluna_host::guarded::{Guarded, Leash};
use calluna_hub::hub::Hub;
use calluna_hub::link::channel_on;
use calluna_hub::night::{self, Event};
use calluna_model::id::ProviderId;
use calluna_model::report::{NightReport, ProviderReport};
use calluna_node::link::Backoff;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_rustls::rustls::pki_types::CertificateDer;

use crate::chance::{Chance, derive, entropy};
use crate::net::{HUB, Line, Wires};
use crate::op::{NightPlan, Strike};
use crate::school::Door;
use crate::world::{Who, World};

/// How long a connection may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// One node's attempts to be connected.
struct Dialler {
    hub: Arc<Hub>,
    id: ProviderId,
    leaf: CertificateDer<'static>,
    door: Door,
    wires: Wires,
    line: Line,
    night: Instant,
    seed: u64,
    attempts: u64,
}

impl Dialler {
    async fn keep(mut self) {
        let mut backoff = Backoff::new(entropy(self.seed, &[1]), Duration::from_millis(500));
        loop {
            let begun = Instant::now();
            if let Some(leash) = self.once().await {
                leash.gone().await;
                backoff.lost(begun.elapsed() >= HANDSHAKE);
            }
            sleep(backoff.next_wait()).await;
        }
    }

    async fn once(&mut self) -> Option<Leash> {
        sleep(Duration::from_millis(self.line.delay.0)).await;
        if let Some((from, to)) = self.line.partition {
            let at = self.night.elapsed();
            if at >= Duration::from_millis(from) && at < Duration::from_millis(to) {
                sleep(HANDSHAKE).await;
                return None;
            }
        }
        let (streams, session) = self.door.lock().unwrap().clone()?;
        let chance = Chance::of(self.seed, &[2, self.attempts]);
        let [near, far] = self
            .wires
            .connect(&self.line, self.night, chance, self.attempts);
        self.attempts += 1;
        let (near, leash) = Guarded::new(near, session);
        streams.send(near).await.ok()?;
        let peer = Peer::Provider(self.id.clone());
        let since = self.hub.clock.now();
        let from = "simulated".to_owned();
        let made = timeout(
            HANDSHAKE,
            channel_on(far, peer, self.leaf.clone(), since, from),
        );
        let connection = made.await.ok()?.ok()?;
        self.hub.links.admit(&self.id, connection).await;
        Some(leash)
    }
}

impl World {
    /// Runs the night; nothing when it did not come to its end.
    pub(crate) async fn run_night(
        &mut self,
        plan: &NightPlan,
    ) -> Result<Option<NightReport>, String> {
        let begun = Instant::now();
        let kind = if plan.quiet { "quiet" } else { "bad" };
        self.history
            .note(format!("=== {kind} night {}", self.night));
        self.arm(plan);
        let mut dialling = self.dial(plan, begun);
        let ended = self.meanwhile(plan, begun).await;
        dialling.abort_all();
        while dialling.join_next().await.is_some() {}
        for place in 0..self.schools.len() {
            self.schools[place].wires.sever(HUB, true);
            if let Some(running) = &self.schools[place].running {
                running.life.spare();
                running.life.fill(false);
            }
        }
        // What was under way in connections ends with them.
        sleep(Duration::from_millis(5)).await;
        while let Ok(who) = self.deaths.try_recv() {
            self.bury(who);
        }
        if let Some((_, life)) = &self.office.running {
            life.spare();
            life.fill(false);
        }
        ended
    }

    fn arm(&mut self, plan: &NightPlan) {
        for (school, share) in self.schools.iter_mut().zip(&plan.shares) {
            let running = school.running.as_ref().unwrap();
            school.tonight = vec![crate::model::key_of(&running.publisher.head())];
            if let Some((death, n)) = share.death {
                running.life.die_at(death, n);
            }
        }
        if let Some((death, n)) = plan.hub_death {
            self.office.life().die_at(death, n);
        }
    }

    fn dial(&self, plan: &NightPlan, night: Instant) -> JoinSet<()> {
        let mut dialling = JoinSet::new();
        for (place, (school, share)) in self.schools.iter().zip(&plan.shares).enumerate() {
            if share.away {
                continue;
            }
            let dialler = Dialler {
                hub: Arc::clone(self.office.hub()),
                id: school.id.clone(),
                leaf: school.leaf.clone(),
                door: Arc::clone(&school.door),
                wires: school.wires.clone(),
                line: share.line.clone(),
                night,
                seed: derive(self.town.seed, &[8, self.night, place as u64]),
                attempts: 0,
            };
            dialling.spawn(dialler.keep());
        }
        dialling
    }

    async fn meanwhile(
        &mut self,
        plan: &NightPlan,
        begun: Instant,
    ) -> Result<Option<NightReport>, String> {
        let hub = Arc::clone(self.office.hub());
        let (events, mut told) = mpsc::channel(1_024);
        let wish = night::Wish::default();
        let mut running = std::pin::pin!(night::run(&hub, &wish, events));
        let mut planned = timetable(plan).into_iter().peekable();
        let chance = Chance::of(self.town.seed, &[9, self.night]);
        let wrote = Arc::clone(&self.wrote);
        loop {
            let next = planned.peek().map_or(u64::MAX >> 20, |(at, _)| *at);
            tokio::select! {
                biased;
                Some(who) = self.deaths.recv() => {
                    self.bury(who);
                    if who == Who::Hub {
                        return Ok(None);
                    }
                }
                report = &mut running => return match report {
                    _ if self.office.life().is_dead() => {
                        self.office.stop();
                        Ok(None)
                    }
                    Ok(report) => {
                        self.told_the_truth(&report)?;
                        Ok(Some(report))
                    }
                    Err(error) if plan.hub_full.is_some() => {
                        self.history.note(format!("hub could not run the night: {error:#}"));
                        Ok(None)
                    }
                    Err(error) => Err(format!("the night ended in an error: {error:#}")),
                },
                Some(event) = told.recv() => if let Event::Provider(line) = event {
                    self.note_line(&line);
                },
                () = wrote.notified() => self.look(chance.place(self.schools.len()))?,
                () = sleep_until(begun + Duration::from_millis(next)) => {
                    let Some((_, strike)) = planned.next() else { continue };
                    if self.strike(strike, &chance)? {
                        return Ok(None);
                    }
                }
            }
        }
    }

    fn note_line(&mut self, line: &ProviderReport) {
        // Bytes are left out: signatures differ in length from run to run.
        let ProviderReport {
            provider,
            outcome,
            reconciled,
            added,
            changed,
            removed,
            quarantined,
            offers,
            bytes: _,
            calls,
            attempts: _,
            millis,
            figures,
            note,
        } = line;
        self.history.note(format!(
            "{provider} {outcome}: +{added} ~{changed} -{removed} !{quarantined} ={offers}, {calls} calls, \
             {millis} ms, {figures} figures {reconciled}; {note}"
        ));
    }

    /// A process is gone.
    fn bury(&mut self, who: Who) {
        match who {
            Who::Hub => {
                self.history.note("hub was killed at a commit".to_owned());
                self.office.stop();
            }
            Who::Node(place) => {
                self.history
                    .note(format!("{} was killed at a commit", self.schools[place].id));
                self.node_died(place, true);
            }
        }
    }

    /// Something planned happens; true when it ends the hub.
    fn strike(&mut self, strike: Planned, chance: &Chance) -> Result<bool, String> {
        match strike {
            Planned::KillHub(power) => {
                self.history.note(format!("hub is killed, power {power}"));
                self.office.stop();
                self.schools
                    .iter()
                    .for_each(|school| school.wires.sever(HUB, !power));
                return Ok(true);
            }
            Planned::FillHub => self.office.life().fill(true),
            Planned::Node(place, strike) => self.strike_node(place, strike, chance)?,
        }
        Ok(false)
    }

    fn strike_node(&mut self, place: usize, strike: Strike, chance: &Chance) -> Result<(), String> {
        if strike == Strike::Look {
            return self.look(place);
        }
        let school = &mut self.schools[place];
        let came = match strike {
            Strike::Works(work) => school.work(work, &mut self.town, chance)?,
            Strike::Kill { power } => {
                school.stop(!power);
                "gone"
            }
            Strike::Start => {
                school.start(&self.town)?;
                "runs"
            }
            Strike::Restore { with_state } => {
                let restored = school.restore(chance, with_state);
                school.start(&self.town)?;
                if restored { "restored" } else { "no copy" }
            }
            Strike::Full => {
                if let Some(running) = &school.running {
                    running.life.fill(true);
                }
                "full"
            }
            Strike::Look => "seen",
        };
        self.history
            .note(format!("{} {strike:?}: {came}", self.schools[place].id));
        Ok(())
    }
}

/// Something planned for a time.
#[derive(Clone, Copy, Debug)]
enum Planned {
    Node(usize, Strike),
    KillHub(bool),
    FillHub,
}

fn timetable(plan: &NightPlan) -> Vec<(u64, Planned)> {
    let shares = plan.shares.iter().enumerate();
    let mut all: Vec<(u64, Planned)> = shares
        .flat_map(|(place, share)| {
            let strikes = share.strikes.iter();
            strikes.map(move |(at, strike)| (*at, Planned::Node(place, *strike)))
        })
        .collect();
    all.extend(
        plan.hub_kill
            .map(|(at, power)| (at, Planned::KillHub(power))),
    );
    all.extend(plan.hub_full.map(|at| (at, Planned::FillHub)));
    all.sort_by_key(|(at, _)| *at);
    all
}
