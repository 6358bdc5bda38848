//! Mail addresses in free text, also those that are spelt out against robots.

use super::REMOVED;

/// Local parts that name an office. Other words beside them must be in the host too
/// (`vhs-walsrode@vhs-walsrode.example`), or be numbers.
const ROLES: &[&str] = &[
    "admissions",
    "anfrage",
    "anfragen",
    "anmeldung",
    "anmeldungen",
    "beratung",
    "bildung",
    "bildungsberatung",
    "bildungszentrum",
    "buero",
    "büro",
    "contact",
    "courses",
    "empfang",
    "enquiries",
    "enquiry",
    "fortbildung",
    "general",
    "geschaeftsstelle",
    "geschäftsstelle",
    "hallo",
    "hello",
    "help",
    "hotline",
    "info",
    "infos",
    "kontakt",
    "kurs",
    "kursanmeldung",
    "kurse",
    "kundenservice",
    "kvhs",
    "mail",
    "office",
    "post",
    "poststelle",
    "programm",
    "rezeption",
    "schule",
    "schulbuero",
    "schulsekretariat",
    "sekretariat",
    "service",
    "servicezentrum",
    "support",
    "team",
    "vhs",
    "vhsinfo",
    "verwaltung",
    "volkshochschule",
    "webmaster",
    "weiterbildung",
    "willkommen",
    "zentrale",
];

/// Hosts that give mailboxes to persons: before them even a bare "at" makes an address.
const PRIVATE_HOSTS: &[&str] = &[
    "aol.",
    "arcor.",
    "freenet.",
    "gmail.",
    "gmx.",
    "googlemail.",
    "hotmail.",
    "icloud.",
    "live.",
    "mail.de",
    "mailbox.org",
    "me.com",
    "outlook.",
    "posteo.",
    "proton.",
    "t-online.",
    "web.de",
    "yahoo.",
];

/// The sign between name and host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    /// `@` itself.
    At,
    /// `(at)`, `[ät]`, `{@}`.
    Spelt,
    /// The word alone: ` at `.
    Word,
}

/// The text without the addresses of persons, or nothing when there was none.
pub(super) fn scrub(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut from = 0;
    let mut search = 0;
    while let Some((at, length, sign)) = next_sign(text, search) {
        search = at + length;
        let before = text.get(from..at)?.trim_end_matches(' ');
        let local = local_part(before);
        let start = from + before.len() - local.len();
        let after = text.get(at + length..)?;
        let blanks = after.len() - after.trim_start_matches(' ').len();
        let (host, host_length) = host_part(after.trim_start_matches(' '), sign);
        let end = at + length + blanks + host_length;
        let spaced = blanks > 0 || before.len() + from != at;
        // With blanks around it, only the spelt-out form is an address: "3 @ 5 Euro" is none.
        if local.is_empty() || !host.contains('.') || (spaced && sign == Sign::At) {
            continue;
        }
        if sign == Sign::Word && !sounds_private(local, &host) {
            continue;
        }
        if !is_role_mailbox(&format!("{local}@{host}")) {
            out.push_str(text.get(from..start)?);
            out.push_str(REMOVED);
            from = end;
        }
        search = end;
    }
    (from > 0).then(|| out + text.get(from..).unwrap_or_default())
}

/// Whether "… at …" is an address and no sentence ("look at open.ac.uk").
fn sounds_private(local: &str, host: &str) -> bool {
    let host = host.to_lowercase();
    local.trim_matches('.').contains(['.', '_'])
        || PRIVATE_HOSTS.iter().any(|known| host.starts_with(known))
}

/// The next `@`, or what people write in its place.
fn next_sign(text: &str, mut from: usize) -> Option<(usize, usize, Sign)> {
    loop {
        let at = from + text.get(from..)?.find(['@', '(', '[', '{', ' '])?;
        let rest = text.get(at..)?;
        if rest.starts_with('@') {
            return Some((at, 1, Sign::At));
        }
        if let Some(length) = bracketed(rest, &["at", "ät", "@", "a"]) {
            return Some((at, length, Sign::Spelt));
        }
        let word = [" at ", " AT ", " ät "];
        if let Some(word) = word.iter().find(|word| rest.starts_with(**word)) {
            // Its blanks stay outside, so that what follows is found as well.
            return Some((at + 1, word.len() - 2, Sign::Word));
        }
        from = at + 1;
    }
}

/// Length of one of `words` in brackets at the beginning of `text`.
fn bracketed(text: &str, words: &[&str]) -> Option<usize> {
    let inner = text.strip_prefix(['(', '[', '{'])?;
    let mut near = inner.char_indices().take(10);
    let (end, _) = near.find(|(_, c)| matches!(c, ')' | ']' | '}'))?;
    let word = inner.get(..end)?.trim().to_lowercase();
    words.contains(&word.as_str()).then_some(end + 2)
}

fn local_part(before: &str) -> &str {
    let is_part = |c: char| c.is_alphanumeric() || "._%+-".contains(c);
    let start = before.rfind(|c| !is_part(c)).map_or(0, |at| {
        at + before
            .get(at..)
            .and_then(|s| s.chars().next())
            .map_or(1, char::len_utf8)
    });
    before.get(start..).unwrap_or_default()
}

/// The host at the beginning of `text`, and how much of the text it takes. Where the sign is spelt
/// out, the dot may be too: `gmx (punkt) de`.
fn host_part(text: &str, sign: Sign) -> (String, usize) {
    let plain = |text: &str| {
        let end = text
            .find(|c: char| !(c.is_alphanumeric() || c == '.' || c == '-'))
            .unwrap_or(text.len());
        let host = text.get(..end).unwrap_or_default();
        host.trim_end_matches(['.', '-']).to_owned()
    };
    let mut host = plain(text);
    let mut length = host.len();
    if sign == Sign::At {
        return (host, length);
    }
    loop {
        let rest = text.get(length..).unwrap_or_default();
        let blanks = rest.len() - rest.trim_start_matches(' ').len();
        let rest = rest.trim_start_matches(' ');
        let Some(dot) = bracketed(rest, &["punkt", "dot", "."]) else {
            break;
        };
        let rest = rest.get(dot..).unwrap_or_default();
        let more = rest.len() - rest.trim_start_matches(' ').len();
        let next = plain(rest.trim_start_matches(' '));
        if next.is_empty() {
            break;
        }
        length += blanks + dot + more + next.len();
        host = format!("{host}.{next}");
    }
    (host, length)
}

/// Whether a mail address is that of an office: `info@…`, `anmeldung@…`, `vhs-walsrode@…` where
/// the host is called so too.
#[must_use]
pub fn is_role_mailbox(address: &str) -> bool {
    let Some((local, host)) = address.trim().rsplit_once('@') else {
        return false;
    };
    let (local, host) = (local.to_lowercase(), host.to_lowercase());
    let mut words = local
        .split(['.', '-', '_', '+'])
        .filter(|word| !word.is_empty())
        .peekable();
    words
        .peek()
        .is_some_and(|first| ROLES.contains(&first.trim_end_matches(|c: char| c.is_ascii_digit())))
        && words.all(|word| {
            let word = word.trim_end_matches(|c: char| c.is_ascii_digit());
            word.is_empty() || ROLES.contains(&word) || (word.len() > 2 && host.contains(word))
        })
}
