//! A message with its values: as HTML in a page, as plain text elsewhere.

use std::borrow::{Borrow, Cow};

use askama::Template;
use fluent_bundle::FluentArgs;

use super::Language;
use crate::pages::Moment;

/// A message of one language, with its values.
///
/// Displayed, it is HTML: the template engine escapes each of its pieces, and every value stands in an element of its own that
/// isolates its direction. Values never pass through Fluent: the text is made with a mark in the place of each,
/// so nothing that comes from outside is ever looked at as a message.
#[derive(Debug, Clone, Template)]
#[template(path = "message.html")]
pub struct Message<'a> {
    language: Language,
    key: Cow<'static, str>,
    values: Vec<(&'static str, Value<'a>)>,
}

/// What is put into a message.
#[derive(Debug, Clone)]
pub(crate) enum Value<'a> {
    /// A name, an address, anything in any script.
    Text(Cow<'a, str>),
    /// The same, with weight.
    Strong(Cow<'a, str>),
    /// Something for machines, which is always read from left to right.
    Code(Cow<'a, str>),
    /// Other words of this language.
    Words(String),
    /// A number, by which the form of words is chosen.
    Count(u64),
    /// One of a few words, by which words are chosen.
    Choice(&'static str),
    /// A point in time.
    Time(Moment),
    /// The beginning of a link; `$end` is its end.
    Link(Cow<'a, str>),
    /// The same, out of a frame.
    LinkOut(Cow<'a, str>),
    /// The end of a link.
    End,
}

/// What a message is made of, in order.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    Words(&'a str),
    Value(&'a str),
    Strong(&'a str),
    Code(&'a str),
    Time(Moment, String),
    Link(&'a str),
    LinkOut(&'a str),
    End,
}

/// Around the number of a value in the text: Unicode keeps these two for a program's own use.
pub(super) const MARKS: [char; 2] = ['\u{fdd0}', '\u{fdd1}'];

impl askama::filters::HtmlSafe for Message<'_> {}

impl<'a> Message<'a> {
    pub(super) const fn new(language: Language, key: Cow<'static, str>) -> Self {
        Self { language, key, values: Vec::new() }
    }

    /// A name, an address, anything in any script.
    #[must_use]
    pub fn value(self, name: &'static str, value: impl Into<Cow<'a, str>>) -> Self {
        self.with(name, Value::Text(value.into()))
    }

    /// The same, with weight.
    #[must_use]
    pub fn strong(self, name: &'static str, value: impl Into<Cow<'a, str>>) -> Self {
        self.with(name, Value::Strong(value.into()))
    }

    /// Something for machines, which is always read from left to right.
    #[must_use]
    pub fn code(self, name: &'static str, value: impl Into<Cow<'a, str>>) -> Self {
        self.with(name, Value::Code(value.into()))
    }

    /// Text that needs no isolation, such as a time of day.
    #[must_use]
    pub(crate) fn text(self, name: &'static str, text: impl Into<String>) -> Self {
        self.with(name, Value::Words(text.into()))
    }

    /// Another message of the same language, as plain text.
    #[must_use]
    pub fn words(self, name: &'static str, words: impl Borrow<Self>) -> Self {
        self.with(name, Value::Words(words.borrow().plain()))
    }

    /// A number, by which the form of words is chosen.
    #[must_use]
    pub fn count(self, name: &'static str, count: impl Borrow<u64>) -> Self {
        self.with(name, Value::Count(*count.borrow()))
    }

    /// One of a few words, by which words are chosen.
    #[must_use]
    pub fn choice(self, name: &'static str, choice: &'static str) -> Self {
        self.with(name, Value::Choice(choice))
    }

    /// A point in time.
    #[must_use]
    pub fn time(self, name: &'static str, time: impl Borrow<Moment>) -> Self {
        self.with(name, Value::Time(*time.borrow()))
    }

    /// A link: the message has `{ $link }` where its words begin and `{ $end }` where they end.
    #[must_use]
    pub fn link(self, address: impl Into<Cow<'a, str>>) -> Self {
        self.with("link", Value::Link(address.into())).with("end", Value::End)
    }

    /// A link that leaves the frame in which the page stands.
    #[must_use]
    pub fn link_out(self, address: impl Into<Cow<'a, str>>) -> Self {
        self.with("link", Value::LinkOut(address.into())).with("end", Value::End)
    }

    /// The message as plain text: for attributes, titles, headers and JSON.
    pub fn plain(&self) -> String {
        let text = self.marked();
        let mut plain = String::with_capacity(text.len());
        for piece in self.pieces(&text) {
            match piece {
                Piece::Words(words) => plain.push_str(words),
                Piece::Value(value) | Piece::Strong(value) | Piece::Code(value) => {
                    plain.push_str(&self.language.isolated(value));
                }
                Piece::Time(_, words) => plain.push_str(&words),
                Piece::Link(_) | Piece::LinkOut(_) | Piece::End => {}
            }
        }
        plain
    }

    fn with(mut self, name: &'static str, value: Value<'a>) -> Self {
        self.values.push((name, value));
        self
    }

    /// The message with a mark in the place of each value.
    fn marked(&self) -> String {
        let mut args = FluentArgs::with_capacity(self.values.len());
        for (at, (name, value)) in self.values.iter().enumerate() {
            match value {
                Value::Count(count) => args.set(*name, *count),
                Value::Choice(choice) => args.set(*name, *choice),
                Value::Words(words) => args.set(*name, words.as_str()),
                _ => args.set(*name, format!("{}{at}{}", MARKS[0], MARKS[1])),
            }
        }
        self.language.format(&self.key, &args)
    }

    fn pieces<'b>(&'b self, text: &'b str) -> Vec<Piece<'b>> {
        let mut pieces = Vec::new();
        for (at, part) in text.split(MARKS).enumerate() {
            // The parts between a mark and its end are the numbers of values.
            let value = (at % 2 == 1).then(|| self.values.get(part.parse::<usize>().ok()?)).flatten();
            pieces.push(match value {
                None => Piece::Words(part),
                Some((_, Value::Text(text))) => Piece::Value(text),
                Some((_, Value::Strong(text))) => Piece::Strong(text),
                Some((_, Value::Code(text))) => Piece::Code(text),
                Some((_, Value::Time(moment))) => Piece::Time(*moment, moment.words(self.language)),
                Some((_, Value::Link(address))) => Piece::Link(address),
                Some((_, Value::LinkOut(address))) => Piece::LinkOut(address),
                Some((_, Value::End)) => Piece::End,
                // These are in the text already.
                Some((_, Value::Words(_) | Value::Count(_) | Value::Choice(_))) => continue,
            });
        }
        pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENGLISH: Language = Language::ENGLISH;

    fn arabic() -> Language {
        Language::from_tag("ar").unwrap()
    }

    #[test]
    fn values_are_escaped_and_isolated_and_never_read_as_anything_else() {
        let hostile = "<b>{ $link }\u{fdd0}1\u{fdd1}\"&";
        let html = ENGLISH.say("unlock-other").value("name", hostile).link("/x?a=\"><i>&b").to_string();
        assert!(
            html.starts_with(
                "Not <bdi>&#60;b&#62;{ $link }\u{fdd0}1\u{fdd1}&#34;&#38;</bdi>? <a href=\"/x?a="
            ),
            "{html}"
        );
        assert!(html.contains(">Sign in as somebody else</a>. This ends"), "{html}");
        assert_eq!(html.matches('<').count(), 4, "{html}");
    }

    #[test]
    fn plain_text_has_no_elements_and_marks_only_where_text_runs_from_right_to_left() {
        let plain =
            |language: Language| language.say("unlock-other").value("name", "<ada>").link("/x").plain();
        assert!(plain(ENGLISH).starts_with("Not <ada>? Sign in as somebody else. This"));
        assert!(plain(arabic()).contains("\u{2068}<ada>\u{2069}"));
    }

    #[test]
    fn numbers_choose_the_form_of_words_in_each_language() {
        let said = |language: Language, count: u64| language.say("span-minute").count("count", count).plain();
        assert_eq!([said(ENGLISH, 1), said(ENGLISH, 2)], ["1 minute", "2 minutes"]);
        let forms: std::collections::BTreeSet<_> = [0, 1, 2, 3, 11, 100]
            .map(|count| said(arabic(), count).replace(|c: char| c.is_ascii_digit() || c == ' ', ""))
            .into();
        assert!(forms.len() >= 4, "{forms:?}");
    }

    #[test]
    fn times_carry_what_machines_read() {
        let html = ENGLISH.say("session-last-used").time("time", Moment(0)).to_string();
        let time = "<time datetime=\"1970-01-01T00:00:00.000Z\">1 January 1970, 00:00 UTC</time>";
        assert_eq!(html, format!("Last used {time}"));
    }
}
