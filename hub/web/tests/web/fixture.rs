//! A synthetic catalogue of a district: a dozen offers that differ in everything that pages show, many alike for
//! paging, and hostile ones. Nothing in it is real.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use calluna_catalogue::reader::{Changes, ProviderCard, ReadError, Reader, Standing, VisitOffer};
use calluna_model::clock::{HandClock, Moment};
use calluna_model::id::ProviderId;
use calluna_model::member::{Member, MemberState, ProviderKind, Reach};
use calluna_model::offer::OfferDraft;
use calluna_search::index::Index;
use calluna_web::map::Map;
use calluna_web::settings::{Accessibility, Arbitration, Operator};
use calluna_web::{Download, Monitor, Settings, Site};
use tempfile::TempDir;

#[path = "figures.rs"]
mod figures;
#[path = "offers.rs"]
pub(crate) mod offers;

/// 2026-11-30 21:00 UTC: a Monday evening.
pub(crate) const NOW: Moment = Moment(1_796_072_400);

/// A catalogue in memory.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    cards: BTreeMap<ProviderId, ProviderCard>,
    offers: BTreeMap<ProviderId, BTreeMap<String, OfferDraft>>,
    gone: BTreeMap<(ProviderId, String), (Moment, Option<String>)>,
    /// Whether it cannot be read.
    pub(crate) broken: AtomicBool,
    /// Whether reading it panics.
    pub(crate) panics: AtomicBool,
    /// Releases of the monitoring dataset.
    releases: Option<TempDir>,
}

pub(crate) fn provider(id: &str) -> ProviderId {
    id.parse().unwrap()
}

fn card(id: &str, name: &str, kind: ProviderKind, agreed_at: Option<Moment>) -> ProviderCard {
    ProviderCard {
        member: Member {
            id: provider(id),
            name: name.into(),
            kind,
            invited_at: Moment(0),
            joined_at: Some(Moment(0)),
            reach: Reach::default(),
            revoked_at: None,
            address: "Musterweg 1, 29664 Walsrode".into(),
            website: format!("https://{id}.example"),
            waiting: false,
        },
        state: MemberState::Joined,
        offers: 0,
        agreed_at,
        nights_missed: 0,
        version: 1,
    }
}

impl Shelf {
    /// The folder of the releases.
    pub(crate) fn releases(&self) -> &Path {
        self.releases.as_ref().unwrap().path()
    }

    /// The usual one.
    pub(crate) fn usual() -> Self {
        let night = |days: i64| Some(Moment(1_796_001_240).plus(-86_400 * days));
        let mut shelf = Self::default();
        let vhs = card(
            "vhs-heidekreis",
            "Volkshochschule Heidekreis",
            ProviderKind::Vhs,
            night(0),
        );
        shelf.add(vhs, offers::vhs());
        let bbs = card(
            "bbs-walsrode",
            "Berufsbildende Schulen Walsrode",
            ProviderKind::School,
            night(1),
        );
        shelf.add(bbs, offers::school());
        let mut trainer = card(
            "bildungswerk-soltau",
            "Bildungswerk Soltau gGmbH",
            ProviderKind::Trainer,
            night(4),
        );
        trainer.nights_missed = 3;
        trainer.member.website = String::new();
        shelf.add(trainer, offers::trainer());
        let new = card(
            "neue-akademie",
            "Neue Akademie Munster",
            ProviderKind::Other,
            None,
        );
        shelf.add(new, Vec::new());
        let mut left = card(
            "alte-schule",
            "Alte Schule Rethem",
            ProviderKind::School,
            night(40),
        );
        left.state = MemberState::Revoked;
        shelf.add(left, Vec::new());
        shelf.withdraw(
            "vhs-heidekreis",
            "ALT-1",
            Some("Englisch B1 für Wiedereinsteiger"),
        );
        shelf.withdraw("vhs-heidekreis", "ALT-2", None);
        shelf
    }

    /// With so many more offers, alike and realistic.
    pub(crate) fn with_many(mut self, count: usize) -> Self {
        let id = provider("vhs-heidekreis");
        let all = self.offers.entry(id.clone()).or_default();
        for number in 0..count {
            let offer = offers::one_of_many(number);
            all.insert(offer.id.clone(), offer);
        }
        let count = u64::try_from(all.len()).unwrap();
        self.cards.get_mut(&id).unwrap().offers = count;
        self
    }

    /// With a provider that means harm.
    pub(crate) fn with_hostile(mut self) -> Self {
        let name = "<script>alert('name')</script>\u{202e}Akademie";
        let mut hostile = card("boese-gmbh", name, ProviderKind::Other, Some(NOW));
        hostile.member.website = "javascript:alert('site')".into();
        hostile.member.address = "\" onmouseover=\"alert(1)".into();
        self.add(hostile, vec![offers::hostile()]);
        self.withdraw(
            "boese-gmbh",
            "weg",
            Some("<img src=x onerror=alert(1)>\u{202e}weg"),
        );
        self
    }

