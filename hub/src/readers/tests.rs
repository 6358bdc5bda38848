//! Readers over a store that nights write to.

use calluna_kv::{Engine, Options};
use calluna_model::clock::Moment;
use calluna_model::fingerprint::content_hash;
use calluna_model::fixture::an_offer;
use calluna_model::head::Head;
use calluna_model::id::{EpochId, Revision};
use calluna_model::limit::TOMBSTONE_SECONDS;
use calluna_model::member::{ProviderKind, Reach};
use calluna_model::offer::Offer;
use calluna_store::{Change, EmbeddedStore, Terms};
use calluna_wire::convert::offer::record_of;

use super::*;

const DAY: i64 = 86_400;
const NOW: Moment = Moment(1_800_000_000);

struct World {
    engine: Arc<dyn Engine>,
    reader: StoreReader,
}

fn id(text: &str) -> ProviderId {
    text.parse().unwrap()
}

impl World {
    fn new() -> Self {
        let dir = std::path::Path::new("unused");
        let opened = calluna_kv::open("memory", dir, [1; 16], &Options::default()).unwrap();
        let world = Self {
            reader: reader_on(&opened.engine, [3; 16]),
            engine: opened.engine,
        };
        for name in ["bbs", "vhs"] {
            world.member(name, |member| member.joined_at = Some(NOW));
        }
        world
    }

    fn restarted(self, life: [u8; 16]) -> Self {
        Self {
            reader: reader_on(&self.engine, life),
            engine: self.engine,
        }
    }

    fn member(&self, name: &str, change: impl FnOnce(&mut Member)) -> Member {
        let mut member = Member {
            id: id(name),
            name: format!("Die {name}"),
            kind: ProviderKind::Vhs,
            invited_at: NOW,
            joined_at: None,
            reach: Reach::DialsOut,
            revoked_at: None,
            address: String::new(),
            website: String::new(),
            waiting: false,
        };
        change(&mut member);
        self.reader.store.save_member(&member, b"").unwrap();
        member
    }

    fn night(&self, provider: &str, offers: &[Offer], gone: &[&str], at: Moment) {
        let mut stage = self.reader.store.stage(&id(provider), false).unwrap();
        for offer in offers {
            let (hash, record) = (content_hash(offer), record_of(offer));
            stage.put(Revision(1), offer.id().as_str(), hash, &record);
        }
        for offer in gone {
            stage.gone(Revision(1), offer, at);
        }
        let holding = stage.holding();
        let head = Head {
            epoch: EpochId([7; 16]),
            revision: Revision(1),
            count: holding.count,
            digest: holding.digest,
        };
        stage.publish(head, 1, None, at).unwrap();
    }

    fn put_out(&self, provider: &str, at: Moment) {
        let member = self.member(provider, |member| {
            member.joined_at = Some(NOW);
            member.revoked_at = Some(at);
        });
        let change = Change::Withdraw(&member, b"", at);
        self.reader.store.apply(&change, &[]).unwrap();
    }

    /// Everything behind a cursor in stretches of `limit`, and where to go on.
    fn told(&self, cursor: Option<&str>, limit: usize) -> (Vec<String>, String) {
        let (mut all, mut cursor) = (Vec::new(), cursor.map(str::to_owned));
        loop {
            let changes = self.reader.changes(cursor.as_deref(), limit).unwrap();
            assert!(changes.items.len() <= limit);
            all.extend(changes.items.iter().map(|item| {
                let sign = if item.shown { '+' } else { '-' };
                format!("{sign}{}/{}", item.provider, item.offer)
            }));
            if !changes.more {
                return (all, changes.next);
            }
            cursor = Some(changes.next);
        }
    }
}

fn reader_on(engine: &Arc<dyn Engine>, life: [u8; 16]) -> StoreReader {
    let terms = Terms {
        life,
        title_of,
        ..Terms::default()
    };
    let store = EmbeddedStore::on_terms(Arc::clone(engine), false, terms).unwrap();
    StoreReader::new(Arc::new(store), "Heide".to_owned())
}

