//! One SOCKS5 connection.

use std::io;
use std::pin::pin;
use std::sync::Arc;

use tokio::io::AsyncWriteExt as _;

use super::codec::{self, Command, NOWHERE, ReadError, Reply, Request};
use super::udp;
use crate::front::Who;
use crate::front::connection::{Buffered, Ends, Front, too_slow};
use crate::front::newcomers::Newcomer;
use crate::front::relay::relay;
use crate::{AccountName, Refusal, Stream, Way};

pub(in crate::front) async fn run<W: Way, S: Stream>(
    front: Arc<Front<W>>,
    mut stream: Buffered<S>,
    ends: Ends,
    newcomer: Newcomer,
) -> io::Result<()> {
    let negotiated =
        tokio::time::timeout(front.options.limits.handshake, negotiate(&front, &mut stream, ends));
    let Some((account, request)) = negotiated.await.map_err(|_| too_slow())?? else {
        return stream.shutdown().await;
    };
    drop(newcomer);
    match request.command {
        Command::Connect => connect(&front, stream, &account, &request).await,
        Command::Associate => udp::run(&front, stream, ends, &account, &request).await,
        Command::Bind => refuse(&mut stream, Reply::CommandNotSupported).await,
    }
}

/// Who it is and what is asked for; `None` if that was answered with a refusal.
async fn negotiate<W: Way, S: Stream>(
    front: &Front<W>,
    stream: &mut Buffered<S>,
    ends: Ends,
) -> io::Result<Option<(AccountName, Request)>> {
    let methods = codec::read_methods(stream).await.map_err(invalid)?;
    let account = match &front.options.who {
        Who::Always(account) if methods.contains(&codec::METHOD_NONE) => {
            stream.write_all(&[super::VERSION, codec::METHOD_NONE]).await?;
            account.clone()
        }
        Who::Ask if methods.contains(&codec::METHOD_PASSWORD) => {
            stream.write_all(&[super::VERSION, codec::METHOD_PASSWORD]).await?;
            let (name, secret) = codec::read_password(stream).await.map_err(invalid)?;
            let account = front.way.authenticate(&name, &secret, ends.peer.ip()).await;
            stream.write_all(&codec::password_answer(account.is_some())).await?;
            let Some(account) = account else { return Ok(None) };
            account
        }
        Who::Always(_) | Who::Ask => {
            stream.write_all(&[super::VERSION, codec::METHOD_UNACCEPTABLE]).await?;
            return Ok(None);
        }
    };
    match codec::read_request(stream).await {
        Ok(request) => Ok(Some((account, request))),
        Err(ReadError::Refused(reply)) => {
            stream.write_all(&codec::reply(reply, NOWHERE)).await?;
            Ok(None)
        }
        Err(error) => Err(invalid(error)),
    }
}

async fn connect<W: Way, S: Stream>(
    front: &Front<W>,
    mut stream: Buffered<S>,
    account: &AccountName,
    request: &Request,
) -> io::Result<()> {
    // Looked at first, so that whoever is cut while the connection is opened does not keep it.
    let mut gone = pin!(front.way.gone(account));
    let connected = tokio::select! {
        biased;
        () = &mut gone => Err(Refusal::AccountGone),
        connected = front.way.connect(account, &request.target) => connected,
    };
    let mut site = match connected {
        Ok(site) => site,
        Err(refusal) => return refuse(&mut stream, refusal.into()).await,
    };
    let relayed = async {
        stream.write_all(&codec::reply(Reply::Succeeded, NOWHERE)).await?;
        stream.flush().await?;
        relay(&mut stream, &mut site).await
    };
    tokio::select! {
        biased;
        () = &mut gone => Ok(()),
        relayed = relayed => relayed,
    }
}

pub(super) async fn refuse<S: Stream>(stream: &mut Buffered<S>, reply: Reply) -> io::Result<()> {
    stream.write_all(&codec::reply(reply, NOWHERE)).await?;
    stream.shutdown().await
}

fn invalid(error: ReadError) -> io::Error {
    match error {
        ReadError::Io(error) => error,
        other => io::Error::new(io::ErrorKind::InvalidData, other),
    }
}
