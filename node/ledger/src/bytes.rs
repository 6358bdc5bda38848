//! Small parts of the ledger's bytes: numbers of variable length, texts, lists.

use crate::fault::Damaged;

/// Writes.
#[derive(Default)]
pub(crate) struct Writer(pub(crate) Vec<u8>);

impl Writer {
    /// Seven bits a byte, least first; the eighth says that more follow.
    pub(crate) fn number(&mut self, mut value: u64) {
        while value > 0x7F {
            self.0.push((value & 0x7F) as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    /// A number with its sign in the lowest bit.
    pub(crate) fn signed(&mut self, value: i64) {
        self.number(((value << 1) ^ (value >> 63)) as u64);
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.bytes(text.as_bytes());
    }

    pub(crate) fn flag(&mut self, flag: bool) {
        self.0.push(u8::from(flag));
    }
}

/// Reads, and never beyond the end.
pub(crate) struct Reader<'b>(pub(crate) &'b [u8]);

impl<'b> Reader<'b> {
    pub(crate) fn take(&mut self, length: usize) -> Result<&'b [u8], Damaged> {
        let (taken, rest) = self
            .0
            .split_at_checked(length)
            .ok_or(Damaged::Content("it ends too early"))?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Damaged> {
        self.take(1)?
            .first()
            .copied()
            .ok_or(Damaged::Content("it ends too early"))
    }

    pub(crate) fn number(&mut self) -> Result<u64, Damaged> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7F);
            if shift == 63 && part > 1 {
                break;
            }
            value |= part << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Damaged::Content("a number is too large"))
    }

    pub(crate) fn signed(&mut self) -> Result<i64, Damaged> {
        let value = self.number()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    pub(crate) fn small(&mut self) -> Result<u32, Damaged> {
        u32::try_from(self.number()?).map_err(|_| Damaged::Content("a number is too large"))
    }

    /// How many follow; never more than there are bytes, so that nothing is set aside in vain.
    pub(crate) fn count(&mut self) -> Result<usize, Damaged> {
        let count = usize::try_from(self.number()?).unwrap_or(usize::MAX);
        if count > self.0.len() {
            return Err(Damaged::Content("a list is longer than the file"));
        }
        Ok(count)
    }

    pub(crate) fn hash(&mut self) -> Result<[u8; 32], Damaged> {
        let bytes = self.take(32)?.try_into();
        bytes.map_err(|_| Damaged::Content("it ends too early"))
    }

    pub(crate) fn text(&mut self) -> Result<String, Damaged> {
        let length = self.count()?;
        let text = std::str::from_utf8(self.take(length)?);
        text.map(str::to_owned)
            .map_err(|_| Damaged::Content("a text is no text"))
    }

    pub(crate) fn flag(&mut self) -> Result<bool, Damaged> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Damaged::Content("a yes or no is neither")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        let numbers = [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX];
        let mut writer = Writer::default();
        numbers.iter().for_each(|value| writer.number(*value));
        for value in [i64::MIN, -1, 0, 1, i64::MAX] {
            writer.signed(value);
        }
        let mut reader = Reader(&writer.0);
        for value in numbers {
            assert_eq!(reader.number(), Ok(value));
        }
        for value in [i64::MIN, -1, 0, 1, i64::MAX] {
            assert_eq!(reader.signed(), Ok(value));
        }
        assert!(reader.number().is_err());
        assert!(Reader(&[0xFF; 11]).number().is_err());
        assert!(Reader(&[5, b'a']).text().is_err());
    }
}
