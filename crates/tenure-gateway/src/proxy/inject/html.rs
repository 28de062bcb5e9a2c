//! Finds the place for the script in a page that arrives in pieces.
//!
//! The place is right after `<head>`. A page may leave that tag out; then it is before the first thing that isn't a doctype, a
//! comment, white space or `<html>`, because that is where a browser supplies it. So the place always comes before the
//! first script and before anything that could hide it, and the rest of the page needn't be understood.

use bytes::{Bytes, BytesMut};

/// A page that hasn't begun after so many bytes passes unchanged.
const PATIENCE: usize = 64 * 1024;

/// Adds a tag to a page.
#[derive(Debug)]
pub(super) struct Inserter {
    tag: Bytes,
    search: Option<Search>,
}

#[derive(Debug, Default)]
struct Search {
    state: State,
    seen: usize,
    /// What has been seen, as long as the place may yet turn out to lie before its end.
    held: BytesMut,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Between,
    /// After `<`, which stood here.
    Open { start: usize },
    /// Inside the name of a start tag.
    Name { start: usize },
    /// After `<!`, with so many dashes.
    Declaration { dashes: u8 },
    /// A doctype, or what a browser takes for a comment: it ends at the next `>`.
    Bogus,
    /// `is_fresh` until something other than a dash was seen; `bang` after `--!`.
    Comment { dashes: u8, is_fresh: bool, bang: bool },
    /// Inside the tag, after its name. The place is behind `head`.
    Tag { is_head: bool, part: Part },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    BeforeName,
    Name,
    AfterName,
    BeforeValue,
    Unquoted,
    Quoted(u8),
}

enum Step {
    Go(State),
    InsertAt(usize),
    GiveUp,
}

impl Inserter {
    pub(super) fn new(tag: Bytes) -> Self {
        Self { tag, search: Some(Search::default()) }
    }

    /// Passes a piece of the page on, with the tag if this is where it belongs.
    pub(super) fn push(&mut self, piece: Bytes, mut emit: impl FnMut(Bytes)) {
        let Some(search) = &mut self.search else { return emit(piece) };
        let Some(place) = search.look(&piece) else {
            search.held.extend_from_slice(&piece);
            return;
        };
        let whole = if search.held.is_empty() {
            piece
        } else {
            let mut held = std::mem::take(&mut search.held);
            held.extend_from_slice(&piece);
            held.freeze()
        };
        self.search = None;
        let Place::At(place) = place else { return emit(whole) };
        if place > 0 {
            emit(whole.slice(..place));
        }
        emit(self.tag.clone());
        if place < whole.len() {
            emit(whole.slice(place..));
        }
    }

    /// Whatever is held back when the page ends before its place was found.
    pub(super) fn finish(&mut self) -> Bytes {
        self.search.take().map_or_else(Bytes::new, |search| search.held.freeze())
    }
}

enum Place {
    At(usize),
    Nowhere,
}

impl Search {
    fn look(&mut self, piece: &[u8]) -> Option<Place> {
        for byte in piece {
            let at = self.seen;
            self.seen += 1;
            if at >= PATIENCE {
                return Some(Place::Nowhere);
            }
            match self.step(*byte, at, piece) {
                Step::Go(state) => self.state = state,
                Step::InsertAt(place) => return Some(Place::At(place)),
                Step::GiveUp => return Some(Place::Nowhere),
            }
        }
        None
    }

