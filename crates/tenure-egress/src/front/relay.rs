//! Bytes in both directions between two streams, until both have ended.
//!
//! A stream that is idle holds no buffer: each thread has one that all its relays read into, and only what the other
//! side does not take at once is kept, for as long as that lasts.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::Stream;

/// How much is read at once: the size of a full pipe or socket buffer, from which on copying gets no cheaper.
const CHUNK: usize = 64 * 1024;

thread_local! {
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; CHUNK].into_boxed_slice());
}

/// Relays until both directions have ended. The end of one is passed on as the end of that direction only.
///
/// # Errors
/// Whatever either side fails with; both are to be dropped then.
pub async fn relay<A: Stream, B: Stream>(a: &mut A, b: &mut B) -> io::Result<()> {
    let (mut there, mut back) = (Direction::default(), Direction::default());
    poll_fn(|context| {
        let there = there.poll(context, Pin::new(&mut *a), Pin::new(&mut *b))?;
        let back = back.poll(context, Pin::new(&mut *b), Pin::new(&mut *a))?;
        if there.is_ready() && back.is_ready() { Poll::Ready(Ok(())) } else { Poll::Pending }
    })
    .await
}

#[derive(Default)]
struct Direction {
    phase: Phase,
    /// What was read and not taken yet.
    kept: Vec<u8>,
    /// How much of it was taken.
    taken: usize,
    unflushed: bool,
}

#[derive(Default, Clone, Copy)]
enum Phase {
    #[default]
    Open,
    Ending,
    Ended,
}

impl Direction {
    fn poll<A: AsyncRead, B: AsyncWrite>(
        &mut self,
        context: &mut Context<'_>,
        mut from: Pin<&mut A>,
        mut to: Pin<&mut B>,
    ) -> Poll<io::Result<()>> {
        loop {
            match self.phase {
                Phase::Open => {
                    ready!(self.poll_write_kept(context, to.as_mut()))?;
                    match self.poll_move(context, from.as_mut(), to.as_mut())? {
                        Poll::Ready(true) => {}
                        Poll::Ready(false) => self.phase = Phase::Ending,
                        Poll::Pending => {
                            if self.unflushed && self.kept.is_empty() {
                                ready!(to.as_mut().poll_flush(context))?;
                                self.unflushed = false;
                            }
                            return Poll::Pending;
                        }
                    }
                }
                Phase::Ending => {
                    ready!(to.as_mut().poll_shutdown(context))?;
                    self.phase = Phase::Ended;
                }
                Phase::Ended => return Poll::Ready(Ok(())),
            }
        }
    }

    fn poll_write_kept<B: AsyncWrite>(
        &mut self,
        context: &mut Context<'_>,
        mut to: Pin<&mut B>,
    ) -> Poll<io::Result<()>> {
        while self.taken < self.kept.len() {
            match ready!(to.as_mut().poll_write(context, &self.kept[self.taken..]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => self.taken += count,
            }
        }
        self.kept = Vec::new();
        self.taken = 0;
        Poll::Ready(Ok(()))
    }

    /// Moves one chunk; `false` at the end.
    fn poll_move<A: AsyncRead, B: AsyncWrite>(
        &mut self,
        context: &mut Context<'_>,
        from: Pin<&mut A>,
        mut to: Pin<&mut B>,
    ) -> Poll<io::Result<bool>> {
        SCRATCH.with_borrow_mut(|scratch| {
            let mut chunk = ReadBuf::new(scratch);
            ready!(from.poll_read(context, &mut chunk))?;
            let mut rest = chunk.filled();
            if rest.is_empty() {
                return Poll::Ready(Ok(false));
            }
            self.unflushed = true;
            while !rest.is_empty() {
                match to.as_mut().poll_write(context, rest)? {
                    Poll::Ready(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    Poll::Ready(count) => rest = &rest[count..],
                    Poll::Pending => {
                        self.kept = rest.to_vec();
                        return Poll::Pending;
                    }
                }
            }
            Poll::Ready(Ok(true))
        })
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    fn pattern(length: usize, seed: usize) -> Vec<u8> {
        (0..length)
            .map(|index| u8::try_from((index * 31 + index / 251 + seed) % 256).unwrap_or_default())
            .collect()
    }

    #[tokio::test]
    async fn both_directions_arrive_whole_through_narrow_pipes() {
        let (mut left, mut left_inner) = tokio::io::duplex(700);
        let (mut right_inner, mut right) = tokio::io::duplex(300);
        let relayed = tokio::spawn(async move { relay(&mut left_inner, &mut right_inner).await });
        let (sent_left, sent_right) = (pattern(300_000, 1), pattern(200_000, 2));
        let (expect_left, expect_right) = (sent_right.clone(), sent_left.clone());
        let one = tokio::spawn(async move {
            let (mut reader, mut writer) = tokio::io::split(&mut left);
            let mut got = Vec::new();
            let write = async {
                writer.write_all(&sent_left).await.unwrap();
                writer.shutdown().await.unwrap();
            };
            let (_, read) = tokio::join!(write, reader.read_to_end(&mut got));
            read.unwrap();
            got
        });
        let (mut reader, mut writer) = tokio::io::split(&mut right);
        let mut got = Vec::new();
        let write = async {
            writer.write_all(&sent_right).await.unwrap();
            writer.shutdown().await.unwrap();
        };
        let (_, read) = tokio::join!(write, reader.read_to_end(&mut got));
        read.unwrap();
        assert!(got == expect_right);
        assert!(one.await.unwrap() == expect_left);
        relayed.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn the_end_of_one_direction_leaves_the_other_open() {
        let (mut left, mut left_inner) = tokio::io::duplex(64);
        let (mut right_inner, mut right) = tokio::io::duplex(64);
        let relayed = tokio::spawn(async move { relay(&mut left_inner, &mut right_inner).await });
        left.write_all(b"question").await.unwrap();
        left.shutdown().await.unwrap();
        let mut question = String::new();
        right.read_to_string(&mut question).await.unwrap();
        right.write_all(b"answer").await.unwrap();
        drop(right);
        let mut answer = String::new();
        left.read_to_string(&mut answer).await.unwrap();
        assert_eq!((question.as_str(), answer.as_str()), ("question", "answer"));
        relayed.await.unwrap().unwrap();
    }
}
