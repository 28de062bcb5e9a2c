//! Whether a member of the pool works, and what sites see of it.

use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::dial::Dialer;
use super::local;
use crate::pool::{Entry, Finding, Via};
use crate::{Family, Host, Target};

/// A site of the operator that answers with the address it sees, as text: see `tenure egress echo`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Echo {
    target: Target,
    path: String,
}

/// The longest answer of an echo.
const LONGEST: u64 = 4096;

impl Echo {
    /// Reads an address such as `http://echo.example.com:8099/`.
    pub fn parse(text: &str) -> Option<Self> {
        let uri: http::Uri = text.parse().ok()?;
        if uri.scheme_str() != Some("http") || uri.authority()?.as_str().contains('@') {
            return None;
        }
        let target = Target { host: Host::parse(uri.host()?).ok()?, port: uri.port_u16().unwrap_or(80) };
        Some(Self { target, path: uri.path().to_owned() })
    }
}

/// Tries a member. With an echo, what sites see is compared with what they should; an upstream proxy can't be tried
/// without one.
pub async fn probe(dialer: &Dialer, entry: &Entry, echo: Option<&Echo>) -> Finding {
    if let Via::Local(local) = &entry.via
        && let Err(error) = local::is_here(local.address).await
    {
        return Finding::Failed(error.to_string());
    }
    match echo {
        None => Finding::Good,
        Some(echo) => match ask(dialer, entry, echo).await {
            Ok(seen) if seen == entry.exit => Finding::Good,
            Ok(seen) => Finding::OtherExit(seen),
            Err(why) => Finding::Failed(why),
        },
    }
}

/// The address that the echo sees.
async fn ask(dialer: &Dialer, entry: &Entry, echo: &Echo) -> Result<IpAddr, String> {
    let found = dialer.names.find(&echo.target.host, &[Family::of(entry.exit)]).await;
    let (_, addresses) = found.map_err(|refusal| format!("the echo {}: {refusal}", echo.target))?;
    let address = *addresses.first().ok_or("the echo has no address")?;
    let to = SocketAddr::new(address, echo.target.port);
    let mut stream = dialer.dial(entry, to).await.map_err(|missed| missed.why)?;
    let asking = async {
        let request =
            format!("GET {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", echo.path, echo.target);
        stream.write_all(request.as_bytes()).await?;
        stream.flush().await?;
        let mut answer = String::new();
        stream.take(LONGEST).read_to_string(&mut answer).await?;
        Ok::<_, io::Error>(answer)
    };
    let answer = tokio::time::timeout(dialer.time_limit, asking).await;
    let answer = answer.map_err(|_| "the echo did not answer in time")?.map_err(|error| error.to_string())?;
    read(&answer).ok_or_else(|| "the echo did not answer with an address".into())
}

fn read(answer: &str) -> Option<IpAddr> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let good = head.starts_with("HTTP/1.1 200") || head.starts_with("HTTP/1.0 200");
    let text = body.split_whitespace().find_map(|word| word.parse::<IpAddr>().ok())?;
    good.then_some(text.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_echo_is_a_plain_address_and_its_answer_is_one_too() {
        assert!(Echo::parse("http://echo.example.com/ip").is_some());
        for text in
            ["https://echo.example.com/", "echo.example.com", "http://a@echo.example.com/", "http:///"]
        {
            assert_eq!(Echo::parse(text), None, "{text}");
        }
        assert_eq!(read("HTTP/1.1 200 OK\r\n\r\n192.0.2.1\n"), Some([192, 0, 2, 1].into()));
        assert_eq!(read("HTTP/1.1 200 OK\r\n\r\n9\r\n192.0.2.1\r\n0\r\n\r\n"), Some([192, 0, 2, 1].into()));
        assert_eq!(read("HTTP/1.1 502 Bad\r\n\r\n192.0.2.1\n"), None);
        assert_eq!(read("HTTP/1.1 200 OK\r\n\r\nhello"), None);
    }
}
