//! Points in time as people read them.

use crate::language::{Language, Message};

/// A point in time in milliseconds since the Unix epoch, shown in UTC: a page has no script that could know
/// the reader's time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub u64);

impl Moment {
    /// RFC 3339 with milliseconds, for the `datetime` attribute: `2026-11-23T12:48:00.000Z`.
    pub fn machine(&self) -> String {
        let (year, month, day) = self.date();
        let (hour, minute) = self.clock();
        let (second, milli) = (self.0 / 1000 % 60, self.0 % 1000);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
    }

    /// As people read it: `23 November 2026, 12:48 UTC`.
    pub fn words(&self, language: Language) -> String {
        let (year, month, day) = self.date();
        let (hour, minute) = self.clock();
        let clock = format!("{hour:02}:{minute:02}");
        language
            .say("moment")
            .count("day", day)
            .count("month", month)
            .count("year", year)
            .text("clock", clock)
            .plain()
    }

    fn clock(self) -> (u64, u64) {
        let minutes = self.0 / 60_000;
        (minutes / 60 % 24, minutes % 60)
    }

    /// Year, month (1-12) and day of the proleptic Gregorian calendar. The year is counted from March, so that
    /// the leap day is its last one.
    fn date(self) -> (u64, u64, u64) {
        let days = self.0 / 86_400_000 + 719_468;
        let (era, of_era) = (days / 146_097, days % 146_097);
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * from_march + 2) / 5 + 1;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        (year_of_era + era * 400 + u64::from(month <= 2), month, day)
    }
}

/// A number of seconds as words: `45 seconds`, `1 minute`, `2 hours`. Rounded up to the larger unit, so that
/// nobody who waits that long comes back too early.
pub(crate) fn span_words<'a>(language: Language, seconds: u64) -> Message<'a> {
    match seconds {
        0..=90 => language.say("span-second").count("count", seconds.max(1)),
        91..=5400 => language.say("span-minute").count("count", seconds.div_ceil(60)),
        _ => language.say("span-hour").count("count", seconds.div_ceil(3600)),
    }
}

/// A number of bytes as words, rounded down: `20 MiB`.
pub(crate) fn size_words<'a>(language: Language, bytes: u64) -> Message<'a> {
    match bytes {
        0..=1023 => language.say("size-bytes").count("count", bytes),
        1024..=1_048_575 => language.say("size-kib").count("count", bytes / 1024),
        _ => language.say("size-mib").count("count", bytes / 1_048_576),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_for_people_and_for_machines() {
        let moment = Moment(1_795_438_080_123);
        assert_eq!(moment.words(Language::ENGLISH), "23 November 2026, 12:48 UTC");
        assert_eq!(moment.machine(), "2026-11-23T12:48:00.123Z");
        assert_eq!(Moment(0).machine(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Moment(951_782_400_000).words(Language::ENGLISH), "29 February 2000, 00:00 UTC");
        assert_eq!(Moment(4_107_542_399_999).machine(), "2100-02-28T23:59:59.999Z");
        assert_eq!(Moment(4_107_542_400_000).machine(), "2100-03-01T00:00:00.000Z");
    }

    #[test]
    fn waiting_times_are_rounded_up() {
        let wait = |seconds| span_words(Language::ENGLISH, seconds).plain();
        assert_eq!(wait(0), "1 second");
        assert_eq!(wait(45), "45 seconds");
        assert_eq!(wait(91), "2 minutes");
        assert_eq!(wait(7201), "3 hours");
    }

    #[test]
    fn sizes_are_rounded_down() {
        let size = |bytes| size_words(Language::ENGLISH, bytes).plain();
        assert_eq!(
            [size(1), size(1023), size(2047), size(20 << 20)],
            ["1 byte", "1023 bytes", "1 KiB", "20 MiB"]
        );
    }
}
