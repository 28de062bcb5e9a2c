//! Event streams that end when their session does, with a last event that says so.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use http_body::{Body, Frame};

use super::body::BoxError;
use super::close::{CloseReason, Until};
use super::{RespBody, UpstreamBody};

/// How long the event that is under way may take to end.
const PATIENCE: Duration = Duration::from_millis(500);

/// Whether a response is a stream of events.
pub(crate) fn is_event_stream(headers: &HeaderMap) -> bool {
    let media = headers.get(CONTENT_TYPE).map_or(&b""[..], |value| value.as_bytes());
    let media = media.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    media.eq_ignore_ascii_case(b"text/event-stream")
}

/// Ends an event stream with the session. A compressed stream ends without a last word, since only its sender can add to it.
pub(crate) fn ending(headers: &mut HeaderMap, body: UpstreamBody, until: Until) -> RespBody {
    headers.remove(CONTENT_LENGTH);
    let can_speak = headers
        .get(CONTENT_ENCODING)
        .is_none_or(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity"));
    RespBody::Ending(Box::new(EndingBody {
        body: Some(body),
        events: EventTracker::default(),
        can_speak,
        until: Waiting::Reason(until),
        last_word: None,
    }))
}

/// A stream of events that ends with a last event when its session ends.
pub struct EndingBody {
    /// Gone once the stream has to end: the application is told by the closed connection.
    body: Option<UpstreamBody>,
    events: EventTracker,
    can_speak: bool,
    until: Waiting,
    last_word: Option<Bytes>,
}

/// What the body waits for beside the application.
enum Waiting {
    Reason(Until),
    EventToEnd { reason: CloseReason, patience: Pin<Box<tokio::time::Sleep>> },
    Nothing,
}

impl EndingBody {
    /// Says the last word, where it can be heard, and ends.
    fn finish(&mut self, reason: &CloseReason) {
        self.body = None;
        self.until = Waiting::Nothing;
        if self.can_speak && self.events.is_at_boundary() {
            self.last_word = Some(Bytes::from(reason.event()));
        }
    }

    fn check_end(&mut self, context: &mut Context<'_>) {
        if let Waiting::Reason(until) = &mut self.until
            && let Poll::Ready(reason) = until.as_mut().poll(context)
        {
            if self.can_speak && !self.events.is_at_boundary() {
                self.until = Waiting::EventToEnd { reason, patience: Box::pin(tokio::time::sleep(PATIENCE)) };
            } else {
                self.finish(&reason);
            }
        }
        if let Waiting::EventToEnd { patience, reason } = &mut self.until
            && patience.as_mut().poll(context).is_ready()
        {
            let reason = reason.clone();
            self.finish(&reason);
        }
    }

    /// Passes data on: all of it, or when the stream is ending only what completes the event under way.
    fn pass(&mut self, data: Bytes) -> Bytes {
        let Waiting::EventToEnd { reason, .. } = &self.until else {
            self.events.pass(&data);
            return data;
        };
        let rest = self.events.pass_event(&data);
        if self.events.is_at_boundary() {
            let reason = reason.clone();
            self.finish(&reason);
        }
        data.slice(..rest)
    }
}

impl Body for EndingBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        this.check_end(context);
        if let Some(data) = this.last_word.take() {
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        let Some(body) = &mut this.body else { return Poll::Ready(None) };
        match ready!(Pin::new(body).poll_frame(context)) {
            Some(Ok(frame)) => Poll::Ready(Some(Ok(match frame.into_data() {
                Ok(data) => Frame::data(this.pass(data)),
                Err(trailers) => trailers,
            }))),
            Some(Err(error)) => Poll::Ready(Some(Err(error.into()))),
            None => Poll::Ready(None),
        }
    }
}

impl std::fmt::Debug for EndingBody {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("EndingBody").field("body", &self.body).finish_non_exhaustive()
    }
}

/// Knows whether an event is under way: one ends with an empty line, and lines end with CR, LF or both.
#[derive(Debug, Default)]
struct EventTracker {
    line: Line,
    in_event: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Line {
    #[default]
    Empty,
    Begun,
    /// A CR has just ended a line: an LF that follows belongs to it.
    AfterReturn,
}

impl EventTracker {
    const fn is_at_boundary(&self) -> bool {
        !self.in_event
    }

    fn pass(&mut self, data: &[u8]) {
        for byte in data {
            self.step(*byte);
        }
    }

    /// Takes note of data up to the end of the event under way and returns how many bytes these are.
    fn pass_event(&mut self, data: &[u8]) -> usize {
        for (index, byte) in data.iter().enumerate() {
            self.step(*byte);
            if self.is_at_boundary() {
                return index + 1;
            }
        }
        data.len()
    }

    fn step(&mut self, byte: u8) {
        match byte {
            b'\n' if self.line == Line::AfterReturn => self.line = Line::Empty,
            b'\n' | b'\r' => {
                self.in_event &= self.line == Line::Begun;
                self.line = if byte == b'\r' { Line::AfterReturn } else { Line::Empty };
            }
            _ => {
                self.line = Line::Begun;
                self.in_event = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_end_with_an_empty_line_in_each_of_its_forms() {
        for (stream, boundaries) in [
            ("data: a\n\ndata: b\n\n", vec![9, 18]),
            ("data: a\r\rdata: b\r\r", vec![9, 18]),
            ("data: a\r\n\r\n", vec![10, 11]),
            ("data: a\ndata: b\n", vec![]),
            (": comment\n\n\n", vec![11, 12]),
        ] {
            let mut tracker = EventTracker::default();
            let mut found = Vec::new();
            for (index, byte) in stream.bytes().enumerate() {
                tracker.step(byte);
                if tracker.is_at_boundary() {
                    found.push(index + 1);
                }
            }
            assert_eq!(found, boundaries, "{stream:?}");
        }
    }

    #[test]
    fn the_rest_of_an_event_is_told_from_the_next_one() {
        let mut tracker = EventTracker::default();
        tracker.pass(b"data: half");
        assert_eq!(tracker.pass_event(b" an event\n\ndata: next\n\n"), 11);
    }
}
