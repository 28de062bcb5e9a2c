//! The body of a page to which the script is added, as it streams.

use std::collections::VecDeque;
use std::io::{self, Write as _};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use flate2::Compression;
use flate2::write::{GzDecoder, GzEncoder};
use http_body::{Body, Frame};

use super::html::Inserter;
use crate::proxy::UpstreamBody;
use crate::proxy::body::BoxError;

/// So much of a compressed body is unpacked at once: at the most that deflate can expand it to, half a megabyte.
const SLICE: usize = 512;

/// So much compressed output is collected before it is passed on.
const ENOUGH: usize = 16 * 1024;

/// The first two bytes of a gzip member.
const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// A page with the script. Made by the relay.
#[derive(Debug)]
pub struct InjectedBody {
    page: UpstreamBody,
    filter: Filter,
    ready: VecDeque<Bytes>,
    trailers: Option<http::HeaderMap>,
    is_finished: bool,
}

#[derive(Debug)]
enum Filter {
    Plain(Inserter),
    Gzip(Box<Transcoder>),
}

impl InjectedBody {
    pub(crate) fn new(page: UpstreamBody, tag: Bytes, is_gzip: bool) -> Self {
        let inserter = Inserter::new(tag);
        let filter =
            if is_gzip { Filter::Gzip(Box::new(Transcoder::new(inserter))) } else { Filter::Plain(inserter) };
        Self { page, filter, ready: VecDeque::new(), trailers: None, is_finished: false }
    }

    fn finish(&mut self) -> io::Result<()> {
        self.is_finished = true;
        let rest = match &mut self.filter {
            Filter::Plain(inserter) => inserter.finish(),
            Filter::Gzip(transcoder) => transcoder.finish()?,
        };
        if !rest.is_empty() {
            self.ready.push_back(rest);
        }
        Ok(())
    }
}

impl Body for InjectedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        loop {
            if let Some(data) = this.ready.pop_front() {
                return Poll::Ready(Some(Ok(Frame::data(data))));
            }
            if this.is_finished {
                return Poll::Ready(this.trailers.take().map(|trailers| Ok(Frame::trailers(trailers))));
            }
            if let Filter::Gzip(transcoder) = &mut this.filter
                && let Some(data) = transcoder.next()?
            {
                return Poll::Ready(Some(Ok(Frame::data(data))));
            }
            match ready!(Pin::new(&mut this.page).poll_frame(context)) {
                Some(frame) => match frame?.into_data() {
                    Ok(data) => match &mut this.filter {
                        Filter::Plain(inserter) => inserter.push(data, |piece| this.ready.push_back(piece)),
                        Filter::Gzip(transcoder) => transcoder.input = data,
                    },
                    Err(other) => {
                        this.trailers = other.into_trailers().ok();
                        this.finish()?;
                    }
                },
                None => this.finish()?,
            }
        }
    }
}

/// Unpacks gzip, adds the script and packs again, with all that has come so far going out at once.
#[derive(Debug)]
struct Transcoder {
    input: Bytes,
    decoder: GzDecoder<Vec<u8>>,
    inserter: Inserter,
    encoder: GzEncoder<Vec<u8>>,
    /// After the last member of the file, where some senders leave padding.
    is_past_end: bool,
}

impl Transcoder {
    fn new(inserter: Inserter) -> Self {
        Self {
            input: Bytes::new(),
            decoder: GzDecoder::new(Vec::new()),
            inserter,
            encoder: GzEncoder::new(Vec::new(), Compression::new(4)),
            is_past_end: false,
        }
    }

    /// The next output, or `None` when all input has been used.
    fn next(&mut self) -> io::Result<Option<Bytes>> {
        if self.input.is_empty() {
            return Ok(None);
        }
        while !self.input.is_empty() && self.encoder.get_ref().len() < ENOUGH {
            self.unpack_slice()?;
        }
        if self.input.is_empty() {
            self.decoder.flush()?;
            self.pass_on()?;
            self.encoder.flush()?;
        }
        Ok(Some(Bytes::from(std::mem::take(self.encoder.get_mut()))).filter(|output| !output.is_empty()))
    }

    fn unpack_slice(&mut self) -> io::Result<()> {
        if self.is_past_end {
            self.input.clear();
            return Ok(());
        }
        let length = self.input.len().min(SLICE);
        let used = self.decoder.write(&self.input[..length])?;
        self.input.advance(used);
        self.pass_on()?;
        if used == 0 {
            self.decoder.try_finish()?;
            self.pass_on()?;
            // Several members in a row are one file (RFC 1952 section 2.2).
            if self.input.starts_with(&MAGIC) || self.input.len() == 1 && self.input[0] == MAGIC[0] {
                self.decoder = GzDecoder::new(Vec::new());
            } else {
                self.is_past_end = true;
            }
        }
        Ok(())
    }

