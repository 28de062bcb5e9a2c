//! `multipart/form-data` (RFC 7578), piece by piece: parts begin where `CRLF--boundary` stands.

use super::{Field, Found, Shown, remember};

/// The line of a delimiter is not longer.
const LONGEST_LINE: usize = 256;
/// The head of a part is not longer; what claims to be is no form that a browser sent.
const LONGEST_HEAD: usize = 16 * 1024;

#[derive(Debug)]
pub(super) struct Parts {
    /// `CRLF--boundary`.
    delimiter: Vec<u8>,
    /// What has come and could not be told yet: never longer than a piece, a delimiter and a head.
    buffer: Vec<u8>,
    place: Place,
}

#[derive(Debug)]
enum Place {
    /// Before the first delimiter.
    Preamble,
    /// Behind a delimiter, before the end of its line.
    Delimiter,
    Head,
    Body(Part),
    /// Behind the last part, or where nothing can be understood any more.
    End,
}

#[derive(Debug)]
struct Part {
    name: String,
    file: Option<String>,
    text: Vec<u8>,
    whole: bool,
    size: u64,
}

/// The boundary of a `Content-Type` (RFC 2046, section 5.1.1).
pub(super) fn boundary(content_type: &str) -> Option<String> {
    let value = content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"'))
    })?;
    (!value.is_empty() && value.len() <= 70).then(|| value.to_owned())
}

impl Parts {
    pub(super) fn new(boundary: &str) -> Self {
        let delimiter = format!("\r\n--{boundary}").into_bytes();
        // The first delimiter may stand at the very beginning, without a line before it.
        Self { delimiter, buffer: b"\r\n".to_vec(), place: Place::Preamble }
    }

    pub(super) fn feed(&mut self, bytes: &[u8], found: &mut Found) {
        self.buffer.extend_from_slice(bytes);
        while self.step(found) {}
    }

    /// What is left over of a body that was cut short is a part too.
    pub(super) fn finish(&mut self, found: &mut Found) {
        if let Place::Body(part) = &mut self.place {
            part.take(&self.buffer);
        }
        self.leave(found, Place::End);
    }

    /// Goes on by one step. Gives whether there may be another one.
    fn step(&mut self, found: &mut Found) -> bool {
        match &mut self.place {
            Place::Preamble | Place::Body(_) => match find(&self.buffer, &self.delimiter) {
                Some(at) => {
                    self.pass_over(at);
                    self.buffer.drain(..self.delimiter.len());
                    self.leave(found, Place::Delimiter);
                    true
                }
                None => {
                    self.pass_over((self.buffer.len() + 1).saturating_sub(self.delimiter.len()));
                    false
                }
            },
            Place::Delimiter if self.buffer.starts_with(b"--") => self.leave(found, Place::End),
            Place::Delimiter => match self.find_within(LONGEST_LINE, b"\r\n") {
                // The line break stays: the head may be empty, and ends with a second one.
                Some(at) => {
                    self.buffer.drain(..at);
                    self.leave(found, Place::Head)
                }
                None => self.give_up_beyond(LONGEST_LINE),
            },
            Place::Head => match self.find_within(LONGEST_HEAD, b"\r\n\r\n") {
                Some(at) => {
                    let part = Part::of_head(&String::from_utf8_lossy(&self.buffer[..at]));
                    self.buffer.drain(..at + 4);
                    // A part without any content is followed by its delimiter at once.
                    self.leave(found, Place::Body(part))
                }
                None => self.give_up_beyond(LONGEST_HEAD),
            },
            Place::End => {
                self.buffer.clear();
                false
            }
        }
    }

    /// Takes this many bytes out of the buffer, as content of the part if there is one.
    fn pass_over(&mut self, count: usize) {
        if let Place::Body(part) = &mut self.place {
            part.take(&self.buffer[..count]);
        }
        self.buffer.drain(..count);
    }

    fn leave(&mut self, found: &mut Found, next: Place) -> bool {
        if let Place::Body(part) = std::mem::replace(&mut self.place, next) {
            part.tell(found);
        }
        true
    }

    /// Where a pattern stands that ends within so many bytes: whatever the pieces, what ends later is not found.
    fn find_within(&self, most: usize, pattern: &[u8]) -> Option<usize> {
        find(&self.buffer[..self.buffer.len().min(most)], pattern)
    }

    fn give_up_beyond(&mut self, most: usize) -> bool {
        let hopeless = self.buffer.len() >= most;
        if hopeless {
            self.place = Place::End;
        }
        hopeless
    }
}

impl Part {
    fn of_head(head: &str) -> Self {
        let disposition = head.split("\r\n").find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.trim().eq_ignore_ascii_case("content-disposition").then_some(value)
        });
        let disposition = disposition.unwrap_or_default();
        Self {
            name: parameter(disposition, "name").unwrap_or_default(),
            file: parameter(disposition, "filename"),
            text: Vec::new(),
            whole: true,
            size: 0,
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.size += bytes.len() as u64;
        self.whole &= remember(&mut self.text, bytes);
    }

    fn tell(self, found: &mut Found) {
        match self.file {
            None => found.text(self.name, &String::from_utf8_lossy(&self.text), self.whole),
            // A browser sends a nameless, empty part where no file was chosen.
            Some(file) if file.is_empty() && self.size == 0 => {}
            Some(file) => {
                let name = super::shorten(&file).0;
                found.push(Field { name: self.name, value: Shown::File { name, size: self.size } });
            }
        }
    }
}

/// A parameter of a `Content-Disposition`, as browsers write it: quoted, with `"` and line breaks percent-encoded (HTML
/// Standard, section 4.10.21.8), or a backslash before a quote by older clients.
fn parameter(disposition: &str, wanted: &str) -> Option<String> {
    let mut rest = disposition.split_once(';')?.1;
    loop {
        let (name, after) = rest.split_once('=')?;
        let (value, after) = match after.trim_start().strip_prefix('"') {
            Some(quoted) => unquote(quoted),
            None => {
                let end = after.find(';').unwrap_or(after.len());
                (after[..end].trim().to_owned(), &after[end..])
            }
        };
        if name.trim().eq_ignore_ascii_case(wanted) {
            return Some(value.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n"));
        }
        rest = after.split_once(';')?.1;
    }
}

/// A text up to its closing quote, and what comes behind it.
fn unquote(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &text[at + 1..]),
            '\\' if text[at + 1..].starts_with(['"', '\\']) => {
                value.extend(characters.next().map(|(_, next)| next));
            }
            other => value.push(other),
        }
    }
    (value, "")
}

/// Where a pattern that begins with a rare byte stands.
fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    let first = *needle.first()?;
    let mut from = 0;
    while let Some(at) = haystack[from..].iter().position(|&byte| byte == first) {
        if haystack[from + at..].starts_with(needle) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}
