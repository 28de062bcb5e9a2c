//! The languages that people are told things in, and the messages in them.
//!
//! Messages are Fluent files in `messages/<tag>/`, compiled into the binary. docs/guide/languages.md says how a
//! language is added, docs/decisions/translations.md why it is done this way.

mod accept;
mod client;
mod message;
#[cfg(test)]
mod tests;

pub use accept::Languages;
pub use client::script as client_script;
pub use message::Message;

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use fluent_syntax::ast::Pattern;

/// A language that all messages are written in. The default is English.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Language(u8);

/// What makes a language.
struct Entry {
    /// As in BCP 47; the folder of its messages.
    tag: &'static str,
    /// `ltr` or `rtl`.
    direction: &'static str,
    /// Its files. The client's is for the client alone.
    files: [&'static str; 4],
    client: &'static str,
}

macro_rules! language {
    ($tag:literal, $direction:literal) => {
        Entry {
            tag: $tag,
            direction: $direction,
            files: [
                include_str!(concat!("../../messages/", $tag, "/common.ftl")),
                include_str!(concat!("../../messages/", $tag, "/pages.ftl")),
                include_str!(concat!("../../messages/", $tag, "/reasons.ftl")),
                include_str!(concat!("../../messages/", $tag, "/advice.ftl")),
            ],
            client: include_str!(concat!("../../messages/", $tag, "/client.ftl")),
        }
    };
}

/// Every language. English comes first: it is the one that all others are held against.
static ENTRIES: [Entry; 3] = [language!("en", "ltr"), language!("de", "ltr"), language!("ar", "rtl")];

/// First strong isolate and its end: Unicode's own marks, where there are no elements.
const ISOLATE: [char; 2] = ['\u{2068}', '\u{2069}'];

static BUNDLES: LazyLock<Vec<FluentBundle<FluentResource>>> =
    LazyLock::new(|| ENTRIES.iter().map(bundle).collect());

impl Language {
    /// The language of logs, of the command line, and of what programs are told.
    pub const ENGLISH: Self = Self(0);

    /// Every language.
    pub fn all() -> impl Iterator<Item = Self> {
        (0u8..).take(ENTRIES.len()).map(Self)
    }

    /// The language with this BCP 47 tag, in any case of its letters.
    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::all().find(|language| language.tag().eq_ignore_ascii_case(tag))
    }

    /// Its BCP 47 tag, for `lang` and `Content-Language`.
    pub fn tag(self) -> &'static str {
        self.entry().tag
    }

    /// `ltr` or `rtl`, for `dir`.
    pub fn direction(self) -> &'static str {
        self.entry().direction
    }

    /// The message of this key. The value of an attribute is `key.attribute`.
    pub fn say<'a>(self, key: impl Into<Cow<'static, str>>) -> Message<'a> {
        Message::new(self, key.into())
    }

    /// A value in plain text. Marks are copied along with it, so there are none where nothing runs from right to left.
    fn isolated(self, value: &str) -> String {
        if self.direction() == "ltr" {
            value.to_owned()
        } else {
            format!("{}{value}{}", ISOLATE[0], ISOLATE[1])
        }
    }

    fn entry(self) -> &'static Entry {
        ENTRIES.get(usize::from(self.0)).unwrap_or(&ENTRIES[0])
    }

    /// Formats a message. A test makes sure that every key exists in every language; should one be missing all the
    /// same, its key is better than no page.
    fn format(self, key: &str, args: &FluentArgs<'_>) -> String {
        let bundle = self.bundle();
        let Some(pattern) = pattern(bundle, key) else {
            debug_assert!(false, "no message {key} in {self:?}");
            return key.to_owned();
        };
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, Some(args), &mut errors).into_owned();
        debug_assert!(errors.is_empty(), "{key} in {self:?}: {errors:?}");
        text
    }

    /// Whether there is a message of this key.
    pub(crate) fn has(self, key: &str) -> bool {
        pattern(self.bundle(), key).is_some()
    }

    fn bundle(self) -> &'static FluentBundle<FluentResource> {
        BUNDLES.get(usize::from(self.0)).unwrap_or(&BUNDLES[0])
    }
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

/// The text of a message, or of its attribute.
fn pattern<'a>(bundle: &'a FluentBundle<FluentResource>, key: &str) -> Option<&'a Pattern<&'a str>> {
    match key.split_once('.') {
        Some((id, attribute)) => Some(bundle.get_message(id)?.get_attribute(attribute)?.value()),
        None => bundle.get_message(key)?.value(),
    }
}

/// Values are isolated by [`Message`], which knows whether they stand in HTML; so not by marks in the text.
fn bundle(entry: &Entry) -> FluentBundle<FluentResource> {
    let mut bundle = FluentBundle::new_concurrent(vec![entry.tag.parse().unwrap_or_default()]);
    bundle.set_use_isolating(false);
    for file in entry.files {
        // What is wrong with a file is found by a test; the rest of it is still of use.
        let resource = FluentResource::try_new(file.to_owned()).unwrap_or_else(|(resource, _)| resource);
        let added = bundle.add_resource(resource);
        debug_assert!(added.is_ok(), "{}: {added:?}", entry.tag);
    }
    bundle
}
