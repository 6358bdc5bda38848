//! What the catalogue exports in a format, a node reads back: the fields that the format carries are the same.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "helpers of tests may fail loudly"
)]

use std::path::Path;

use calluna_catalogue::export::{Carries, Edition, Row, Writer, format};
use calluna_import::{Options, Source, read, read_file};
use calluna_model::clock::Moment;
use calluna_model::fixture::full_offer;
use calluna_model::member::{Member, ProviderKind, Reach};
use calluna_model::offer::OfferDraft;
use serde_json::Value;

fn member() -> Member {
    Member {
        id: "vhs".parse().unwrap(),
        name: "Beispiel-VHS".into(),
        kind: ProviderKind::Vhs,
        invited_at: Moment(0),
        joined_at: None,
        reach: Reach::DialsOut,
        revoked_at: None,
        address: "Kirchplatz 4, 29664 Walsrode".into(),
        website: String::new(),
        waiting: false,
    }
}

/// The offers as a file of that format, and how many it holds.
fn export(name: &str, offers: &[OfferDraft]) -> (Vec<u8>, u64) {
    let provider = member();
    let mut edition = Edition::new("Heidekreis", Moment(1_790_000_000), vec![provider.clone()]);
    edition.profiles = calluna_catalogue::export::openqcat::Profiles::parse(PROFILES).unwrap();
    let mut writer = Writer::new(format(name).unwrap(), edition).unwrap();
    for offer in offers {
        let provider = &provider;
        writer.push(&Row { provider, offer }).unwrap();
    }
    let (bytes, loss) = writer.finish().unwrap();
    (bytes, loss.written)
}

/// Synthetic.
const PROFILES: &str = "\
provider,supplier_id,organizational_form,institution,education_type,course_type,name,street,postal_code,city,phone,contact_salutation,contact_last_name,contact_phone,contact_role
vhs,12345,3:Volkshochschule,105:Einrichtung der beruflichen Weiterbildung,104:Fortbildung/Qualifizierung,5,Beispiel-VHS,Kirchplatz 4,29664,Walsrode,05161.000000,Frau,Muster,05161.000001,2:Gesamtansprechpartner
";

/// What a node reads of the bytes; nothing, with a notice, where it has no importer of that name.
fn import(name: &str, bytes: &[u8]) -> Option<Vec<OfferDraft>> {
    if !calluna_import::ALL
        .iter()
        .any(|format| format.name() == name)
    {
        eprintln!("skipped: nodes read no {name}");
        return None;
    }
    let source = Source {
        name: "export",
        bytes,
    };
    let imported = read(&source, Some(name), &Options::default()).unwrap();
    assert_eq!(imported.refused, [], "{name}");
    let offers = imported.offers.into_iter();
    Some(
        offers
            .map(calluna_model::offer::Offer::into_draft)
            .collect(),
    )
}

/// The carried fields of an offer, without those that the format writes in a way of its own.
fn carried(offer: &OfferDraft, carries: Carries, but: &[&str]) -> Value {
    fn empty(value: &Value) -> bool {
        value.is_null()
            || value.as_object().is_some_and(serde_json::Map::is_empty)
            || value.as_array().is_some_and(Vec::is_empty)
    }
    fn keep(value: &Value, at: &str, wanted: &dyn Fn(&str) -> bool) -> Value {
        match value {
            Value::Array(items) => {
                let kept = items.iter().map(|item| keep(item, at, wanted));
                kept.filter(|item| !empty(item)).collect()
            }
            Value::Object(members) if !wanted(at) || at.is_empty() => {
                let inner = members.iter().filter_map(|(name, member)| {
                    let at = if at.is_empty() {
                        name.clone()
                    } else {
                        format!("{at}.{name}")
                    };
                    let kept = keep(member, &at, wanted);
                    (!empty(&kept)).then(|| (name.clone(), kept))
                });
                Value::Object(inner.collect())
            }
            value if wanted(at) => value.clone(),
            _ => Value::Null,
        }
    }
    let wanted = |at: &str| match carries {
        Carries::Everything => !but.contains(&at),
        Carries::These(names) => names.contains(&at) && !but.contains(&at),
    };
    keep(&serde_json::to_value(offer).unwrap(), "", &wanted)
}

/// Exports, reads back, compares. `but` are fields that a format writes in a way of its own.
fn there_and_back(name: &str, offers: &[OfferDraft], but: &[&str]) -> usize {
    let (bytes, written) = export(name, offers);
    let Some(back) = import(name, &bytes) else {
        return 0;
    };
    assert_eq!(back.len() as u64, written, "{name}");
    let carries = format(name).unwrap().carries();
    let mut compared = 0;
    for offer in &back {
        let original = offers
            .iter()
            .find(|original| offer.id.ends_with(&original.id) || offer.id.starts_with(&original.id))
            .unwrap_or_else(|| panic!("{name}: {} is nobody", offer.id));
        assert_eq!(
            carried(offer, carries, but),
            carried(original, carries, but),
            "{name}: {}",
            offer.id
        );
        compared += 1;
    }
    compared
}

