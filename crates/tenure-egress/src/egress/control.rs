//! The socket that the commands speak to: one line of JSON each way. Whoever may open it is an operator, so only the
//! user that the egress runs as may.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};

use super::operate::{Answer, Request, perform};
use crate::exit::Exit;

/// The longest request.
const LONGEST: u64 = 64 * 1024;
/// How long a request may take to arrive.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// Opens the socket. One that is left of an egress that is no more is removed.
///
/// # Errors
/// As the operating system says; another egress may have it.
pub(super) fn listen(path: &Path) -> io::Result<UnixListener> {
    if fs::symlink_metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket()) {
        if std::os::unix::net::UnixStream::connect(path).is_ok() {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

pub(super) async fn serve(
    listener: UnixListener,
    exit: Arc<Exit>,
    cool_off: Arc<ArcSwap<Duration>>,
    stop: impl Future<Output = ()>,
) {
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let (exit, cool_off) = (Arc::clone(&exit), **cool_off.load());
        tokio::spawn(async move {
            if let Err(error) = answer(stream, &exit, cool_off).await {
                tracing::debug!(%error, "a command was not answered");
            }
        });
    }
}

async fn answer(mut stream: UnixStream, exit: &Exit, cool_off: Duration) -> io::Result<()> {
    let mut line = String::new();
    let (reader, mut writer) = stream.split();
    let mut reader = BufReader::new(reader.take(LONGEST));
    tokio::time::timeout(TIME_LIMIT, reader.read_line(&mut line)).await??;
    let answer = match serde_json::from_str::<Request>(&line) {
        Ok(request) => perform(exit, cool_off, request).await,
        Err(error) => Answer::Refused(format!("the request can't be understood: {error}")),
    };
    let mut bytes = serde_json::to_vec(&answer)?;
    bytes.push(b'\n');
    writer.write_all(&bytes).await
}

/// Asks a running egress. `None`: there is none.
///
/// # Errors
/// It can't be reached, or does not answer.
pub async fn ask(path: &Path, request: &Request) -> io::Result<Option<Answer>> {
    let mut stream = match UnixStream::connect(path).await {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let mut bytes = serde_json::to_vec(request)?;
    bytes.push(b'\n');
    stream.write_all(&bytes).await?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).await?;
    Ok(Some(serde_json::from_str(&line)?))
}
