//! Connections that stop speaking HTTP: WebSocket, and whatever else `Upgrade` leads to.

use std::pin::pin;
use std::time::Duration;

use http::header::{CONNECTION, HeaderMap, HeaderValue, UPGRADE};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::close::{CLOSE_CODE, CloseReason, Until};
use super::headers::tokens;
use super::websocket::{FrameTracker, close_frame, masked_close_frame};

/// How long the frame that is under way may take to end, and afterwards each farewell to be said.
const FAREWELL: Duration = Duration::from_millis(500);

const BUFFER: usize = 16 * 1024;

/// The protocol that a request wants to change to, if it is one that a gateway may let through. HTTP in another version and TLS
/// are not: inside them further requests would go past every check.
pub(crate) fn requested_protocol(headers: &HeaderMap) -> Option<HeaderValue> {
    let protocol = headers.get(UPGRADE)?;
    let is_connected = tokens(headers, &CONNECTION).any(|token| token.eq_ignore_ascii_case("upgrade"));
    let hides_requests = |token: &str| {
        let name = token.split('/').next().unwrap_or_default();
        ["h2c", "h2", "h3", "http", "tls"].iter().any(|hidden| name.eq_ignore_ascii_case(hidden))
    };
    (is_connected && protocol.to_str().is_ok() && !tokens(headers, &UPGRADE).any(hides_requests))
        .then(|| protocol.clone())
}

/// Whether the protocol that was agreed on is WebSocket.
pub(crate) fn is_websocket(headers: &HeaderMap) -> bool {
    headers.get(UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Carries bytes both ways until one side is done, or `until` completes. Then a WebSocket is closed with a reason on both sides,
/// and anything else is cut.
pub(crate) async fn tunnel(client: OnUpgrade, upstream: OnUpgrade, is_websocket: bool, until: Until) {
    let (client, upstream) = match tokio::try_join!(client, upstream) {
        Ok((client, upstream)) => (TokioIo::new(client), TokioIo::new(upstream)),
        Err(error) => {
            tracing::debug!(%error, "an upgrade did not come about");
            return;
        }
    };
    let ended = if is_websocket {
        carry_websocket(client, upstream, until).await
    } else {
        carry_bytes(client, upstream, until).await
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a tunnel broke");
    }
}

async fn carry_bytes<C, U>(mut client: C, mut upstream: U, until: Until) -> std::io::Result<()>
where
    C: AsyncRead + AsyncWrite + Unpin,
    U: AsyncRead + AsyncWrite + Unpin,
{
    tokio::select! {
        copied = tokio::io::copy_bidirectional(&mut client, &mut upstream) => { copied?; }
        _ = until => {
            client.shutdown().await?;
            upstream.shutdown().await?;
        }
    }
    Ok(())
}

/// How the carrying of frames came to its end.
enum Carried {
    /// Both sides have said everything.
    Done,
    /// The session ended first.
    Closed(CloseReason),
}

async fn carry_websocket<C, U>(client: C, upstream: U, until: Until) -> std::io::Result<()>
where
    C: AsyncRead + AsyncWrite + Unpin,
    U: AsyncRead + AsyncWrite + Unpin,
{
    let (mut client_read, mut client_write) = tokio::io::split(client);
    let (mut upstream_read, mut upstream_write) = tokio::io::split(upstream);
    let (mut downward, mut upward) = (FrameTracker::default(), FrameTracker::default());
    let carried = {
        let both = async {
            tokio::try_join!(
                carry_frames(&mut upstream_read, &mut client_write, &mut downward),
                carry_frames(&mut client_read, &mut upstream_write, &mut upward),
            )
        };
        tokio::select! {
            done = both => done.map(|_| Carried::Done)?,
            reason = until => Carried::Closed(reason),
        }
    };
    let Carried::Closed(reason) = carried else { return Ok(()) };
    let say_to_client = async {
        finish_frame(&mut upstream_read, &mut client_write, &mut downward).await?;
        if downward.is_at_boundary() && !downward.has_closed() {
            client_write.write_all(&close_frame(CLOSE_CODE, reason.close_text())).await?;
        }
        client_write.shutdown().await?;
        // Unread bytes at the moment of closing would make the system discard what it still has to deliver.
        drain(&mut client_read).await
    };
    let say_to_upstream = async {
        if upward.is_at_boundary() && !upward.has_closed() {
            let mut mask = [0; 4];
            getrandom::fill(&mut mask).map_err(std::io::Error::other)?;
            upstream_write.write_all(&masked_close_frame(1001, "", mask)).await?;
        }
        upstream_write.shutdown().await
    };
    let (client_told, upstream_told) = tokio::join!(
        tokio::time::timeout(3 * FAREWELL, say_to_client),
        tokio::time::timeout(FAREWELL, say_to_upstream),
    );
    client_told.unwrap_or(Ok(()))?;
    upstream_told.unwrap_or(Ok(()))
}

/// Copies one direction. What the tracker has seen is what has been written, to the byte, whenever this is interrupted.
async fn carry_frames<R, W>(from: &mut R, to: &mut W, tracker: &mut FrameTracker) -> std::io::Result<()>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut buffer = vec![0; BUFFER];
    loop {
        let length = from.read(&mut buffer).await?;
        if length == 0 {
            return to.shutdown().await;
        }
        let mut written = 0;
        while written < length {
            let taken = to.write(&buffer[written..length]).await?;
            if taken == 0 {
                return Err(std::io::ErrorKind::WriteZero.into());
            }
            tracker.pass(&buffer[written..written + taken]);
            written += taken;
        }
        to.flush().await?;
    }
}

/// Lets the frame that is under way come to its end, for a while.
async fn finish_frame<R, W>(from: &mut R, to: &mut W, tracker: &mut FrameTracker) -> std::io::Result<()>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let finish = async {
        let mut buffer = vec![0; BUFFER];
        while !tracker.is_at_boundary() {
            let length = from.read(&mut buffer).await?;
            if length == 0 {
                return Ok(());
            }
            let rest = tracker.pass_frame(&buffer[..length]);
            to.write_all(&buffer[..rest]).await?;
        }
        Ok(())
    };
    match tokio::time::timeout(FAREWELL, finish).await {
        Ok(finished) => finished,
        Err(_) => Ok(()),
    }
}

async fn drain<R: AsyncRead + Unpin>(from: &mut R) -> std::io::Result<()> {
    let mut buffer = [0; 1024];
    let drained = pin!(async {
        while from.read(&mut buffer).await? > 0 {}
        Ok(())
    });
    tokio::time::timeout(FAREWELL, drained).await.unwrap_or(Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requested(upgrade: &str, connection: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(UPGRADE, upgrade.parse().unwrap());
        headers.insert(CONNECTION, connection.parse().unwrap());
        requested_protocol(&headers).is_some()
    }

    #[test]
    fn protocols_that_hide_requests_are_not_let_through() {
        assert!(requested("websocket", "keep-alive, Upgrade"));
        assert!(requested("example/1.0", "upgrade"));
        assert!(!requested("websocket", "keep-alive"));
        for hidden in ["h2c", "H2C", "HTTP/2.0", "TLS/1.0", "websocket, h2c"] {
            assert!(!requested(hidden, "upgrade"), "{hidden}");
        }
    }
}
