//! The style sheet and the script are small, keep to themselves, and can be read by everybody.

use std::collections::BTreeMap;

use super::*;

const STYLE: &str = include_str!("../../assets/style.css");

#[test]
fn style_and_script_are_small_and_load_nothing_from_elsewhere() {
    for (name, most) in [("style.css", 20 * 1024), ("calluna.js", 10 * 1024)] {
        let asset = at(address(name)).unwrap();
        assert!(
            asset.content.len() <= most,
            "{name}: {}",
            asset.content.len()
        );
        let text = std::str::from_utf8(&asset.content).unwrap();
        for far in [
            "http:",
            "https:",
            "//cdn",
            "@import",
            "eval(",
            "innerHTML",
            "document.cookie",
        ] {
            assert!(!text.contains(far), "{name} has {far}");
        }
        if name == "style.css" {
            // Pictures by their hashed name, so that the policy and the cache know them.
            for part in text.split("url(").skip(1) {
                assert!(part.starts_with("/assets/heath-"), "{part:.40}");
            }
        }
    }
}

#[test]
fn an_address_follows_from_the_content() {
    let style = address("style.css");
    assert!(style.starts_with("/assets/style.") && style.ends_with(".css"));
    assert_eq!(address("none.css"), "");
    assert!(at("/assets/style.css").is_none() && at("/assets/../Cargo.toml").is_none());
}

/// The colours of light, and of dark on top of light.
fn themes() -> [BTreeMap<String, [f64; 3]>; 2] {
    let block = |text: &str| {
        let body = text.split_once('{').unwrap().1.split_once('}').unwrap().0;
        body.lines()
            .filter_map(|line| line.trim().strip_prefix("--"))
            .filter_map(|line| line.split_once(": #"))
            .map(|(name, hex)| (name.to_owned(), rgb(hex.trim_end_matches(';'))))
            .collect::<BTreeMap<_, _>>()
    };
    let light = block(&STYLE[STYLE.find(":root").unwrap()..]);
    let rest = &STYLE[STYLE.find("prefers-color-scheme: dark").unwrap()..];
    let mut dark = light.clone();
    dark.extend(block(&rest[rest.find(":root").unwrap()..]));
    [light, dark]
}

fn rgb(hex: &str) -> [f64; 3] {
    assert_eq!(hex.len(), 6, "{hex}: write colours with six digits");
    [0, 2, 4].map(|at| f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0)
}

/// Relative luminance of WCAG.
fn luminance(colour: [f64; 3]) -> f64 {
    let linear = colour.map(|c| {
        if c <= 0.04045 {
            c / 12.92
        } else {
            ((c + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
}

fn contrast(a: [f64; 3], b: [f64; 3]) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn every_pair_of_colours_can_be_read() {
    const TEXT: [(&str, &[&str]); 8] = [
        ("ink", &["ground", "card", "soft", "sky", "warn-soft"]),
        ("faint", &["ground", "card", "soft", "sky"]),
        ("heather", &["ground", "card", "soft"]),
        ("heather-deep", &["ground", "card", "soft", "sky"]),
        ("on-heather", &["heather", "heather-deep"]),
        ("moss", &["ground", "card", "soft"]),
        ("warn", &["ground", "card", "soft", "warn-soft"]),
        ("map-ink", &["m0", "m1", "m2", "m3"]),
    ];
    // Borders of fields, the focus, the darkest areas under large bold numbers.
    const SHAPES: [(&str, &[&str]); 3] = [
        ("edge", &["ground", "card", "soft"]),
        ("focus", &["ground", "card", "soft", "sky"]),
        ("map-ink", &["m4"]),
    ];
    assert!((contrast([0.0; 3], [1.0; 3]) - 21.0).abs() < 1e-9);
    for (theme, name) in themes().iter().zip(["light", "dark"]) {
        for (pairs, least) in [(&TEXT[..], 4.5), (&SHAPES[..], 3.0)] {
            for (front, backs) in pairs {
                for back in *backs {
                    let found = contrast(theme[*front], theme[*back]);
                    assert!(found >= least, "{name}: {front} on {back} is {found:.2}");
                }
            }
        }
    }
}
