//! The number of a problem report.

use std::fmt;
use std::str::FromStr;

/// 40 random bits, written `rep_` and ten hexadecimal digits: short enough to read out. It opens nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReportId(u64);

/// The text is not the number of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a problem report: expected `rep_` and ten hexadecimal digits")]
pub struct ParseReportIdError;

const PREFIX: &str = "rep_";
const DIGITS: usize = 10;

impl ReportId {
    /// A new one.
    ///
    /// # Errors
    /// The operating system gives no random bits.
    pub fn random() -> Result<Self, getrandom::Error> {
        Ok(Self(getrandom::u64()? >> (64 - 4 * DIGITS)))
    }
}

impl fmt::Display for ReportId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{:0DIGITS$x}", self.0)
    }
}

impl fmt::Debug for ReportId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ReportId {
    type Err = ParseReportIdError;

    fn from_str(text: &str) -> Result<Self, ParseReportIdError> {
        let digits = text.strip_prefix(PREFIX).ok_or(ParseReportIdError)?;
        let lower = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if digits.len() != DIGITS || !digits.bytes().all(lower) {
            return Err(ParseReportIdError);
        }
        u64::from_str_radix(digits, 16).map(Self).map_err(|_| ParseReportIdError)
    }
}

impl serde::Serialize for ReportId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for ReportId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_exactly_one_spelling() {
        let id = ReportId(0x00_0000_00a5);
        assert_eq!(id.to_string(), "rep_00000000a5");
        assert_eq!("rep_00000000a5".parse(), Ok(id));
        for other in
            ["", "rep_", "rep_00000000A5", "rep_0000000a5", "rep_00000000a55", "rep_+0000000a5", "../keys"]
        {
            assert_eq!(other.parse::<ReportId>(), Err(ParseReportIdError), "{other}");
        }
    }
}