    fn pass_on(&mut self) -> io::Result<()> {
        let plain = std::mem::take(self.decoder.get_mut());
        if plain.is_empty() {
            return Ok(());
        }
        let encoder = &mut self.encoder;
        let mut written = Ok(());
        self.inserter.push(Bytes::from(plain), |piece| {
            if written.is_ok() {
                written = encoder.write_all(&piece);
            }
        });
        written
    }

    /// The end of the file. A body that was cut short is an error, as it would be for the reader.
    fn finish(&mut self) -> io::Result<Bytes> {
        self.decoder.try_finish()?;
        self.pass_on()?;
        let held = self.inserter.finish();
        self.encoder.write_all(&held)?;
        self.encoder.try_finish()?;
        Ok(Bytes::from(std::mem::take(self.encoder.get_mut())))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;
    use crate::proxy::inject::ClientScript;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn unpacked(bytes: &[u8]) -> Vec<u8> {
        let mut text = Vec::new();
        flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut text).unwrap();
        text
    }

    fn tag() -> Bytes {
        ClientScript::new("/.tenure").unwrap().tag(format!("ses_{}", "a1".repeat(16)).parse().unwrap())
    }

    fn transcoded(pieces: &[&[u8]]) -> io::Result<Vec<u8>> {
        let mut transcoder = Transcoder::new(Inserter::new(tag()));
        let mut output = Vec::new();
        for piece in pieces {
            transcoder.input = Bytes::copy_from_slice(piece);
            while let Some(data) = transcoder.next()? {
                output.extend_from_slice(&data);
            }
        }
        output.extend_from_slice(&transcoder.finish()?);
        Ok(output)
    }

    const PAGE: &str = "<!doctype html><html><head><title>x</title></head><body>Hello</body></html>";

    fn expected() -> Vec<u8> {
        PAGE.replace("<head>", &format!("<head>{}", str::from_utf8(&tag()).unwrap())).into_bytes()
    }

    #[test]
    fn a_packed_page_gets_the_script_wherever_it_is_split() {
        let page = packed(PAGE.as_bytes());
        for split in 0..=page.len() {
            let output = transcoded(&[&page[..split], &page[split..]]).unwrap();
            assert_eq!(unpacked(&output), expected(), "split at {split}");
        }
    }

    #[test]
    fn what_has_come_so_far_goes_out_at_once() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(b"<head></head>first").unwrap();
        encoder.flush().unwrap();
        let first = std::mem::take(encoder.get_mut());
        let tag = Bytes::from_static(b"<T>");
        let mut transcoder = Transcoder::new(Inserter::new(tag));
        transcoder.input = Bytes::from(first);
        let output = transcoder.next().unwrap().unwrap();
        let mut reader = GzDecoder::new(Vec::new());
        reader.write_all(&output).unwrap();
        reader.flush().unwrap();
        assert_eq!(reader.get_ref(), b"<head><T></head>first");
    }

    #[test]
    fn several_members_and_padding_are_read_as_one_page() {
        let (head, tail) = PAGE.split_at(40);
        let members = [packed(head.as_bytes()), packed(tail.as_bytes()), vec![0; 700]].concat();
        assert_eq!(unpacked(&transcoded(&[&members]).unwrap()), expected());
        let (one, two) = members.split_at(packed(head.as_bytes()).len());
        assert_eq!(unpacked(&transcoded(&[one, two]).unwrap()), expected());
    }

    #[test]
    fn large_pages_come_through_whole() {
        let body: String = (0..200_000).map(|number| format!("{} ", number * 7919 % 104_729)).collect();
        let page = format!("{PAGE}{body}");
        let bytes = packed(page.as_bytes());
        let pieces: Vec<&[u8]> = bytes.chunks(8192).collect();
        let output = unpacked(&transcoded(&pieces).unwrap());
        assert_eq!(output.len(), expected().len() + body.len());
        assert!(output.ends_with(body.as_bytes()));
    }

    #[test]
    fn a_damaged_or_short_body_is_an_error() {
        let page = packed(PAGE.as_bytes());
        assert!(transcoded(&[&page[..page.len() - 4]]).is_err());
        assert!(transcoded(&[&page[..20]]).is_err());
        assert!(transcoded(&[b"not gzip at all"]).is_err());
        let mut damaged = page;
        let middle = damaged.len() - 6;
        damaged[middle] ^= 0xff;
        assert!(transcoded(&[&damaged]).is_err());
    }
}
