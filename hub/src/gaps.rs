//! What is offered where, what nowhere, and which offers compete: one walk over what readers see.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use calluna_catalogue::duplicates::Detector;
use calluna_catalogue::gaps::{Ask, Gazetteer, Municipality, Region, Report, Survey};
use calluna_model::code;
use calluna_model::id::ProviderId;
use calluna_model::offer::VenueDraft;
use calluna_search::places;
use calluna_tables::region;
use calluna_wire::v1 as pb;
use jiff::civil::Date;

use crate::export;
use crate::hub::Hub;

/// Answers.
///
/// # Errors
/// When a day or a filter is not one, or the store cannot be read.
pub fn find(hub: &Hub, request: &pb::FindGapsRequest) -> Result<Report> {
    let region = region(&hub.config.dataset.district)?;
    let ask = ask(hub, request, &region)?;
    let without = request.without.iter().map(|id| Ok(id.parse()?));
    let without: Vec<ProviderId> = without.collect::<Result<_>>()?;
    let mut survey = Survey::new(region, ask);
    let mut detector = Detector::new();
    let members = hub.store.members()?;
    for member in members
        .iter()
        .filter(|member| !without.contains(&member.id))
    {
        if member.takes_part() && hub.store.provider(&member.id)?.agreed_at.is_none() {
            survey.not_delivered(&member.id, member.joined_at);
        }
        export::offers(hub, &member.id, &mut |offer| {
            survey.add(&member.id, &offer);
            detector.add(&member.id, &offer);
            Ok(())
        })
        .with_context(|| format!("reading the offers of `{}`", member.id))?;
    }
    // What the operator says of two offers counts here as it does in the search.
    let verdicts = crate::duplicates::verdicts(hub.store.as_ref())?;
    Ok(survey.finish(&detector.groups(&verdicts)))
}

/// The municipalities of the district.
fn region(district: &str) -> Result<Region> {
    let known = region::Region::heidekreis()?;
    let municipalities = known.municipalities().iter().map(|one| Municipality {
        ags: one.ags.clone(),
        name: one.name.clone(),
    });
    let former = known
        .former()
        .map(|(old, new)| (old.to_owned(), new.to_owned()));
    let region = Region::new(municipalities.collect(), &former.collect::<Vec<_>>());
    Ok(region.with_gazetteer(Arc::new(Places {
        district: district.to_owned(),
    })))
}

/// The places of the search: gaps and search must not place an offer differently.
#[derive(Debug)]
struct Places {
    /// Of places with one name, those in this district come first.
    district: String,
}

impl Gazetteer for Places {
    fn municipality(&self, venue: &VenueDraft) -> Option<String> {
        let VenueDraft {
            ags,
            city,
            postal_code,
            ..
        } = venue;
        places::locate(ags, city, postal_code, &self.district).map(|place| place.ags.clone())
    }
}

fn ask(hub: &Hub, request: &pb::FindGapsRequest, region: &Region) -> Result<Ask> {
    let day = |text: &str| -> Result<Option<Date>> {
        if text.is_empty() {
            return Ok(None);
        }
        let day = text.parse().ok().with_context(|| {
            format!(
                "`{}` is not a day, such as 2027-01-31",
                text.escape_default()
            )
        })?;
        Ok(Some(day))
    };
    let from = match day(&request.from)? {
        Some(from) => from,
        None => jiff::Timestamp::from_second(hub.clock.now().0)?
            .in_tz(&hub.config.night.time_zone)?
            .date(),
    };
    let one_of = |what: &str, value: &str, known: Vec<&str>| -> Result<Option<String>> {
        if value.is_empty() {
            return Ok(None);
        }
        if !known.contains(&value) {
            let value = value.escape_default();
            bail!(
                "there is no {what} `{value}`; known are: {}",
                known.join(", ")
            );
        }
        Ok(Some(value.to_owned()))
    };
    let places = region.municipalities().iter().map(|one| one.ags.as_str());
    Ok(Ask {
        from,
        until: day(&request.until)?,
        area: one_of("area", &request.area, code::DVV_AREA.codes())?,
        municipality: one_of("municipality", &request.municipality, places.collect())?,
        format: one_of("format", &request.format, code::FORMAT.codes())?,
    })
}

/// Name of a municipality by its key, and the words for places that are none.
#[must_use]
pub fn place(key: &str) -> String {
    let known = region::Region::heidekreis().ok();
    let found = known.and_then(|region| {
        let mut all = region.municipalities().iter();
        all.find(|one| one.ags == key).map(|one| one.name.clone())
    });
    found.unwrap_or_else(|| match key {
        "_N" => "without a place".to_owned(),
        "_O" => "outside".to_owned(),
        "_X" => "not told".to_owned(),
        other => other.to_owned(),
    })
}
