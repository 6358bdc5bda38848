//! Bytes into text: byte order marks, UTF-8, UTF-16, windows-1252.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Text, and how it was found.
#[derive(Clone, Debug)]
pub struct Decoded<'a> {
    /// The text, without a byte order mark.
    pub text: Cow<'a, str>,
    /// Name of the encoding, as in the Encoding Standard.
    pub encoding: &'static str,
    /// Whether the bytes claimed or seemed to be something else and were read as windows-1252
    /// for want of anything better.
    pub guessed: bool,
}

/// Reads `bytes` by byte order mark, else as UTF-8, else as UTF-16 where every other byte is
/// zero, else as windows-1252.
#[must_use]
pub fn decode(bytes: &[u8]) -> Decoded<'_> {
    decode_as(bytes, None)
}

/// As [`decode`], but believes `label` (the `encoding` of an XML declaration) after a byte order
/// mark. A label that is not known, or that the bytes contradict, falls back.
#[must_use]
pub fn decode_as<'a>(bytes: &'a [u8], label: Option<&str>) -> Decoded<'a> {
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        let rest = bytes.get(length..).unwrap_or_default();
        return lossless(encoding, rest).unwrap_or_else(|| fallback(rest));
    }
    let named = label.and_then(|label| Encoding::for_label(label.trim().as_bytes()));
    // A declaration that one can read byte by byte cannot be UTF-16, whatever it says.
    if let Some(encoding) = named.filter(|e| *e != UTF_16LE && *e != UTF_16BE)
        && let Some(decoded) = lossless(encoding, bytes)
    {
        return decoded;
    }
    if let Some(encoding) = without_mark(bytes)
        && let Some(decoded) = lossless(encoding, bytes)
    {
        return decoded;
    }
    lossless(UTF_8, bytes).unwrap_or_else(|| fallback(bytes))
}

/// UTF-16 without a mark: text begins with characters whose other byte is zero.
fn without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes {
        [first, 0, second, 0, ..] if *first != 0 && *second != 0 => Some(UTF_16LE),
        [0, first, 0, second, ..] if *first != 0 && *second != 0 => Some(UTF_16BE),
        _ => None,
    }
}

fn lossless<'a>(encoding: &'static Encoding, bytes: &'a [u8]) -> Option<Decoded<'a>> {
    let text = encoding.decode_without_bom_handling_and_without_replacement(bytes)?;
    Some(Decoded {
        text,
        encoding: encoding.name(),
        guessed: false,
    })
}

fn fallback(bytes: &[u8]) -> Decoded<'_> {
    // windows-1252 has a character for every byte, so nothing is lost that a person could not see.
    let (text, _) = WINDOWS_1252.decode_without_bom_handling(bytes);
    Decoded {
        text,
        encoding: WINDOWS_1252.name(),
        guessed: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, little: bool, mark: bool) -> Vec<u8> {
        let units = mark
            .then_some(0xFEFF)
            .into_iter()
            .chain(text.encode_utf16());
        units
            .flat_map(|u| {
                if little {
                    u.to_le_bytes()
                } else {
                    u.to_be_bytes()
                }
            })
            .collect()
    }

    #[test]
    fn every_encoding_that_schools_export_becomes_the_same_text() {
        let text = "Titel;Straße\nTöpfern;Übung";
        let mut marked = vec![0xEF, 0xBB, 0xBF];
        marked.extend(text.bytes());
        let (old, ..) = WINDOWS_1252.encode(text);
        for bytes in [
            text.as_bytes().to_vec(),
            marked,
            old.into_owned(),
            utf16(text, true, true),
            utf16(text, false, true),
            utf16(text, true, false),
            utf16(text, false, false),
        ] {
            assert_eq!(decode(&bytes).text, text);
        }
    }

    #[test]
    fn a_declaration_is_believed_until_the_bytes_contradict_it() {
        let euro = b"\xA4";
        assert_eq!(decode_as(euro, Some("iso-8859-15")).text, "€");
        let wrong = decode_as(b"M\xFCll", Some("UTF-8"));
        assert_eq!((wrong.text.as_ref(), wrong.guessed), ("Müll", true));
        assert_eq!(decode_as("Müll".as_bytes(), Some("klingon")).text, "Müll");
        assert_eq!(decode_as("Müll".as_bytes(), Some("UTF-16")).text, "Müll");
    }

    #[test]
    fn a_broken_mark_does_not_panic() {
        drop(decode(&[0xFF, 0xFE, 0x00]));
        drop(decode(&[0xFE]));
        assert_eq!(decode(&[]).text, "");
    }
}
