//! What a person is shown of a body before they send it: names and short values of a form, names and sizes of files, and
//! nothing of what should stay secret. It is read as it comes from the disk; whatever its size, little of it is remembered.

mod multipart;
mod secrets;
mod urlencoded;

use super::Head;

/// What a person is shown of a body.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Summary {
    /// Whether it is a form. Of anything else only type and size can be told.
    pub is_form: bool,
    /// The fields, in the order in which they came.
    pub fields: Vec<Field>,
    /// How many more there are.
    pub more: usize,
}

/// One field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub value: Shown,
}

/// What is shown of the value of a field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Shown {
    /// The text, or its beginning.
    Text {
        /// The text.
        text: String,
        /// Whether that is all.
        whole: bool,
    },
    /// Nothing: it is a password, a code, a card or a technical token.
    Secret,
    /// A file.
    File {
        /// Its name.
        name: String,
        /// How many bytes it has.
        size: u64,
    },
}

/// How many fields are shown.
const MOST_FIELDS: usize = 200;
/// How many characters of a value are shown.
const LONGEST_TEXT: usize = 300;
/// How many bytes of a name or value are remembered while it is read.
const REMEMBERED: usize = 4 * LONGEST_TEXT;

/// A body that is being read.
#[derive(Debug)]
pub struct Reading {
    kind: Kind,
    found: Found,
}

#[derive(Debug)]
enum Kind {
    Urlencoded(urlencoded::Pairs),
    Multipart(multipart::Parts),
    Other,
}

/// The fields that were found so far.
#[derive(Debug, Default)]
struct Found {
    fields: Vec<Field>,
    more: usize,
}

impl Reading {
    /// Begins to read the body of a kept request.
    pub fn of(head: &Head) -> Self {
        let content_type = head.content_type.as_deref().unwrap_or_default();
        Self::of_type(if head.content_encoding.is_some() { b"" } else { content_type })
    }

    /// Begins to read a body of this `Content-Type`.
    pub fn of_type(content_type: &[u8]) -> Self {
        let text = String::from_utf8_lossy(content_type);
        let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let kind = match essence.as_str() {
            "application/x-www-form-urlencoded" => Kind::Urlencoded(urlencoded::Pairs::default()),
            "multipart/form-data" => multipart::boundary(&text)
                .map_or(Kind::Other, |of| Kind::Multipart(multipart::Parts::new(&of))),
            _ => Kind::Other,
        };
        Self { kind, found: Found::default() }
    }

    /// Takes the next bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        match &mut self.kind {
            Kind::Urlencoded(pairs) => pairs.feed(bytes, &mut self.found),
            Kind::Multipart(parts) => parts.feed(bytes, &mut self.found),
            Kind::Other => {}
        }
    }

    /// The body has ended.
    pub fn finish(mut self) -> Summary {
        match &mut self.kind {
            Kind::Urlencoded(pairs) => pairs.finish(&mut self.found),
            Kind::Multipart(parts) => parts.finish(&mut self.found),
            Kind::Other => {}
        }
        let is_form = !matches!(self.kind, Kind::Other);
        Summary { is_form, fields: self.found.fields, more: self.found.more }
    }
}

impl Found {
    fn text(&mut self, name: String, value: &str, whole: bool) {
        let value = if secrets::is_secret(&name, value) {
            Shown::Secret
        } else {
            let (text, all) = shorten(value);
            Shown::Text { text, whole: whole && all }
        };
        self.push(Field { name, value });
    }

    fn push(&mut self, mut field: Field) {
        if self.fields.len() < MOST_FIELDS {
            field.name = shorten(&field.name).0;
            self.fields.push(field);
        } else {
            self.more += 1;
        }
    }
}

/// The beginning of a text, and whether it is all.
fn shorten(text: &str) -> (String, bool) {
    match text.char_indices().nth(LONGEST_TEXT) {
        Some((at, _)) => (text[..at].to_owned(), false),
        None => (text.to_owned(), true),
    }
}

/// Adds bytes to a buffer that remembers only so many. Gives whether all were remembered.
fn remember(buffer: &mut Vec<u8>, bytes: &[u8]) -> bool {
    let room = REMEMBERED.saturating_sub(buffer.len()).min(bytes.len());
    buffer.extend_from_slice(&bytes[..room]);
    room == bytes.len()
}

#[cfg(test)]
mod tests;
