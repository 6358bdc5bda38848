//! The part of an address behind the `?`, read strictly: what cannot be meant is refused, never guessed.

/// Longest query string, in bytes.
pub(crate) const MOST_BYTES: usize = 4_096;
/// Most pairs in it.
pub(crate) const MOST_PAIRS: usize = 200;

/// Names and values of a query string, in their order.
pub(crate) type Pairs = Vec<(String, String)>;

/// What is wrong with a query string: key of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) &'static str);

/// Takes a query string apart.
pub(crate) fn pairs(query: Option<&str>) -> Result<Pairs, Malformed> {
    let query = query.unwrap_or_default();
    if query.len() > MOST_BYTES {
        return Err(Malformed("bad.too-long"));
    }
    let parts = query.split('&').filter(|part| !part.is_empty());
    let mut out = Vec::new();
    for part in parts {
        if out.len() == MOST_PAIRS {
            return Err(Malformed("bad.too-many"));
        }
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        out.push((decoded(name)?, decoded(value)?));
    }
    Ok(out)
}

/// Every value of that name.
pub(crate) fn values<'a>(pairs: &'a Pairs, name: &str) -> Vec<&'a str> {
    let named = pairs.iter().filter(|(other, _)| other == name);
    named.map(|(_, value)| value.as_str()).collect()
}

/// A query string of pairs.
pub(crate) fn written<N: AsRef<str>, V: AsRef<str>>(
    pairs: impl IntoIterator<Item = (N, V)>,
) -> String {
    let mut out = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs {
        out.append_pair(name.as_ref(), value.as_ref());
    }
    out.finish()
}

/// `%41` and `+` undone; a broken escape, a byte that is no UTF-8 and a control character are refused.
fn decoded(text: &str) -> Result<String, Malformed> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => hex(rest.next(), rest.next()).ok_or(Malformed("bad.escape"))?,
            other => other,
        });
    }
    let text = String::from_utf8(bytes).map_err(|_| Malformed("bad.utf8"))?;
    if text.chars().any(|c| c.is_control() && c != '\t') {
        return Err(Malformed("bad.control"));
    }
    Ok(text)
}

fn hex(high: Option<u8>, low: Option<u8>) -> Option<u8> {
    let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_come_as_they_were_written() {
        let read = pairs(Some(
            "q=Englisch+B1&format=online&format=hybrid&leer=&x=%C3%BC",
        ))
        .unwrap();
        assert_eq!(values(&read, "format"), ["online", "hybrid"]);
        assert_eq!(values(&read, "x"), ["ü"]);
        assert_eq!(
            pairs(Some(&written(
                read.iter().map(|(name, value)| (name, value))
            )))
            .unwrap(),
            read
        );
        assert_eq!(pairs(None).unwrap(), Pairs::new());
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (query, why) in [
            ("q=%", "bad.escape"),
            ("q=%4", "bad.escape"),
            ("q=%zz", "bad.escape"),
            ("q=%ff", "bad.utf8"),
            ("q=a%0d%0aSet-Cookie:x", "bad.control"),
            ("q=%00", "bad.control"),
        ] {
            assert_eq!(pairs(Some(query)), Err(Malformed(why)), "{query}");
        }
        let long = format!("q={}", "a".repeat(MOST_BYTES));
        assert_eq!(pairs(Some(&long)), Err(Malformed("bad.too-long")));
        let many = "a=1&".repeat(MOST_PAIRS + 1);
        assert_eq!(pairs(Some(&many)), Err(Malformed("bad.too-many")));
    }
}