    fn step(&self, byte: u8, at: usize, piece: &[u8]) -> Step {
        match self.state {
            State::Between => match byte {
                b'<' => Step::Go(State::Open { start: at }),
                b'\t' | b'\n' | 0x0c | b'\r' | b' ' => Step::Go(State::Between),
                0xef if at == 0 => Step::Go(State::Between),
                0xbb if at == 1 => Step::Go(State::Between),
                0xbf if at == 2 => Step::Go(State::Between),
                // Sixteen bits a character: nothing that could be added would be read.
                0 | 0xfe | 0xff if at < 2 => Step::GiveUp,
                _ => Step::InsertAt(at),
            },
            State::Open { start } => match byte {
                b'!' => Step::Go(State::Declaration { dashes: 0 }),
                b'?' => Step::Go(State::Bogus),
                0 => Step::GiveUp,
                _ if byte.is_ascii_alphabetic() => Step::Go(State::Name { start }),
                _ => Step::InsertAt(start),
            },
            State::Name { start } => match byte {
                b'\t' | b'\n' | 0x0c | b'\r' | b' ' | b'/' | b'>' => self.named(byte, start, at, piece),
                _ if at - start > 4 => Step::InsertAt(start),
                _ => Step::Go(self.state),
            },
            State::Declaration { dashes: 0 } if byte == b'-' => Step::Go(State::Declaration { dashes: 1 }),
            State::Declaration { dashes: 1 } if byte == b'-' => {
                Step::Go(State::Comment { dashes: 0, is_fresh: true, bang: false })
            }
            State::Declaration { .. } | State::Bogus => {
                Step::Go(if byte == b'>' { State::Between } else { State::Bogus })
            }
            State::Comment { dashes, is_fresh, bang } => Step::Go(comment(byte, dashes, is_fresh, bang)),
            State::Tag { is_head, part } => match inside_tag(byte, part) {
                Some(part) => Step::Go(State::Tag { is_head, part }),
                None if is_head => Step::InsertAt(at + 1),
                None => Step::Go(State::Between),
            },
        }
    }

    /// A start tag has got its name: `html` is passed by, `head` is where we want to be, and before all others it is implied.
    fn named(&self, byte: u8, start: usize, at: usize, piece: &[u8]) -> Step {
        let name = |wanted: &[u8]| {
            at - start == wanted.len() + 1
                && wanted.iter().enumerate().all(|(index, letter)| {
                    let position = start + 1 + index;
                    let found = match self.held.get(position) {
                        Some(found) => *found,
                        None => piece[position - self.held.len()],
                    };
                    found.eq_ignore_ascii_case(letter)
                })
        };
        let is_head = name(b"head");
        if !is_head && !name(b"html") {
            return Step::InsertAt(start);
        }
        match (byte, is_head) {
            (b'>', true) => Step::InsertAt(at + 1),
            (b'>', false) => Step::Go(State::Between),
            _ => Step::Go(State::Tag { is_head, part: Part::BeforeName }),
        }
    }
}

/// `-->`, `--!>`, and the stunted `<!-->` and `<!--->` end a comment.
const fn comment(byte: u8, dashes: u8, is_fresh: bool, bang: bool) -> State {
    match byte {
        b'>' if dashes >= 2 || is_fresh || bang => State::Between,
        b'-' => {
            let dashes = if dashes < 2 { dashes + 1 } else { 2 };
            State::Comment { dashes, is_fresh: is_fresh && dashes < 2, bang: false }
        }
        b'!' if dashes >= 2 => State::Comment { dashes: 0, is_fresh: false, bang: true },
        _ => State::Comment { dashes: 0, is_fresh: false, bang: false },
    }
}

/// The next part of a tag, or `None` at its end. A `>` in quotes doesn't end it.
const fn inside_tag(byte: u8, part: Part) -> Option<Part> {
    let is_blank = matches!(byte, b'\t' | b'\n' | 0x0c | b'\r' | b' ');
    match (part, byte) {
        (Part::Quoted(quote), _) => Some(if byte == quote { Part::BeforeName } else { part }),
        (_, b'>') => None,
        (Part::BeforeValue, b'"' | b'\'') => Some(Part::Quoted(byte)),
        (Part::Name | Part::AfterName, b'=') => Some(Part::BeforeValue),
        (Part::BeforeName | Part::Name | Part::AfterName, b'/') => Some(Part::BeforeName),
        (Part::Name, _) if is_blank => Some(Part::AfterName),
        (Part::Unquoted, _) if is_blank => Some(Part::BeforeName),
        (Part::BeforeName | Part::AfterName | Part::BeforeValue, _) if is_blank => Some(part),
        (Part::BeforeName | Part::AfterName | Part::Name, _) => Some(Part::Name),
        (Part::BeforeValue | Part::Unquoted, _) => Some(Part::Unquoted),
    }
}

#[cfg(test)]
#[path = "html_tests.rs"]
mod tests;
