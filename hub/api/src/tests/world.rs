//! A catalogue in memory, and questions to it. Everything is synthetic.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use calluna_catalogue::reader::{
    ChangedOffer, Changes, ProviderCard, ReadError, Reader, Standing, VisitOffer,
};
use calluna_model::clock::{HandClock, Moment};
use calluna_model::fixture::{an_offer, full_offer};
use calluna_model::id::ProviderId;
use calluna_model::member::{Member, MemberState, ProviderKind, Reach};
use calluna_model::offer::OfferDraft;
use calluna_search::answer::{Answer, Asking, SearchError, Statistics, Suggestion};
use calluna_search::index::Index;
use calluna_search::query::Query;
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use crate::api::{Api, Find};
use crate::guard::guarded;
use crate::settings::Settings;

/// 30 November 2026.
pub(super) const NOW: Moment = Moment(1_796_000_000);

/// A catalogue in memory.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    cards: Vec<ProviderCard>,
    offers: BTreeMap<(ProviderId, String), Standing>,
    pub(super) broken: Mutex<bool>,
}

pub(super) fn id(text: &str) -> ProviderId {
    text.parse().unwrap()
}

impl Shelf {
    fn joined(&mut self, name: &str, kind: ProviderKind, state: MemberState) {
        let member = Member {
            id: id(name),
            name: format!("Die \"{name}\" <b>"),
            kind,
            invited_at: NOW,
            joined_at: Some(NOW),
            reach: Reach::DialsOut,
            revoked_at: (state == MemberState::Revoked).then_some(NOW),
            address: "Kirchplatz 4, 29664 Walsrode".into(),
            website: "https://vhs.example".into(),
            waiting: false,
        };
        self.cards.push(ProviderCard {
            member,
            state,
            offers: 0,
            agreed_at: (state == MemberState::Joined).then_some(NOW),
            nights_missed: 0,
            version: 1,
        });
        self.cards.sort_by(|a, b| a.member.id.cmp(&b.member.id));
    }

    fn put(&mut self, provider: &str, offer: OfferDraft) {
        let key = (id(provider), offer.id.clone());
        self.offers.insert(key, Standing::Shown(Box::new(offer)));
    }

    fn whole(&self) -> Result<(), ReadError> {
        match *self.broken.lock().unwrap() {
            true => Err(ReadError::Source("a disk is gone".into())),
            false => Ok(()),
        }
    }
}

impl Reader for Shelf {
    fn district(&self) -> String {
        "Landkreis Heidekreis".into()
    }

    fn providers(&self) -> Result<Vec<ProviderCard>, ReadError> {
        self.whole()?;
        Ok(self.cards.clone())
    }

    fn provider(&self, id: &ProviderId) -> Result<Option<ProviderCard>, ReadError> {
        let cards = self.providers()?;
        Ok(cards.into_iter().find(|card| card.member.id == *id))
    }

    fn offer(&self, provider: &ProviderId, offer: &str) -> Result<Standing, ReadError> {
        self.whole()?;
        let found = self.offers.get(&(provider.clone(), offer.to_owned()));
        Ok(found.cloned().unwrap_or(Standing::Unknown))
    }

    fn offers(&self, provider: &ProviderId, visit: &mut VisitOffer<'_>) -> Result<(), ReadError> {
        self.whole()?;
        for ((of, _), standing) in &self.offers {
            if let (true, Standing::Shown(offer)) = (of == provider, standing)
                && visit((**offer).clone()) == ControlFlow::Break(())
            {
                break;
            }
        }
        Ok(())
    }

    fn changes(&self, cursor: Option<&str>, limit: usize) -> Result<Changes, ReadError> {
        self.whole()?;
        let from: usize = match cursor {
            None => 0,
            Some(text) => text.parse().map_err(|_| ReadError::Cursor)?,
        };
        let items = self.offers.iter().skip(from).take(limit);
        let items: Vec<ChangedOffer> = items
            .map(|((provider, offer), standing)| ChangedOffer {
                provider: provider.clone(),
                offer: offer.clone(),
                shown: matches!(standing, Standing::Shown(_)),
                at: NOW,
            })
            .collect();
        let next = from + items.len();
        Ok(Changes {
            items,
            next: next.to_string(),
            more: next < self.offers.len(),
        })
    }
}

/// A real index over it.
#[derive(Debug)]
struct InMemory(Index);

impl Find for InMemory {
    fn search(&self, query: &Query, _: Moment) -> Result<Answer, SearchError> {
        self.0.search(query, &today())
    }

    fn suggest(&self, typed: &str, limit: usize) -> Result<Vec<Suggestion>, SearchError> {
        self.0.suggest(typed, limit)
    }

    fn statistics(&self, _: Moment) -> Result<Statistics, SearchError> {
        self.0.statistics(&today())
    }
}

fn today() -> Asking {
    Asking::on(jiff::civil::date(2026, 11, 30))
}

/// An interface, and whoever asks it.
pub(super) struct World {
    pub(super) shelf: Arc<Shelf>,
    pub(super) router: Router,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Got {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Got {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

impl World {
    pub(super) fn new() -> Self {
        Self::with(Settings {
            base_url: "https://bildung.example".into(),
            district: "03358".into(),
            contact: "daten@bildung.example".into(),
            ..Settings::default()
        })
    }

    pub(super) fn with(settings: Settings) -> Self {
        let mut shelf = Shelf::default();
        shelf.joined("vhs-heidekreis", ProviderKind::Vhs, MemberState::Joined);
        shelf.joined("bbs-walsrode", ProviderKind::School, MemberState::Joined);
        shelf.joined("trainer-x", ProviderKind::Trainer, MemberState::Revoked);
        let hostile = "Töpfern <script>alert(1)</script> & \"mehr\"";
        shelf.put("vhs-heidekreis", full_offer("A-1").into_draft());
        for n in 0..60 {
            let title = format!("Töpfern am Abend {n}");
            let offer = an_offer(&format!("T-{n:02}")).titled(&title).build();
            shelf.put("vhs-heidekreis", offer.into_draft());
        }
        let hostile = an_offer("H-1").titled(hostile).build().into_draft();
        shelf.put("bbs-walsrode", hostile);
        let gone = Standing::Gone {
            since: NOW,
            title: Some("Nähen".into()),
        };
        shelf
            .offers
            .insert((id("bbs-walsrode"), "G-1".into()), gone);
        let old = Standing::Gone {
            since: NOW,
            title: None,
        };
        shelf.offers.insert((id("trainer-x"), "G-2".into()), old);
        let shelf = Arc::new(shelf);
        let index = Index::create_in_ram("03358").unwrap();
        index.refresh(shelf.as_ref()).unwrap();
        let api = Api {
            reader: Arc::clone(&shelf) as _,
            find: Arc::new(InMemory(index)),
            settings: settings.clone(),
            clock: Arc::new(HandClock::at(NOW)),
        };
        Self {
            router: guarded(crate::router(api), &settings, None),
            shelf,
        }
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Got {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        Got {
            status: parts.status,
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes().to_vec(),
        }
    }

    pub(super) async fn get(&self, address: &str) -> Got {
        self.send(request(Method::GET, address)).await
    }
}

pub(super) fn request(method: Method, address: &str) -> Request<Body> {
    let request = Request::builder().method(method).uri(address);
    request.body(Body::empty()).unwrap()
}

/// The path and query of an address of ours.
pub(super) fn local(address: &str) -> &str {
    address
        .strip_prefix("https://bildung.example")
        .expect(address)
}