    fn add(&mut self, mut card: ProviderCard, offers: Vec<OfferDraft>) {
        let id = card.member.id.clone();
        card.offers = u64::try_from(offers.len()).unwrap();
        self.cards.insert(id.clone(), card);
        let offers = offers.into_iter().map(|offer| (offer.id.clone(), offer));
        self.offers.insert(id, offers.collect());
    }

    pub(crate) fn withdraw(&mut self, id: &str, offer: &str, title: Option<&str>) {
        let key = (provider(id), offer.to_owned());
        let title = title.map(str::to_owned);
        self.gone.insert(key, (NOW.plus(-86_400), title));
    }

    fn whole(&self) -> Result<(), ReadError> {
        assert!(!self.panics.load(Ordering::SeqCst), "secret of the inside");
        if self.broken.load(Ordering::SeqCst) {
            return Err(ReadError::Source("secret of the inside".into()));
        }
        Ok(())
    }
}

impl Reader for Shelf {
    fn district(&self) -> String {
        "Landkreis Heidekreis".into()
    }

    fn providers(&self) -> Result<Vec<ProviderCard>, ReadError> {
        self.whole()?;
        Ok(self.cards.values().cloned().collect())
    }

    fn provider(&self, id: &ProviderId) -> Result<Option<ProviderCard>, ReadError> {
        self.whole()?;
        Ok(self.cards.get(id).cloned())
    }

    fn offer(&self, provider: &ProviderId, offer: &str) -> Result<Standing, ReadError> {
        self.whole()?;
        let shown = self.offers.get(provider).and_then(|all| all.get(offer));
        if let Some(draft) = shown {
            return Ok(Standing::Shown(Box::new(draft.clone())));
        }
        let gone = self.gone.get(&(provider.clone(), offer.to_owned()));
        Ok(
            gone.map_or(Standing::Unknown, |(since, title)| Standing::Gone {
                since: *since,
                title: title.clone(),
            }),
        )
    }

    fn offers(&self, provider: &ProviderId, visit: &mut VisitOffer<'_>) -> Result<(), ReadError> {
        self.whole()?;
        for offer in self.offers.get(provider).into_iter().flatten() {
            if visit(offer.1.clone()) == ControlFlow::Break(()) {
                break;
            }
        }
        Ok(())
    }

    fn changes(&self, _: Option<&str>, _: usize) -> Result<Changes, ReadError> {
        Ok(Changes::default())
    }
}

/// What an operator has filled in.
pub(crate) fn settings() -> Settings {
    Settings {
        base_url: "https://bildung.example".into(),
        operator: Operator {
            name: "Landkreis Muster".into(),
            address: "Am Markt 1, 29000 Musterstadt".into(),
            represented_by: "die Landrätin oder den Landrat".into(),
            mail: "bildung@kreis.example".into(),
            phone: "05000 0000".into(),
            supervision: "das Innenministerium".into(),
        },
        accessibility: Accessibility {
            mail: "barriere@kreis.example".into(),
            phone: "05000 0001".into(),
            reviewed_on: "2026-11-30".into(),
            known_barriers: "keine bekannt".into(),
        },
        arbitration: Arbitration {
            name: "Schlichtungsstelle (Muster)".into(),
            address: "Musterplatz 2, 30000 Musterhauptstadt".into(),
            mail: "schlichtung@land.example".into(),
            url: "https://schlichtung.example".into(),
        },
        data_protection_officer: "datenschutz@kreis.example".into(),
        security_contact: "sicherheit@kreis.example".into(),
    }
}

/// A site over that catalogue, with the real search.
pub(crate) fn site(mut shelf: Shelf) -> (Site, Arc<Shelf>) {
    let releases = figures::releases();
    let monitor = Monitor::new(releases.path());
    shelf.releases = Some(releases);
    let shelf = Arc::new(shelf);
    let index = Index::create_in_ram("03358").unwrap();
    index.refresh(shelf.as_ref()).unwrap();
    let site = Site {
        reader: shelf.clone(),
        search: Arc::new(index),
        settings: settings(),
        map: Map::heidekreis(),
        clock: Arc::new(HandClock::at(NOW)),
        downloads: vec![Download {
            name: "Angebote als CSV".into(),
            href: "https://daten.example/angebote.csv".into(),
            media: "text/csv".into(),
        }],
        monitor: Some(monitor),
    };
    (site, shelf)
}
