//! A synthetic little district: three municipalities, two or three providers, registrations drawn by
//! a small generator, hidden by threshold alone (what a real node does on top is not needed here).

use std::collections::BTreeMap;

use calluna_model::clock::Moment;
use calluna_model::fixture::full_offer;
use calluna_model::id::ProviderId;
use calluna_model::offer::Offer;
use calluna_tables::dimension::DIMS;
use calluna_tables::revision::RevisionDigest;
use calluna_tables::web::{ENROLMENTS, Number};
use calluna_tables::{
    Dim, Kind, Layout, Measure, OfferFacts, Period, Region, Revision, Rules, Shown, Subjects, Web,
};

use crate::{
    About, CatalogueStatistics, Correction, Evidence, Input, Population, Proof, Provider, Standing,
    Words,
};

pub(super) const REGION: &str = "ags,name,district,formerly\n03358021,Soltau (synthetic),Heidekreis,\n03358024,Walsrode (synthetic),Heidekreis,03358004\n03358016,Munster (synthetic),Heidekreis,\n";

/// Where a registration is counted.
pub(super) type Record = [u16; DIMS];

pub(super) struct World {
    pub(super) now: Moment,
    pub(super) about: About,
    pub(super) layout: Layout,
    pub(super) web: Web,
    pub(super) rules: Rules,
    pub(super) providers: Vec<Provider>,
    pub(super) figures: BTreeMap<(Period, ProviderId), Revision>,
    pub(super) population: Population,
    pub(super) evidence: Evidence,
    pub(super) limits: Vec<Words>,
    pub(super) correction: Option<Correction>,
}

pub(super) fn id(text: &str) -> ProviderId {
    text.parse().unwrap()
}

pub(super) fn quarter(text: &str) -> Period {
    text.parse().unwrap()
}

impl World {
    /// Two providers, the first with a synthetic catalogue, no figures yet.
    pub(super) fn new() -> Self {
        let layout = Layout::new(Region::parse(REGION).unwrap(), Subjects::areas());
        let web = Web::new(&layout);
        let mut catalogue = CatalogueStatistics::default();
        catalogue.feed(&full_offer("A-1"), layout.region());
        let mut population = Population::parse(
            "# source: synthetic\n# licence: none, synthetic\n# base: synthetic2026\n# date: 2026-01-01\narea,age,population\n03358,_T,2000\n03358,Y_LT25,500\n03358021,_T,1200\n",
        )
        .unwrap();
        population.also(Population::default());
        let mut world = Self {
            now: Moment(1_790_000_000),
            about: About {
                attribution: "synthetic".to_owned(),
                ..About::heidekreis()
            },
            layout,
            web,
            rules: Rules::default(),
            providers: Vec::new(),
            figures: BTreeMap::new(),
            population,
            evidence: Evidence {
                prover: "synthetic prover 1".to_owned(),
                rules: Rules::default(),
                width: 4,
                proofs: Vec::new(),
            },
            limits: vec![Words::new("Alles erfunden.", "All of this is synthetic.")],
            correction: None,
        };
        world.join("vhs-heide", "VHS Heide (synthetic)");
        world.join("schule-eins", "Schule Eins (synthetic)");
        world.providers[0].catalogue = catalogue;
        world
    }

    pub(super) fn join(&mut self, provider: &str, name: &str) {
        self.providers.push(Provider {
            id: id(provider),
            name: name.to_owned(),
            agreed: Some(Moment(1_789_999_000)),
            standing: Standing::Member,
            told_apart: Some("customer number".to_owned()),
            catalogue: CatalogueStatistics::default(),
        });
    }

