//! Words as they are compared, and a hash of them that is the same on every machine.

/// The text in lower case, German letters written out, without accents' marks, signs and doubled blanks.
pub(crate) fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        match c {
            'ä' => out.push_str("ae"),
            'ö' => out.push_str("oe"),
            'ü' => out.push_str("ue"),
            'ß' => out.push_str("ss"),
            'á' | 'à' | 'â' => out.push('a'),
            'é' | 'è' | 'ê' => out.push('e'),
            c if c.is_alphanumeric() => out.push(c),
            // A blank between words, not two of them.
            _ if out.ends_with(' ') || out.is_empty() => {}
            _ => out.push(' '),
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Street names without the many ways to write "street".
pub(super) fn street(text: &str) -> String {
    folded(text).replace("strasse", "str")
}

/// 64 bits of a text: FNV-1a, well mixed.
pub(super) fn hash(parts: &[&str]) -> u64 {
    let mut state = 0xcbf2_9ce4_8422_2325_u64;
    for part in parts {
        for byte in part.bytes().chain([0xff]) {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    mixed(state)
}

/// The finisher of splitmix64.
pub(super) fn mixed(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// The upper half: enough to tell words apart.
pub(super) fn half(x: u64) -> u32 {
    u32::try_from(x >> 32).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_to_write_the_same_are_the_same() {
        assert_eq!(
            folded("  Englisch B1: Auffrischung – am  Abend! "),
            "englisch b1 auffrischung am abend"
        );
        assert_eq!(folded("Männer STRASSE ß"), "maenner strasse ss");
        assert_eq!(
            street("Kirchstraße 4"),
            street("Kirchstr. 4").replace("  ", " ")
        );
        assert_eq!(hash(&["a", "b"]), hash(&["a", "b"]));
        assert_ne!(hash(&["ab", ""]), hash(&["a", "b"]));
    }
}
