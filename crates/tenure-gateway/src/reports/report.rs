//! One problem report.

use tenure::core::{SessionId, Timestamp};

use super::ReportId;

/// The most characters of a person's own words that are taken.
pub const MOST_WORDS: usize = 2000;

/// A report as it comes in.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The session it is about, if there is or was one.
    pub session: Option<SessionId>,
    /// The reason code that the person was told.
    pub reason: String,
    /// What the page says for support: browser, times, codes and events; no secret.
    pub text: String,
    /// What the person added.
    pub words: String,
}

/// A report that was taken.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Report {
    /// Its number.
    pub id: ReportId,
    /// When it was sent.
    #[serde(with = "millis")]
    pub at: Timestamp,
    /// When it is removed.
    #[serde(with = "millis")]
    pub until: Timestamp,
    /// The session it is about, if there is or was one.
    pub session: Option<SessionId>,
    /// The network it came from: an IPv4 address, or an IPv6 /64.
    pub network: String,
    /// The reason code that the person was told.
    pub reason: String,
    /// What the page says for support.
    pub text: String,
    /// What the person added; they may have written anything.
    pub words: String,
}

/// Moments as they lie on the disk.
mod millis {
    use serde::{Deserialize as _, Deserializer, Serializer};
    use tenure::core::Timestamp;

    pub(super) fn serialize<S: Serializer>(moment: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(moment.as_millis())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        u64::deserialize(deserializer).map(Timestamp::from_millis)
    }
}

/// What a person wrote, fit for a log and a terminal: lines of text without control characters, cut to a sensible length.
pub(super) fn plain(words: &str) -> String {
    let kept = words.replace("\r\n", "\n").replace('\r', "\n");
    let kept = kept.chars().filter(|character| *character == '\n' || !is_control(*character));
    kept.take(MOST_WORDS).collect::<String>().trim().to_owned()
}

/// Control characters, and those that turn the direction of what follows.
fn is_control(character: char) -> bool {
    character.is_control() || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_cannot_steer_a_terminal() {
        assert_eq!(plain("  It \u{1b}[2Jsaid\r\nlocked\u{202e}.\0 "), "It [2Jsaid\nlocked.");
        assert_eq!(plain(&"é".repeat(3000)).chars().count(), MOST_WORDS);
    }
}
