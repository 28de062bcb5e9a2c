//! Which language a request asks for: `Accept-Language` (RFC 9110, section 12.5.4) and the look-up of RFC 4647,
//! section 3.4.

use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;

use super::Language;

/// How many ranges are looked at. Browsers send a handful.
const MOST_RANGES: usize = 32;

/// The languages that a gateway offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Languages(Vec<Language>);

impl Default for Languages {
    /// All of them, and English for everybody whose language is not among them.
    fn default() -> Self {
        Self(Language::all().collect())
    }
}

/// A language range and its weight in thousandths.
struct Range<'a> {
    tag: &'a str,
    weight: u16,
}

impl Languages {
    /// These languages; the first is for everybody whose language is not among them. Without any, all are offered.
    pub fn new(languages: Vec<Language>) -> Self {
        if languages.is_empty() { Self::default() } else { Self(languages) }
    }

    /// The language for a request.
    ///
    /// The range with the greatest weight that a language is found for decides, the first of equal ones. A range is
    /// shortened from its end until it is found, so that `de-AT` finds German. `*` says nothing that the default does
    /// not. Parts that are not as RFC 9110 has them are passed over, and a header without any usable one is as good as none:
    /// nobody is refused for it.
    pub fn of(&self, headers: &HeaderMap) -> Language {
        let lines = headers.get_all(ACCEPT_LANGUAGE).iter().filter_map(|line| line.to_str().ok());
        let mut ranges: Vec<_> =
            lines.flat_map(|line| line.split(',')).take(MOST_RANGES).filter_map(Range::parse).collect();
        ranges.sort_by_key(|range| std::cmp::Reverse(range.weight));
        let refused = |language: &Language| {
            ranges.iter().any(|range| range.weight == 0 && range.tag.eq_ignore_ascii_case(language.tag()))
        };
        let wanted = ranges.iter().filter(|range| range.weight > 0);
        let default = || self.0.iter().copied().find(|language| !refused(language));
        wanted
            .filter_map(|range| self.look_up(range.tag))
            .find(|language| !refused(language))
            .or_else(default)
            .or_else(|| self.0.first().copied())
            .unwrap_or_default()
    }

    /// RFC 4647, section 3.4: a subtag of one character goes with the one after it.
    fn look_up(&self, mut tag: &str) -> Option<Language> {
        loop {
            if let Some(found) = self.0.iter().find(|language| language.tag().eq_ignore_ascii_case(tag)) {
                return Some(*found);
            }
            tag = tag.rsplit_once('-')?.0;
            if let Some((rest, single)) = tag.rsplit_once('-')
                && single.len() == 1
            {
                tag = rest;
            }
        }
    }
}

impl<'a> Range<'a> {
    fn parse(part: &'a str) -> Option<Self> {
        let (tag, parameter) = part.split_once(';').map_or((part, None), |(tag, rest)| (tag, Some(rest)));
        let tag = tag.trim_matches([' ', '\t']);
        let is_range = tag.split('-').all(|subtag| {
            (1..=8).contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        let weight = parameter.map_or(Some(1000), weight)?;
        is_range.then_some(Self { tag, weight })
    }
}

/// `q=` and a number from 0 to 1 with at most three places (RFC 9110, section 12.4.2), in thousandths.
fn weight(parameter: &str) -> Option<u16> {
    let parameter = parameter.trim_matches([' ', '\t']);
    let value = parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q="))?;
    let (whole, places) = value.split_once('.').unwrap_or((value, ""));
    if places.len() > 3 || !places.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths = format!("{places:0<3}").parse().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(lines: &[&str]) -> &'static str {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(ACCEPT_LANGUAGE, http::HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        Languages::default().of(&headers).tag()
    }

    #[test]
    fn the_range_with_the_greatest_weight_that_is_offered_decides() {
        for (header, tag) in [
            ("de", "de"),
            ("DE-at", "de"),
            ("ar-EG-u-nu-latn", "ar"),
            ("de-1996, ar;q=0.9", "de"),
            ("fr, ar;q=0.5, de;q=0.7", "de"),
            ("ar;q=0.5,de;q=0.5", "ar"),
            ("de;q=0.123, ar;q=0.124", "ar"),
            ("fr-CH, fr;q=0.9, *;q=0.1, de;q=0.05", "de"),
            ("*", "en"),
            ("ja", "en"),
            ("", "en"),
            ("deu", "en"),
            ("de-x-en", "de"),
            ("x-de", "en"),
        ] {
            assert_eq!(chosen(&[header]), tag, "{header}");
        }
        assert_eq!(chosen(&[]), "en");
        assert_eq!(chosen(&["fr;q=0.9", "de;q=0.8"]), "de");
    }

    #[test]
    fn a_weight_of_zero_refuses_a_language() {
        assert_eq!(chosen(&["en;q=0"]), "de");
        assert_eq!(chosen(&["en;q=0, de;q=0.000, ja"]), "ar");
        assert_eq!(chosen(&["de-AT, de;q=0"]), "en");
        // Nothing is left, and a page in some language is better than none.
        assert_eq!(chosen(&["en;q=0, de;q=0, ar;q=0"]), "en");
    }

    #[test]
    fn what_is_malformed_is_passed_over() {
        for (header, tag) in [
            ("de;q=2, ar", "ar"),
            ("de;q=1.001, ar;q=0.1", "ar"),
            ("de;q=0.1234, ar;q=0.1", "ar"),
            ("de;q=-1, ar;q=0.1", "ar"),
            ("de;level=1, ar;q=0.1", "ar"),
            ("d\u{e9}, de", "en"),
            ("de_DE, ar", "ar"),
            (",;,;q=,de-,-de,--,ar", "ar"),
            ("de-abcdefghi, ar", "ar"),
        ] {
            assert_eq!(chosen(&[header]), tag, "{header}");
        }
        let long = "xx,".repeat(10_000) + "de";
        assert_eq!(chosen(&[&long]), "en");
    }

    #[test]
    fn only_what_is_offered_is_chosen_and_its_first_is_the_default() {
        let offered = Languages::new(["de", "ar"].into_iter().filter_map(Language::from_tag).collect());
        let mut headers = HeaderMap::new();
        assert_eq!(offered.of(&headers).tag(), "de");
        headers.insert(ACCEPT_LANGUAGE, http::HeaderValue::from_static("en, ar;q=0.2"));
        assert_eq!(offered.of(&headers).tag(), "ar");
        headers.insert(ACCEPT_LANGUAGE, http::HeaderValue::from_static("en"));
        assert_eq!(offered.of(&headers).tag(), "de");
        assert_eq!(Languages::new(Vec::new()), Languages::default());
    }
}