fn course(id: &str, title: &str) -> Offer {
    an_offer(id).titled(title).build()
}

#[test]
fn readers_know_members_that_joined_or_were_put_out_and_no_others() {
    let world = World::new();
    world.member("invited", |_| {});
    world.member("waiting", |member| {
        member.joined_at = Some(NOW);
        member.waiting = true;
    });
    world.member("never", |member| member.revoked_at = Some(NOW));
    world.night("vhs", &[course("a", "A"), course("b", "B")], &[], NOW);
    world.put_out("bbs", NOW);
    let cards = world.reader.providers().unwrap();
    let seen: Vec<_> = cards
        .iter()
        .map(|card| (card.member.id.as_str(), card.state, card.offers))
        .collect();
    assert_eq!(
        seen,
        [
            ("bbs", MemberState::Revoked, 0),
            ("vhs", MemberState::Joined, 2)
        ]
    );
    assert!(world.reader.provider(&id("invited")).unwrap().is_none());
    assert!(world.reader.provider(&id("nobody")).unwrap().is_none());
}

#[test]
fn the_version_changes_with_offers_name_and_standing_and_with_nothing_else() {
    let world = World::new();
    let version = || world.reader.provider(&id("vhs")).unwrap().unwrap().version;
    let mut seen = vec![version()];
    let mut differs = |what: &str| {
        let now = version();
        assert!(!seen.contains(&now), "{what} is not seen");
        assert_eq!(version(), now);
        seen.push(now);
    };
    world.night("vhs", &[course("a", "A")], &[], NOW);
    differs("a new offer");
    world.night("vhs", &[course("a", "Anders")], &[], NOW);
    differs("a changed offer");
    world.night("vhs", &[], &["a"], NOW);
    differs("a withdrawn offer");
    world.member("vhs", |member| {
        member.joined_at = Some(NOW);
        member.name = "VHS".to_owned();
    });
    differs("a name");
    let before = version();
    world.night("bbs", &[course("x", "X")], &[], NOW);
    assert_eq!(version(), before, "another provider's night");
    world.put_out("vhs", NOW);
    differs("a revocation");
}

#[test]
fn an_offer_is_shown_then_gone_with_its_title_and_may_come_back() {
    let world = World::new();
    let offer = |name: &str| world.reader.offer(&id("vhs"), name).unwrap();
    assert_eq!(offer("a"), Standing::Unknown);
    let first = course("a", "Töpfern");
    world.night("vhs", std::slice::from_ref(&first), &[], NOW);
    assert_eq!(
        offer("a"),
        Standing::Shown(Box::new(first.clone().into_draft()))
    );
    world.night("vhs", &[], &["a"], NOW.plus(DAY));
    let gone = Standing::Gone {
        since: NOW.plus(DAY),
        title: Some("Töpfern".to_owned()),
    };
    assert_eq!(offer("a"), gone);
    world.night("vhs", &[first], &[], NOW.plus(2 * DAY));
    assert!(matches!(offer("a"), Standing::Shown(_)));
    world.put_out("vhs", NOW.plus(3 * DAY));
    let gone = Standing::Gone {
        since: NOW.plus(3 * DAY),
        title: Some("Töpfern".to_owned()),
    };
    assert_eq!(offer("a"), gone, "its provider was put out");
}

#[test]
fn offers_come_in_order_and_page_by_page() {
    let world = World::new();
    let many: Vec<Offer> = (0..700)
        .rev()
        .map(|n| course(&format!("o{n:03}"), "T"))
        .collect();
    world.night("vhs", &many, &["o100"], NOW);
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let page = world.reader.offers_after(&id("vhs"), &after, 97).unwrap();
        let Some(last) = page.last() else { break };
        after.clone_from(&last.id);
        all.extend(page.into_iter().map(|offer| offer.id));
    }
    let mut visited = Vec::new();
    let visit = &mut |offer: OfferDraft| {
        visited.push(offer.id);
        ControlFlow::Continue(())
    };
    world.reader.offers(&id("vhs"), visit).unwrap();
    assert_eq!(all, visited);
    assert_eq!(all.len(), 699);
    assert!(all.is_sorted());
}

