//! Releases of the monitoring dataset: what the store holds, handed to [`calluna_monitor`].
//!
//! Releases lie in the folder `releases` of the data directory. They are public and never change, so the hub's
//! backup leaves them out; copy the folder with any tool that copies files. The number of the newest is kept
//! beside it: a hub whose releases are missing says so instead of giving a number away twice.

mod proof;

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use calluna_audit::{Draft, Event};
use calluna_host::data_dir::DataDir;
use calluna_model::id::ProviderId;
use calluna_model::member::Member;
use calluna_model::offer::{Offer, OfferDraft};
use calluna_monitor::{
    About, Built, CatalogueStatistics, Correction, Evidence, Input, Manifest, Population, Proof,
    Provider, Reason, Releases, Standing, Words,
};
use calluna_store::StoreError;
use calluna_tables::{Period, Revision};
use calluna_wire::v1 as pb;
use prost::Message;
use serde::{Deserialize, Serialize};

pub use self::proof::{Proved, prove};
use crate::figures;
use crate::hub::Hub;
use crate::members::{self, Figures as Fate};
use crate::newest::{FILE, Noted, note, noted};

/// Name of the folder in the data directory.
pub const FOLDER: &str = "releases";

/// What `dataset build` did, as it prints it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BuildDocument {
    /// Whether there is a new release.
    pub new: bool,
    /// The newest release.
    pub number: u64,
    /// What it says of itself; nothing when nothing is new.
    pub release: Option<Manifest>,
}

/// Where the releases of a hub lie.
#[must_use]
pub fn folder(dir: &DataDir) -> PathBuf {
    dir.join(FOLDER)
}

/// Makes the release of a night. That it failed is noted and told, and no error of the night.
pub fn after_night(hub: &Hub) {
    if hub.dir.is_none() || !hub.config.dataset.nightly {
        return;
    }
    match build(hub, None) {
        Ok(done) if done.new => tracing::info!(
            release = done.number,
            "a release of the monitoring dataset is made"
        ),
        Ok(done) => tracing::info!(
            release = done.number,
            "nothing is new in the monitoring dataset"
        ),
        Err(error) => {
            tracing::error!(
                error = format!("{error:#}"),
                "the release of the monitoring dataset failed"
            );
            let now = hub.clock.now();
            let mut noted = noted(hub).unwrap_or_default();
            noted.failure = format!("{error:#}");
            noted.failed_at = Some(now);
            if let Err(error) = note(hub, &noted) {
                tracing::error!(
                    error = format!("{error:#}"),
                    "how the release went could not be noted"
                );
            }
        }
    }
}

/// Makes a release, if anything is new.
///
/// # Errors
/// When the store cannot be read, a proof does not hold, or the folder cannot be written; releases that are
/// there stay as they are.
pub fn build(hub: &Hub, correction: Option<&Correction>) -> Result<BuildDocument> {
    let dir = hub
        .dir
        .as_ref()
        .context("a hub without a data directory has no releases")?;
    let path = folder(dir);
    let releases = Releases::open(&path)?;
    let known = noted(hub).unwrap_or_default();
    let newest = releases.list()?.last().copied().unwrap_or(0);
    ensure!(
        newest >= known.newest,
        "release {} was made, but the newest in {} is {newest}: copy the missing releases back, so that no number is \
         given away twice (if they are lost for good, set \"newest\" in {} to {newest})",
        known.newest,
        path.display(),
        dir.join(FILE).display(),
    );
    let members = hub.store.members()?;
    let providers = members
        .iter()
        .filter(|member| member.joined_at.is_some())
        .map(|member| provider(hub, member))
        .collect::<Result<Vec<Provider>>>()?;
    let (evidence, unproved) = evidence(hub, &providers)?;
    let population = population(hub, dir)?;
    let about = about(hub);
    let input = Input {
        now: hub.clock.now(),
        about: &about,
        layout: &hub.desk.frame.layout,
        web: &hub.desk.frame.web,
        least: &hub.desk.least,
        providers: &providers,
        figures: &Stored {
            hub,
            without: &unproved,
        },
        population: &population,
        evidence: &evidence,
        limits: &limits(&unproved),
        correction,
    };
    let document = match calluna_monitor::build(&input, &releases)? {
        Built::New(release) => {
            let told = Draft::hub(Event::ReleaseBuilt)
                .with("release", release.number)
                .with("kind", release.kind.as_str())
                .with("content", &release.content);
            hub.record([told])?;
            BuildDocument {
                new: true,
                number: release.number,
                release: Some(*release),
            }
        }
        Built::Unchanged(number) => BuildDocument {
            new: false,
            number,
            release: None,
        },
    };
    let newest = releases.show(document.number)?;
    note(
        hub,
        &Noted {
            newest: newest.number,
            kind: newest.kind.as_str().to_owned(),
            built_at: newest.built_at,
            ..Noted::default()
        },
    )?;
    Ok(document)
}