fn sample(name: &str) -> Vec<OfferDraft> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("data")
        .join(name);
    let imported = read_file(&path, None, &Options::default()).unwrap();
    let offers = imported.offers.into_iter();
    offers
        .map(calluna_model::offer::Offer::into_draft)
        .collect()
}

#[test]
fn jsonl_brings_everything_back() {
    let offers = [full_offer("A-1").into_draft()];
    let (bytes, _) = export("jsonl", &offers);
    let line: Value = serde_json::from_slice(&bytes).unwrap();
    let back = import("jsonl", line["offer"].to_string().as_bytes()).unwrap();
    assert_eq!(back, offers);
}

#[test]
fn what_came_as_open_vhs_comes_back_as_it_was() {
    // Real courses of the vhs Berlin, and synthetic ones. The Berlin dialect says more than the format has room for.
    for name in ["synthetic-openvhs.xml", "berlin-vhs-2026.json"] {
        let offers = sample(name);
        let but = ["funding", "format", "runs.venue.room"];
        if name.starts_with("berlin") {
            // Open-vhs demands an address on the web, which the list of Berlin does not tell: refused, not padded.
            assert_eq!(export("openvhs", &offers).1, 0, "{name}");
            continue;
        }
        let compared = there_and_back("openvhs", &offers, &but);
        assert!(
            compared * 10 >= offers.len() * 9,
            "{name}: only {compared} of {} went out and came back",
            offers.len()
        );
    }
}

#[test]
fn a_full_offer_comes_back_from_open_vhs() {
    // The id of a run is that of its event; an award is a certificate there; weekly times are days. The description is
    // read from the formatted one, which is compared.
    let but = [
        "id",
        "description",
        "runs.id",
        "awards",
        "runs.weekly",
        "format",
        "runs.format",
        "accessibility",
        "funding",
        "runs.price.amount_cents",
        "runs.price.reduced_cents",
        "runs.price.notes",
        "runs.teaching_units_hundredths",
    ];
    let mut offer = full_offer("A-1").into_draft();
    // The words of a code are not written.
    offer.subjects.iter_mut().for_each(|of| of.label.clear());
    assert_eq!(there_and_back("openvhs", &[offer], &but), 1);
}

#[test]
fn what_came_as_xcri_comes_back_as_it_was() {
    let offers = sample("synthetic-xcri.xml");
    assert_eq!(there_and_back("xcri", &offers, &[]), offers.len());
}

#[test]
fn a_full_offer_comes_back_from_xcri() {
    // Subjects are the provider's own there, titles of qualifications have no code, and a price is the run's.
    let but = [
        "subjects",
        "awards",
        "runs.start_text",
        "price.amount_cents",
    ];
    assert_eq!(
        there_and_back("xcri", &[full_offer("A-1").into_draft()], &but),
        1
    );
}

#[test]
fn openqcat_and_schema_org_come_back_where_nodes_read_them() {
    let mut offer = full_offer("A-1").into_draft();
    offer.description_html.clear();
    offer.awards[0].code = "attendance".into();
    for name in ["openqcat", "schemaorg"] {
        let (bytes, written) = export(name, std::slice::from_ref(&offer));
        assert_eq!(written, 1, "{name}");
        let Some(back) = import(name, &bytes) else {
            continue;
        };
        let back = &back[0];
        assert_eq!(back.title, offer.title, "{name}");
        assert_eq!(back.description, offer.description, "{name}");
        assert_eq!(back.runs.len(), 1, "{name}");
        let (run, original) = (&back.runs[0], &offer.runs[0]);
        assert_eq!(
            (&run.start, &run.end),
            (&original.start, &original.end),
            "{name}"
        );
        assert_eq!(run.seats, original.seats, "{name}");
        assert_eq!(
            run.registration_deadline, original.registration_deadline,
            "{name}"
        );
        let venue = |run: &calluna_model::offer::RunDraft| {
            let venue = run.venue.clone().unwrap();
            [venue.name, venue.street, venue.postal_code, venue.city]
        };
        assert_eq!(venue(run), venue(original), "{name}");
        let price = |offer: &OfferDraft| {
            let of_run = offer.runs[0].price.clone();
            of_run
                .or(offer.price.clone())
                .and_then(|price| price.amount_cents)
        };
        assert_eq!(price(back), price(&offer), "{name}");
    }
}