#[test]
fn changes_begin_with_everything_and_go_on_through_nights_and_restarts() {
    let mut world = World::new();
    world.night("vhs", &[course("a", "A"), course("b", "B")], &[], NOW);
    world.night("bbs", &[course("x", "X")], &[], NOW);
    for limit in [1, 2, 100] {
        let (all, _) = world.told(None, limit);
        assert_eq!(all, ["+bbs/x", "+vhs/a", "+vhs/b"], "{limit}");
    }
    let (_, cursor) = world.told(None, 2);
    assert_eq!(world.told(Some(&cursor), 9).0, Vec::<String>::new());
    world.night(
        "vhs",
        &[course("a", "Anders"), course("c", "C")],
        &["b"],
        NOW.plus(DAY),
    );
    world = world.restarted([3; 16]);
    for limit in [1, 2, 100] {
        let (more, _) = world.told(Some(&cursor), limit);
        assert_eq!(more, ["-vhs/b", "+vhs/a", "+vhs/c"], "{limit}");
    }
    // Put out and back again: of each offer the newest word only.
    let (_, cursor) = world.told(Some(&cursor), 2);
    world.put_out("vhs", NOW.plus(2 * DAY));
    assert_eq!(world.told(Some(&cursor), 9).0, ["-vhs/a", "-vhs/c"]);
    world.member("vhs", |member| member.joined_at = Some(NOW.plus(3 * DAY)));
    world.night("vhs", &[course("c", "C")], &[], NOW.plus(3 * DAY));
    let (more, next) = world.told(Some(&cursor), 9);
    assert_eq!(more, ["-vhs/a", "+vhs/c"]);
    assert_eq!(world.told(Some(&next), 9).0, Vec::<String>::new());
    assert_eq!(world.told(None, 1).0, ["+bbs/x", "+vhs/c"]);
}

#[test]
fn an_offer_that_changes_while_somebody_lists_is_told_afterwards() {
    let world = World::new();
    let offers = [course("a", "A"), course("b", "B"), course("c", "C")];
    world.night("vhs", &offers, &[], NOW);
    let first = world.reader.changes(None, 2).unwrap();
    world.night("vhs", &[course("d", "D")], &["a"], NOW.plus(DAY));
    let (rest, _) = world.told(Some(&first.next), 2);
    assert_eq!(rest, ["+vhs/c", "+vhs/d", "-vhs/a", "+vhs/d"]);
}

#[test]
fn a_cursor_that_is_too_old_or_of_another_life_is_refused() {
    let world = World::new();
    world.night("vhs", &[course("a", "A")], &[], NOW);
    let (_, cursor) = world.told(None, 9);
    for n in 1..5 {
        let title = format!("A{n}");
        world.night("vhs", &[course("a", &title)], &[], NOW.plus(n * DAY));
    }
    assert_eq!(world.told(Some(&cursor), 9).0, ["+vhs/a"]);
    let refused = |world: &World, cursor: &str| {
        let asked = world.reader.changes(Some(cursor), 9);
        assert!(
            matches!(asked, Err(ReadError::Cursor)),
            "{cursor}: {asked:?}"
        );
    };
    for odd in ["", "x", "0303030303030303.99.0", "0303030303030303.1"] {
        refused(&world, odd);
    }
    world.night(
        "vhs",
        &[course("a", "late")],
        &[],
        NOW.plus(2 * TOMBSTONE_SECONDS),
    );
    refused(&world, &cursor);
    let (_, cursor) = world.told(None, 9);
    let world = world.restarted([4; 16]);
    refused(&world, &cursor);
    assert_eq!(world.told(None, 9).0, ["+vhs/a"]);
}
