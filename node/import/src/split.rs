//! An offer that is held at more sites than one record can carry, as several offers.
//!
//! Which part a run belongs to depends on its own venue and nothing else: parts are made along the
//! postal code, digit by digit, as far as needed. A new site changes the part it lies in and leaves
//! the others as they are; the order of the file means nothing.

use std::collections::BTreeMap;

use calluna_model::finding::Finding;
use calluna_model::fingerprint::canonical_bytes;
use calluna_model::id::OfferId;
use calluna_model::limit::RECORD_BYTES;
use calluna_model::offer::{Offer, OfferDraft, RunDraft};

use crate::error::ImportError;
use crate::sink::Sink;

/// Most runs of an offer (the rule of `runs`).
const RUNS: usize = 400;
/// Most runs that are gathered for one offer before it is split; with more it is refused.
pub(crate) const GATHERED_RUNS: usize = 4_000;
/// Kept free in a record, because tidying may still add a byte here and there.
const SPARE_BYTES: usize = 512;

/// Takes an offer, in parts where it does not fit into one record.
pub(crate) fn take(sink: &mut Sink, place: &str, draft: OfferDraft) -> Result<(), ImportError> {
    if draft.runs.len() > GATHERED_RUNS {
        let finding = Finding::new("runs", "too-many").limit(GATHERED_RUNS);
        sink.refuse(vec![finding.at(place).of(draft.id)]);
        return Ok(());
    }
    let runs = draft.runs.clone();
    if runs.len() < 2 || fits(&draft, &runs) {
        return sink.offer(place, draft);
    }
    let whole = OfferDraft {
        runs: Vec::new(),
        ..draft
    };
    let mut parts = BTreeMap::new();
    if !divide(&whole, runs.clone(), 0, &mut parts) {
        // The text alone is too large: one refusal says it better than many.
        return sink.offer(place, OfferDraft { runs, ..whole });
    }
    let finding = Finding::new("runs", "split-by-site").limit(parts.len());
    sink.warn(finding.at(place).of(whole.id.clone()));
    for (part, runs) in parts {
        let wished = format!("{}~{part}", whole.id);
        let id = OfferId::from_foreign(&wished).map_or(wished, |id| id.to_string());
        let draft = OfferDraft {
            id,
            runs,
            ..whole.clone()
        };
        sink.offer(place, draft)?;
    }
    Ok(())
}

/// Divides by the first `depth + 1` signs of the keys; says whether every part fits.
fn divide(
    whole: &OfferDraft,
    runs: Vec<RunDraft>,
    depth: usize,
    parts: &mut BTreeMap<String, Vec<RunDraft>>,
) -> bool {
    let mut groups: BTreeMap<String, Vec<RunDraft>> = BTreeMap::new();
    for run in runs {
        let key = key(&run);
        let prefix = key.chars().take(depth + 1).collect();
        groups.entry(prefix).or_default().push(run);
    }
    groups.into_iter().all(|(prefix, runs)| {
        if fits(whole, &runs) {
            parts.insert(prefix, runs);
            true
        } else if runs.len() > 1 && runs.iter().any(|run| key(run).chars().count() > depth + 1) {
            divide(whole, runs, depth + 1, parts)
        } else {
            false
        }
    })
}

/// What a run is divided by: the postal code, abroad after the country, and a hash of its name
/// where many are held at one place. Only signs that may stand in an id.
fn key(run: &RunDraft) -> String {
    let venue = run.venue.as_ref();
    let country = venue
        .map(|venue| venue.country.as_str())
        .filter(|country| *country != "DE")
        .unwrap_or_default();
    let code = venue.map_or("", |venue| venue.postal_code.as_str());
    let mut out: String = country
        .chars()
        .chain(code.chars())
        .filter(char::is_ascii_alphanumeric)
        .collect();
    let hash = blake3::hash(run.id.as_bytes()).to_hex();
    out.push('x');
    out.push_str(hash.get(..8).unwrap_or_default());
    out
}

