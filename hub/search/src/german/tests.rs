//! The golden words, and words that must not be taken apart.

use super::dictionary::Dictionary;
use super::stem::stem;
use super::tokens::{Piece, composed, pieces};
use super::*;

fn words(text: &str) -> Vec<Word> {
    let dictionary = Dictionary::default();
    let text = composed(text);
    let mut words = Vec::new();
    for piece in pieces(&text) {
        match piece {
            Piece::Word(token) => words.push(analyse(token.core, true, &dictionary)),
            Piece::Joined { whole, parts, .. } => {
                words.push(analyse(&whole, true, &dictionary));
                words.extend(
                    parts
                        .iter()
                        .map(|part| analyse(part.core, true, &dictionary)),
                );
            }
        }
    }
    words
}

/// `word | whole | parts`: what was measured with the plain stemmer and splitter, and what must come out here.
const GOLDEN: &str = include_str!("golden.txt");

#[test]
fn the_word_table_holds() {
    let mut wrong = Vec::new();
    for line in lists::lines(GOLDEN) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [forms, whole, parts] = cells.as_slice() else {
            panic!("{line}")
        };
        for form in forms.split(", ") {
            let word = words(form).remove(0);
            let got = (word.stem.as_str(), word.parts.join(" "));
            if got != (*whole, (*parts).to_owned()) {
                wrong.push(format!("{form}: {} | {}", got.0, got.1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn gender_forms_leave_the_word_alone() {
    for form in [
        "Pflegehelfer*innen",
        "Pflegehelfer:innen",
        "Pflegehelfer_innen",
        "Pflegehelfer/innen",
        "Pflegehelfer/-innen",
        "PflegehelferInnen",
        "Pflegehelferinnen",
        "Pflegehelferin",
        "Pflegehelfer(in)",
        "Pflegehelfer/in",
        "PflegehelferIn",
    ] {
        let found = words(form);
        assert_eq!(found.len(), 1, "{form}");
        assert_eq!(found[0].stem, words("Pflegehelfer")[0].stem, "{form}");
    }
    assert_eq!(words("Montag/intensiv").len(), 2);
    assert_eq!(words("Berlin")[0].stem, "berlin");
}

#[test]
fn letters_meet_however_they_are_written() {
    for (a, b) in [
        ("Häuser", "Haeuser"),
        ("HÄUSER", "häuser"),
        ("Fußball", "Fussball"),
        ("Müttercafé", "Muettercafe"),
        ("Ma\u{308}nner", "Männer"),
        ("Böhme", "Boehme"),
    ] {
        assert_eq!(words(a)[0].stem, words(b)[0].stem, "{a} {b}");
    }
    for kept in ["neue", "Frauen", "Quelle", "Feuer", "Trauer"] {
        assert!(words(kept)[0].folded.contains("ue"), "{kept}");
    }
}

#[test]
fn hyphens_give_the_word_and_its_parts() {
    let text = "E-Mail";
    let found = pieces(text);
    assert!(matches!(&found[..], [Piece::Joined { whole, .. }] if whole == "EMail"));
    assert_eq!(
        words("Online-Kurs")
            .iter()
            .map(|w| w.stem.as_str())
            .collect::<Vec<_>>(),
        ["onlinekurs", "onlin", "kurs"]
    );
    assert_eq!(pieces("rein - raus").len(), 2);
    assert_eq!(words("C++")[0].folded, "c++");
}

#[test]
fn the_catalogue_adds_words_that_take_compounds_apart() {
    let mut dictionary = Dictionary::default();
    assert_eq!(
        dictionary
            .wants("Didgeridoo", &mut Stems::default())
            .as_deref(),
        Some("didgeridoo")
    );
    assert!(
        dictionary
            .wants("didgeridoo", &mut Stems::default())
            .is_none(),
        "no noun"
    );
    assert!(
        dictionary
            .wants("Tanzkurs", &mut Stems::default())
            .is_none(),
        "a compound"
    );
    assert!(
        dictionary.wants("Kurse", &mut Stems::default()).is_none(),
        "known"
    );
    assert!(
        dictionary.wants("Abc1x", &mut Stems::default()).is_none(),
        "no word"
    );
    assert!(
        analyse("Didgeridookurs", true, &dictionary)
            .parts
            .is_empty()
    );
    dictionary.add("didgeridoo".into());
    assert_eq!(
        analyse("Didgeridookurs", true, &dictionary).parts,
        ["didgeridoo", "kurs"]
    );
    assert_eq!(
        Dictionary::with(dictionary.grown().map(str::to_owned)),
        dictionary
    );
}

#[test]
fn synonyms_go_both_ways_unless_they_say_so() {
    let of = |words: &[&str]| {
        let phrase: Vec<String> = words.iter().map(|word| stem(&fold::fold(word))).collect();
        synonyms::of(&phrase).to_vec()
    };
    assert!(of(&["EDV"]).contains(&vec![stem("computer")]));
    assert!(of(&["Computer"]).contains(&vec!["edv".to_owned()]));
    assert!(of(&["Deutsch", "Fremdsprache"]).contains(&vec!["daf".to_owned()]));
    assert!(of(&["Grundbildung"]).contains(&vec!["alphabetisierung".to_owned()]));
    assert!(!of(&["Alphabetisierung"]).contains(&vec![stem("grundbildung")]));
    assert!(of(&["Blumenvase"]).is_empty());
}
