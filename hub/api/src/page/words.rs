//! What the page says in German. The English words stand in the document itself, beside each endpoint.

use std::borrow::Cow;

use calluna_model::text::Language;

/// What holds for every address.
pub(super) const RULES: &[&str] = &[
    "Offers are written exactly as in the data model; empty fields are left out.",
    "Lists come page by page: whoever follows `next` gets everything once. The `Link` header says the same.",
    "Every answer has an `ETag`. With `If-None-Match` an unchanged one comes back as 304 without content.",
    "The catalogue changes once a night. `/api/v1/changes` tells what changed, so that nobody has to load it all again.",
    "A parameter that does not exist is an error (400), with a list of those that do.",
    "Answers are compressed (gzip, br) for whoever asks. Pages of other sites may read them (CORS).",
    "What stands under `/api/v1/` is only ever added to.",
];

/// English, German.
const WORDS: &[(&str, &str)] = &[
    ("Interface for programs", "Schnittstelle für Programme"),
    ("To the content", "Zum Inhalt"),
    ("The catalogue for people", "Der Katalog für Menschen"),
    ("The same for machines", "Dasselbe für Maschinen"),
    (
        "Everything that the catalogue shows, for programs: without an account, without a key, free to use.",
        "Alles, was der Katalog zeigt, für Programme: ohne Konto, ohne Schlüssel, frei nutzbar.",
    ),
    ("Rules", "Regeln"),
    (
        "Offers are written exactly as in the data model; empty fields are left out.",
        "Angebote stehen genau so da wie im Datenmodell; leere Felder fehlen.",
    ),
    (
        "Lists come page by page: whoever follows `next` gets everything once. The `Link` header says the same.",
        "Listen kommen seitenweise: Wer `next` folgt, bekommt alles genau einmal. Der Kopf `Link` sagt dasselbe.",
    ),
    (
        "Every answer has an `ETag`. With `If-None-Match` an unchanged one comes back as 304 without content.",
        "Jede Antwort hat ein `ETag`. Mit `If-None-Match` kommt eine unveränderte als 304 ohne Inhalt zurück.",
    ),
    (
        "The catalogue changes once a night. `/api/v1/changes` tells what changed, so that nobody has to load it all again.",
        "Der Katalog ändert sich einmal in der Nacht. `/api/v1/changes` sagt, was sich geändert hat, damit niemand alles neu laden muss.",
    ),
    (
        "A parameter that does not exist is an error (400), with a list of those that do.",
        "Ein Parameter, den es nicht gibt, ist ein Fehler (400); die Antwort nennt alle, die es gibt.",
    ),
    (
        "Answers are compressed (gzip, br) for whoever asks. Pages of other sites may read them (CORS).",
        "Antworten werden auf Wunsch komprimiert (gzip, br). Seiten anderer Anbieter dürfen sie lesen (CORS).",
    ),
    (
        "What stands under `/api/v1/` is only ever added to.",
        "Was unter `/api/v1/` steht, wird nur ergänzt, nie geändert.",
    ),
    ("Sources of the data on places", "Quellen der Ortsdaten"),
    (
        "Postal codes, an extract of 2022",
        "Postleitzahlen, ein Auszug von 2022",
    ),
    (
        "Names and keys of places, an extract",
        "Namen und Schlüssel der Orte, ein Auszug",
    ),
    (
        "Centres of places, computed from simplified outlines",
        "Mittelpunkte der Orte, aus vereinfachten Umrissen berechnet",
    ),
    ("Addresses", "Adressen"),
    ("Parameters", "Parameter"),
    ("Name", "Name"),
    ("Meaning", "Bedeutung"),
    ("required", "nötig"),
    ("Problems", "Fehler"),
    (
        "Every error is an `application/problem+json` (RFC 9457). Its `type` leads here.",
        "Jeder Fehler ist ein `application/problem+json` (RFC 9457). Sein `type` führt hierher.",
    ),
    (
        "What answers look like",
        "Wie Antworten aussehen (auf Englisch)",
    ),
    (
        "The way in: where everything is",
        "Der Einstieg: wo alles steht",
    ),
    ("Addresses of everything", "Die Adressen"),
    (
        "Search in the catalogue, with counts for every filter",
        "Suche im Katalog, mit Anzahlen für jeden Filter",
    ),
    (
        "A page of hits, and counts for every filter",
        "Eine Seite Treffer und Anzahlen für jeden Filter",
    ),
    (
        "How what is being typed may go on",
        "Wie es weitergehen kann, was gerade getippt wird",
    ),
    ("At most ten completions", "Höchstens zehn Vorschläge"),
    (
        "What was typed so far; at most 200 characters",
        "Was bisher getippt wurde; höchstens 200 Zeichen",
    ),
    (
        "Every offer, page by page",
        "Alle Angebote, Seite für Seite",
    ),
    (
        "A page of offers; every offer comes once",
        "Eine Seite Angebote; jedes kommt einmal",
    ),
    (
        "Only offers of this provider",
        "Nur Angebote dieses Anbieters",
    ),
    (
        "Most items on a page; 50 where nothing is said",
        "Höchstens so viele auf einer Seite; ohne Angabe 50",
    ),
    (
        "Where to go on, as `next` says it",
        "Wo es weitergeht, wie `next` es sagt",
    ),
    ("One offer", "Ein Angebot"),
    ("The offer", "Das Angebot"),
    ("Id of the provider", "Kennung des Anbieters"),
    (
        "Id of the offer, as its provider gave it",
        "Kennung des Angebots, wie sein Anbieter sie vergeben hat",
    ),
    (
        "There was never such an offer, or so long ago that nothing is known of it",
        "Ein solches Angebot gab es nie, oder vor so langer Zeit, dass nichts mehr bekannt ist",
    ),
    (
        "The offer was withdrawn: since when, and what it was called",
        "Das Angebot wurde zurückgezogen: seit wann, und wie es hieß",
    ),
    ("Every provider", "Alle Anbieter"),
    (
        "Every provider that takes part or did",
        "Alle Anbieter, die mitmachen oder mitgemacht haben",
    ),
    ("One provider", "Ein Anbieter"),
    ("The provider", "Der Anbieter"),
    ("There is no such provider", "Diesen Anbieter gibt es nicht"),
    ("Every code list", "Alle Schlüssellisten"),
    ("The code lists", "Die Schlüssellisten"),
    (
        "One code list, with German and English words",
        "Eine Schlüsselliste, mit deutschen und englischen Wörtern",
    ),
    ("The list", "Die Liste"),
    ("Name of the list", "Name der Liste"),
    ("There is no such list", "Diese Liste gibt es nicht"),
    (
        "What changed since a place; without one every offer that is shown",
        "Was sich seit einer Stelle geändert hat; ohne Stelle alle Angebote, die es gibt",
    ),
    (
        "Changes, and where to go on",
        "Änderungen, und wo es weitergeht",
    ),
    (
        "Where to go on, as the last answer said it",
        "Wo es weitergeht, wie die letzte Antwort es sagte",
    ),
    (
        "The place is too old, or of another life of the catalogue: begin again",
        "Die Stelle ist zu alt oder stammt aus einem anderen Leben des Katalogs: neu beginnen",
    ),
    ("The catalogue in figures", "Der Katalog in Zahlen"),
    (
        "Offers by subject area, municipality, format and kind of provider",
        "Angebote nach Fachgebiet, Gemeinde, Form und Art des Anbieters",
    ),
    (
        "The words; at most 200 characters",
        "Die Wörter; höchstens 200 Zeichen",
    ),
    (
        "Near a town, a part of it or a postal code",
        "In der Nähe eines Ortes, Ortsteils oder einer Postleitzahl",
    ),
    ("Kilometres around the place", "Kilometer im Umkreis"),
    (
        "Runs that start on this day or later",
        "Durchführungen, die an diesem Tag oder später beginnen",
    ),
    (
        "Runs that start on this day or earlier",
        "Durchführungen, die an diesem Tag oder früher beginnen",
    ),
    (
        "At most this price in euros",
        "Höchstens dieser Preis in Euro",
    ),
    (
        "Offers that are over, too",
        "Auch Angebote, die vorbei sind",
    ),
    (
        "The order; `distance` needs a place",
        "Die Reihenfolge; `distance` braucht einen Ort",
    ),
    ("The page; the first is 1", "Die Seite; die erste ist 1"),
    (
        "Subject area: code list `dvv_area`, or `other`",
        "Fachgebiet: Schlüsselliste `dvv_area`, oder `other`",
    ),
    (
        "Municipality of a venue: its AGS, `online` or `elsewhere`",
        "Gemeinde eines Ortes: ihr AGS, `online` oder `elsewhere`",
    ),
    (
        "In person, online, hybrid …: code list `format`",
        "Vor Ort, online, gemischt …: Schlüsselliste `format`",
    ),
    (
        "Day of the week: 1 is Monday, 7 is Sunday",
        "Wochentag: 1 ist Montag, 7 ist Sonntag",
    ),
    (
        "Time of day: before 12, 12 to 17, from 17 o'clock",
        "Tageszeit: vor 12, 12 bis 17, ab 17 Uhr",
    ),
    (
        "Price in euros: free, up to 50, 100, 250, more, unknown",
        "Preis in Euro: kostenlos, bis 50, 100, 250, mehr, unbekannt",
    ),
    (
        "Level of the Deutscher Qualifikationsrahmen",
        "Niveau im Deutschen Qualifikationsrahmen",
    ),
    (
        "What one must have: code list `qualification`",
        "Was man mitbringen muss: Schlüsselliste `qualification`",
    ),
    (
        "What one has afterwards: code list `qualification`",
        "Was man danach hat: Schlüsselliste `qualification`",
    ),
    (
        "Language of instruction, such as `de`",
        "Unterrichtssprache, etwa `de`",
    ),
    (
        "Language level: code list `cefr`",
        "Sprachniveau: Schlüsselliste `cefr`",
    ),
    (
        "Accessibility: code list `accessibility`",
        "Barrierefreiheit: Schlüsselliste `accessibility`",
    ),
    (
        "Children are looked after meanwhile",
        "Kinder werden währenddessen betreut",
    ),
    (
        "Funding route: code list `funding`",
        "Förderweg: Schlüsselliste `funding`",
    ),
    ("Id of a provider", "Kennung eines Anbieters"),
    ("Kind of provider", "Art des Anbieters"),
    ("One can still get in", "Es sind noch Plätze frei"),
];

/// The German words for an English text.
pub(super) fn german(text: &str) -> Option<&'static str> {
    let found = WORDS.iter().find(|(en, _)| *en == text);
    found.map(|(_, de)| *de)
}

/// The text in a language; English where there is no German.
pub(super) fn say(text: &str, language: Language) -> Cow<'_, str> {
    match language {
        Language::De => german(text).map_or(Cow::Borrowed(text), Cow::Borrowed),
        Language::En => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_stands_once_and_every_rule_has_its_german() {
        let all: std::collections::BTreeSet<_> = WORDS.iter().map(|(en, _)| en).collect();
        assert_eq!(all.len(), WORDS.len());
        for rule in RULES {
            assert!(german(rule).is_some(), "{rule}");
        }
    }
}