fn fits(whole: &OfferDraft, runs: &[RunDraft]) -> bool {
    if runs.len() > RUNS {
        return false;
    }
    let draft = OfferDraft {
        runs: runs.to_vec(),
        ..whole.clone()
    };
    // What breaks another rule is for the sink to refuse, whole.
    Offer::tidy(draft).map_or(true, |offer| {
        canonical_bytes(&offer).len() + SPARE_BYTES <= RECORD_BYTES
    })
}

#[cfg(test)]
mod tests {
    use calluna_model::offer::VenueDraft;

    use super::*;

    fn run(number: usize, code: &str) -> RunDraft {
        RunDraft {
            id: format!("r{number}"),
            venue: Some(VenueDraft {
                name: format!("Standort {number}"),
                postal_code: code.into(),
                ..VenueDraft::default()
            }),
            ..RunDraft::default()
        }
    }

    fn offer(runs: Vec<RunDraft>) -> OfferDraft {
        OfferDraft {
            id: "A".into(),
            title: "Kurs".into(),
            runs,
            ..OfferDraft::default()
        }
    }

    fn parts(draft: OfferDraft) -> Vec<Offer> {
        let mut sink = Sink::new("a");
        take(&mut sink, "a:1", draft).unwrap();
        let imported = sink.finish("x");
        assert_eq!(imported.refused, []);
        imported.offers
    }

    #[test]
    fn what_fits_stays_one_offer() {
        let offers = parts(offer((0..400).map(|n| run(n, "29614")).collect()));
        assert_eq!((offers.len(), offers[0].id().as_str()), (1, "A"));
    }

    #[test]
    fn a_new_site_changes_only_the_part_it_lies_in() {
        let mut runs: Vec<_> = (0..500)
            .map(|n| run(n, &format!("{}9614", n % 5)))
            .collect();
        let before = parts(offer(runs.clone()));
        let ids: Vec<_> = before.iter().map(|part| part.id().as_str()).collect();
        assert_eq!(ids, ["A~0", "A~1", "A~2", "A~3", "A~4"]);
        assert_eq!(
            before.iter().map(|part| part.runs.len()).sum::<usize>(),
            500
        );
        runs.reverse();
        runs.push(run(500, "39614"));
        let mut after = parts(offer(runs));
        for (before, after) in before.iter().zip(&mut after) {
            let sorted = |part: &Offer| {
                let mut runs = part.clone().into_draft().runs;
                runs.sort_by(|a, b| a.id.cmp(&b.id));
                runs
            };
            let same = sorted(before) == sorted(after);
            assert_eq!(same, before.id().as_str() != "A~3", "{}", before.id());
        }
    }

    #[test]
    fn many_runs_at_one_place_are_divided_by_their_names() {
        let offers = parts(offer((0..1_000).map(|n| run(n, "29614")).collect()));
        assert!(offers.len() > 2);
        assert_eq!(
            offers.iter().map(|part| part.runs.len()).sum::<usize>(),
            1_000
        );
        assert!(
            offers
                .iter()
                .all(|part| part.id().as_str().starts_with("A~29614x"))
        );
    }

    #[test]
    fn what_is_too_large_by_its_text_is_refused_once() {
        let mut draft = offer((0..500).map(|n| run(n, "29614")).collect());
        draft.description = "ü".repeat(30_000);
        draft.description_html = format!("<p>{}</p>", "ü".repeat(30_000));
        let mut sink = Sink::new("a");
        take(&mut sink, "a:1", draft).unwrap();
        let imported = sink.finish("x");
        assert_eq!((imported.offers.len(), imported.refused_records), (0, 1));
        let mut sink = Sink::new("a");
        take(
            &mut sink,
            "a:1",
            offer((0..4_001).map(|n| run(n, "1")).collect()),
        )
        .unwrap();
        assert_eq!(sink.finish("x").refused[0].rule, "too-many");
    }
}
