//! Two releases of a synthetic monitoring dataset: 300 invented registrations of one provider, another one that
//! delivered nothing. What is hidden in it is hidden by the same proof as everywhere.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use calluna_evidence::Frame;
use calluna_evidence::fixture::{count, frame, leaves, publish};
use calluna_model::clock::Moment;
use calluna_model::id::ProviderId;
use calluna_monitor::{
    About, CatalogueStatistics, Correction, Evidence, Input, Population, Provider, Releases,
    Standing, Words, build,
};
use calluna_tables::{Kind, Period, Revision, Rules};
use tempfile::TempDir;

use super::{NOW, provider};

type Published = BTreeMap<(Period, ProviderId), Revision>;

/// Frame and figures, made once: a proof takes its time.
static FIGURES: LazyLock<(Frame, Published)> = LazyLock::new(|| {
    let frame = frame();
    let vhs = provider("vhs-heidekreis");
    let mut figures = Published::new();
    for (period, kind, registrations) in [
        ("2026-Q3", Kind::Final, 300),
        ("2026-Q4", Kind::Provisional, 260),
    ] {
        let all: Vec<_> = (0..registrations)
            .map(|seed| leaves(&frame, seed))
            .collect();
        let mut revision = publish(&frame, &[], kind, &count(&frame, &all));
        revision.period = period.parse().unwrap();
        figures.insert((revision.period, vhs.clone()), revision);
    }
    (frame, figures)
});

/// The folder with both releases.
pub(crate) fn releases() -> TempDir {
    let dir = TempDir::new().unwrap();
    let (frame, figures) = &*FIGURES;
    let one = |id: &str, name: &str| Provider {
        id: provider(id),
        name: name.into(),
        agreed: Some(NOW),
        standing: Standing::Member,
        told_apart: Some("customer number".into()),
        catalogue: CatalogueStatistics::default(),
    };
    let providers = [
        one("vhs-heidekreis", "Volkshochschule Heidekreis"),
        one("bbs-walsrode", "Berufsbildende Schulen Walsrode"),
    ];
    let limits = [Words::new(
        "Alle Zahlen sind erfunden.",
        "All figures are invented.",
    )];
    let correction = Correction {
        corrects: 1,
        reason: Words::new("Ein Name war falsch.", "A name was wrong."),
    };
    let population = Population::heidekreis().unwrap();
    let releases = Releases::open(dir.path()).unwrap();
    for (days, correction) in [(1, None), (0, Some(&correction))] {
        let input = Input {
            now: Moment(NOW.0 - 86_400 * days),
            about: &About::heidekreis(),
            layout: &frame.layout,
            web: &frame.web,
            least: &Rules::default(),
            providers: &providers,
            figures,
            population: &population,
            evidence: &Evidence::default(),
            limits: &limits,
            correction,
        };
        build(&input, &releases).unwrap();
    }
    dir
}