fn provider(hub: &Hub, member: &Member) -> Result<Provider> {
    let mut catalogue = CatalogueStatistics::default();
    hub.store.offers(&member.id, &mut |id, record| {
        let wire = pb::Offer::decode(record)
            .map_err(|_| StoreError::Stopped(format!("the record of offer {id} cannot be read")))?;
        // What readers see was checked when it came; what an older program let pass is left out here.
        if let Ok(offer) = Offer::check(OfferDraft::from(wire)) {
            catalogue.feed(&offer, hub.desk.frame.layout.region());
        }
        Ok(())
    })?;
    let revoked = members::enrolment(hub, &member.id)?.and_then(|kept| kept.revoked);
    let standing = match (member.revoked_at, revoked) {
        (None, _) => Standing::Member,
        (Some(_), Some(revoked)) if revoked.figures == Fate::Remove => Standing::Withdrawn,
        (Some(_), _) => Standing::Revoked,
    };
    Ok(Provider {
        id: member.id.clone(),
        name: member.name.clone(),
        agreed: hub.store.provider(&member.id)?.agreed_at,
        standing,
        told_apart: None,
        catalogue,
    })
}

/// Periods of providers whose proof was not finished.
type Unproved = BTreeSet<(ProviderId, Period)>;

/// Proves every period of every provider once more; what did not change is remembered. What is not proved in its time is
/// named, so that the release is made without it: one provider's large quarter keeps nobody else's figures back.
fn evidence(hub: &Hub, providers: &[Provider]) -> Result<(Evidence, Unproved)> {
    let mut proofs = Vec::new();
    let mut unproved = Unproved::new();
    let mut last = HashSet::new();
    for provider in providers
        .iter()
        .filter(|provider| provider.standing != Standing::Withdrawn)
    {
        for head in figures::heads(hub, &provider.id)? {
            let revisions = figures::revisions(hub, &provider.id, &head.period.to_string())?;
            let other = |revision: &Revision| revision.layout != hub.desk.frame.fingerprint;
            if revisions.iter().any(other) {
                // Of an earlier layout of the district: it is not in new releases.
                continue;
            }
            let proof = hub.desk.prove(&revisions)?;
            last.insert(head.digest);
            if !proof.audit.holds() {
                tracing::error!(
                    provider = %provider.id,
                    period = %head.period,
                    "the protection of these figures was not proved again in its time: the release is made without \
                     them, and the next night tries again ([figures] proof_seconds); `calluna-hub dataset audit` tells where"
                );
                unproved.insert((provider.id.clone(), head.period));
                continue;
            }
            proofs.push(Proof {
                provider: provider.id.clone(),
                period: head.period,
                digest: head.digest,
                numbers: count(proof.audit.cells),
                hidden: count(proof.audit.numbers),
                minimum_width: proof
                    .audit
                    .minimum_width
                    .and_then(|width| width.try_into().ok()),
                exact: count(proof.audit.exact),
                narrower: count(proof.audit.narrower),
                milliseconds: proof.millis,
            });
        }
    }
    hub.desk.keep(&last);
    let evidence = Evidence {
        prover: concat!("calluna-protect ", env!("CARGO_PKG_VERSION")).to_owned(),
        rules: hub.desk.least.clone(),
        width: hub.desk.least.threshold.saturating_sub(1),
        proofs,
    };
    Ok((evidence, unproved))
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn population(hub: &Hub, dir: &DataDir) -> Result<Population> {
    let file = &hub.config.dataset.population_file;
    let mut population = Population::default();
    if !file.as_os_str().is_empty() {
        let path = dir.join(file);
        let text = fs::read_to_string(&path).with_context(|| {
            format!(
                "hub.toml, [dataset] population_file: {} cannot be read",
                path.display()
            )
        })?;
        population.also(Population::parse(&text)?);
    }
    population.also(Population::heidekreis()?);
    Ok(population)
}

fn about(hub: &Hub) -> About {
    let config = &hub.config.dataset;
    let name = &hub.config.name;
    let publisher = if config.publisher.is_empty() {
        name.clone()
    } else {
        config.publisher.clone()
    };
    About {
        title: Words::new(
            &format!("{} {name}", config.title_de),
            &format!("{} {name}", config.title_en),
        ),
        attribution: format!("{publisher}, {}", config.title_de),
        publisher,
        publisher_url: config.publisher_url.clone(),
        email: config.email.clone(),
        base: config.base_url.trim_end_matches('/').to_owned(),
        district: config.district.clone(),
        contributor_id: config.contributor_id.clone(),
        ..About::heidekreis()
    }
}

/// What every reader should know of the figures, whoever delivers them.
fn limits(unproved: &Unproved) -> Vec<Words> {
    let mut limits = vec![
        Words::new(
            "Personen, deren Aufnahme eine Zahl um weniger als fünf ändern würde, warten; ihre Zahl steht gerundet bei jedem Anbieter.",
            "Persons who would change a number by fewer than five wait; how many do stands with each provider, rounded.",
        ),
        Words::new(
            "Eine endgültige Fassung ist für sich bewiesen; gegen die vorläufigen davor schützt die Regel, dass sich jede gezeigte Zahl um niemanden oder um mindestens fünf ändert.",
            "A final revision is proved by itself; against the provisional ones before it the rule protects that every shown number changes by nobody or by at least five.",
        ),
        Words::new(
            "Der Schutz gilt gegen Rechnen mit allem, was veröffentlicht ist. Gegen Wissen über mehrere Personen derselben Zelle schützt er nicht.",
            "Protection holds against computing with all that is published. It does not hold against knowing several persons of one cell.",
        ),
    ];
    limits.extend(unproved.iter().map(|(provider, period)| {
        Words::new(
            &format!("Die Zahlen von {provider} für {period} fehlen in dieser Ausgabe: ihr Schutz war in der vorgesehenen Zeit nicht wieder bewiesen."),
            &format!("The figures of {provider} for {period} are not in this release: their protection was not proved again in its time."),
        )
    }));
    limits
}

struct Stored<'a> {
    hub: &'a Hub,
    without: &'a Unproved,
}

impl Stored<'_> {
    fn is_without(&self, provider: &ProviderId, period: Period) -> bool {
        self.without.contains(&(provider.clone(), period))
    }
}

impl calluna_monitor::Figures for Stored<'_> {
    fn periods(&self) -> Result<BTreeSet<Period>, Reason> {
        let mut periods = BTreeSet::new();
        for member in self.hub.store.members()? {
            let heads = figures::heads(self.hub, &member.id)?.into_iter();
            let there = heads.map(|head| head.period);
            periods.extend(there.filter(|period| !self.is_without(&member.id, *period)));
        }
        Ok(periods)
    }

    fn revision(&self, provider: &ProviderId, period: Period) -> Result<Option<Revision>, Reason> {
        Ok(self.history(provider, period)?.pop())
    }

    fn history(&self, provider: &ProviderId, period: Period) -> Result<Vec<Revision>, Reason> {
        if self.is_without(provider, period) {
            return Ok(Vec::new());
        }
        Ok(figures::revisions(self.hub, provider, &period.to_string())?)
    }
}