    pub(super) fn input(&self) -> Input<'_> {
        Input {
            now: self.now,
            about: &self.about,
            layout: &self.layout,
            web: &self.web,
            least: &self.rules,
            providers: &self.providers,
            figures: &self.figures,
            population: &self.population,
            evidence: &self.evidence,
            limits: &self.limits,
            correction: self.correction.as_ref(),
        }
    }

    /// The leaves of a registration with these codes; the rest is not known.
    pub(super) fn record(&self, codes: &[(Dim, &str)]) -> Record {
        let mut record = self.layout.unknown();
        record[Dim::Status as usize] = self.layout.leaf(Dim::Status, "completed");
        record[Dim::Format as usize] = self.layout.leaf(Dim::Format, "in-person");
        for (dim, code) in codes {
            record[*dim as usize] = self.layout.leaf(*dim, code);
        }
        record
    }

    /// Registrations drawn by a generator: not real, not even like real ones.
    pub(super) fn drawn(&self, count: usize, seed: u64) -> Vec<Record> {
        let mut state = seed;
        let mut next = |of: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            usize::try_from(state >> 33).unwrap() % of
        };
        let mut pick = |codes: &[&'static str]| codes[next(codes.len())];
        (0..count)
            .map(|_| {
                self.record(&[
                    (Dim::Subject, pick(&["4", "4", "4", "5"])),
                    (
                        Dim::Age,
                        pick(&["Y_LT18", "Y18T24", "Y25T34", "Y35T49", "Y_GE65"]),
                    ),
                    (Dim::Sex, pick(&["F", "F", "M"])),
                    (
                        Dim::Residence,
                        pick(&["03358021", "03358021", "03358024", "_O"]),
                    ),
                    (Dim::Format, pick(&["in-person", "in-person", "online"])),
                    (
                        Dim::Status,
                        pick(&["completed", "completed", "not-completed", "waiting"]),
                    ),
                    (Dim::Qualification, pick(&["msa", "ahr", "apprenticeship"])),
                    (Dim::Destination, pick(&["course", "work", "training"])),
                ])
            })
            .collect()
    }

    /// Publishes registrations as a provider's next revision of a period.
    pub(super) fn publish(&mut self, provider: &str, period: &str, kind: Kind, records: &[Record]) {
        let key = (quarter(period), id(provider));
        let before = self.figures.get(&key).cloned();
        let revision = self.revision(period, kind, records, before.as_ref());
        self.figures.insert(key, revision);
    }

    pub(super) fn revision(
        &self,
        period: &str,
        kind: Kind,
        records: &[Record],
        before: Option<&Revision>,
    ) -> Revision {
        let facts = |subject: &str, format: &str| OfferFacts {
            subject: subject.to_owned(),
            format: format.to_owned(),
            ..OfferFacts::default()
        };
        let offers = [
            facts("4", "in-person"),
            facts("4", "online"),
            facts("5", "in-person"),
            facts("5", "online"),
        ];
        let empty = self.layout.structural(&offers);
        let structural = self.web.structural(&self.layout, &empty);
        let thresholds = self.rules.thresholds(&self.layout, &self.web);
        let last = if kind == Kind::Provisional {
            self.web.nightly()
        } else {
            self.web.numbers().len()
        };
        let counts: Vec<u32> = self
            .web
            .numbers()
            .iter()
            .map(|number| self.count(number, records))
            .collect();
        let mut values: Vec<Shown> = (0..last)
            .map(|at| match (structural[at], counts[at] >= thresholds[at]) {
                (true, _) => Shown::Structural,
                (_, true) => Shown::Value(counts[at]),
                (_, false) => Shown::Hidden,
            })
            .collect();
        // Frozen mask: what was hidden before stays hidden here.
        if let Some(before) = before {
            for (value, old) in values.iter_mut().zip(&before.values) {
                if *old == Shown::Hidden {
                    *value = Shown::Hidden;
                }
            }
        }
        // Persons and enrolments share a mask; nothing is shown below a hidden parent.
        loop {
            let mut hide = Vec::new();
            let at = |number: u32| values.get(number as usize).copied();
            for (persons, enrolments) in self.web.at_most() {
                for (one, other) in [(persons, enrolments), (enrolments, persons)] {
                    if at(*one) == Some(Shown::Hidden)
                        && matches!(at(*other), Some(Shown::Value(_)))
                    {
                        hide.push(*other);
                    }
                }
            }
            for sum in self
                .web
                .sums()
                .iter()
                .filter(|sum| at(sum.parent) == Some(Shown::Hidden))
            {
                let shown = |part: &&u32| matches!(at(**part), Some(Shown::Value(_)));
                hide.extend(sum.parts.iter().filter(shown));
            }
            if hide.is_empty() {
                break;
            }
            for number in hide {
                values[number as usize] = Shown::Hidden;
            }
        }
        Revision {
            period: quarter(period),
            number: before.map_or(1, |before| before.number + 1),
            kind,
            at: 1_789_990_000,
            layout: self.layout.fingerprint(),
            rules: self.rules.clone(),
            waiting: 10,
            before: before.map_or_else(RevisionDigest::default, Revision::digest),
            values,
        }
    }

    fn count(&self, number: &Number, records: &[Record]) -> u32 {
        let mut nodes = number.nodes;
        if number.measure != Measure::Registrations {
            let status = self.layout.tree(Dim::Status).unwrap();
            nodes[Dim::Status as usize] = status.node(ENROLMENTS).unwrap();
        }
        let fits = |record: &&Record| {
            Dim::ALL.iter().all(|dim| {
                let at = *dim as usize;
                let tree = self.layout.tree(*dim).unwrap();
                tree.chain(record[at]).contains(&nodes[at])
            })
        };
        u32::try_from(records.iter().filter(fits).count()).unwrap()
    }

    /// A proof for everything that is published: all is well.
    pub(super) fn prove(&mut self) {
        let figures = self.figures.iter();
        self.evidence.proofs = figures
            .map(|((period, provider), revision)| Proof {
                provider: provider.clone(),
                period: *period,
                digest: revision.digest(),
                numbers: revision.values.len() as u64,
                hidden: revision
                    .values
                    .iter()
                    .filter(|value| **value == Shown::Hidden)
                    .count() as u64,
                minimum_width: Some(4),
                exact: 0,
                narrower: 0,
                milliseconds: 12,
            })
            .collect();
    }

    /// Number of the web at these codes.
    pub(super) fn number(&self, measure: Measure, codes: &[(Dim, &str)]) -> u32 {
        let mut nodes = [0; DIMS];
        for (dim, code) in codes {
            nodes[*dim as usize] = self.layout.tree(*dim).unwrap().node(code).unwrap();
        }
        let wanted = Number { measure, nodes };
        let at = self
            .web
            .numbers()
            .iter()
            .position(|number| *number == wanted);
        u32::try_from(at.unwrap()).unwrap()
    }
}

/// A synthetic offer with these facts.
pub(super) fn offer(
    name: &str,
    change: impl FnOnce(&mut calluna_model::offer::OfferDraft),
) -> Offer {
    let mut draft = full_offer(name).into_draft();
    change(&mut draft);
    Offer::check(draft).unwrap()
}
