//! A request in absolute form: what of it goes on to the site, and what of the answer comes back.

use std::sync::Arc;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::uri::{PathAndQuery, Scheme};
use http::{Request, Response, StatusCode, Uri, Version};
use http_body_util::Either;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;

use super::answers::{self, Body};
use crate::front::connection::Front;
use crate::{AccountName, Host, Refusal, Target, Way};

/// The fields that concern one connection only (RFC 9110 §7.6.1), besides those that `Connection` names.
const HOP_BY_HOP: [HeaderName; 9] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHORIZATION,
    header::PROXY_AUTHENTICATE,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Takes a request to its site, and gives back the answer.
pub(super) async fn forward<W: Way>(
    front: &Front<W>,
    account: &AccountName,
    request: Request<Incoming>,
) -> Response<Body> {
    let name = front.options.name;
    let Some(target) = target(request.uri()) else {
        return answers::bad_request(name, "the address of this request is not one that a proxy can go to");
    };
    let Some(mut request) = outgoing(request, name) else {
        return answers::bad_request(name, "the host of this request is not one");
    };
    // A connection that waited may have been closed by the site meanwhile; what was not sent goes on another one.
    loop {
        let kept = front.pool.take(account, &target);
        let was_kept = kept.is_some();
        let mut sender = match kept {
            Some(sender) => sender,
            None => match open(front, account, &target).await {
                Ok(sender) => sender,
                Err(refusal) => return answers::refused(name, refusal),
            },
        };
        match sender.try_send_request(request).await {
            Ok(answer) => {
                front.pool.put(account, &target, sender);
                return incoming(answer, name);
            }
            Err(mut error) => match error.take_message() {
                Some(unsent) if was_kept => request = unsent,
                _ => return answers::broken(name),
            },
        }
    }
}

async fn open<W: Way>(
    front: &Front<W>,
    account: &AccountName,
    target: &Target,
) -> Result<SendRequest<Incoming>, Refusal> {
    // Looked at before it is opened: a connection that is kept must not outlive the address that it was opened from.
    let (way, whose) = (Arc::clone(&front.way), account.clone());
    let mut gone = Box::pin(async move { way.gone(&whose).await });
    let stream = tokio::select! {
        biased;
        () = &mut gone => return Err(Refusal::AccountGone),
        connected = front.way.connect(account, target) => connected?,
    };
    let (sender, connection) = http1::Builder::new()
        .preserve_header_case(true)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|_| Refusal::Failed)?;
    tokio::spawn(async move {
        tokio::select! {
            biased;
            () = gone => {}
            _ = connection => {}
        }
    });
    Ok(sender)
}

/// Whom a request in absolute form is for.
fn target(uri: &Uri) -> Option<Target> {
    if uri.scheme() != Some(&Scheme::HTTP) {
        return None;
    }
    let host = Host::parse(uri.host()?).ok()?;
    Some(Target { host, port: uri.port_u16().unwrap_or(80) })
}

/// The request as the site is to see it: in origin form, with the host of its address (RFC 9112 §3.2.2).
fn outgoing(request: Request<Incoming>, name: &str) -> Option<Request<Incoming>> {
    let (mut parts, body) = request.into_parts();
    let authority = parts.uri.authority()?.as_str();
    let host = HeaderValue::try_from(authority.rsplit_once('@').map_or(authority, |(_, host)| host)).ok()?;
    let path = parts.uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
    parts.uri = Uri::from(path);
    strip(&mut parts.headers);
    parts.headers.insert(header::HOST, host);
    parts.headers.append(header::VIA, via(parts.version, name));
    parts.version = Version::HTTP_11;
    Some(Request::from_parts(parts, body))
}

fn incoming(answer: Response<Incoming>, name: &str) -> Response<Body> {
    // Nothing was asked to be upgraded.
    if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
        return answers::broken(name);
    }
    let (mut parts, body) = answer.into_parts();
    strip(&mut parts.headers);
    parts.headers.append(header::VIA, via(parts.version, name));
    parts.version = Version::HTTP_11;
    Response::from_parts(parts, Either::Left(body))
}

/// Removes what concerns one connection only.
fn strip(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in HOP_BY_HOP.iter().chain(&named) {
        headers.remove(name);
    }
}

fn via(version: Version, name: &str) -> HeaderValue {
    let version = if version == Version::HTTP_10 { "1.0" } else { "1.1" };
    HeaderValue::try_from(format!("{version} {name}")).unwrap_or(HeaderValue::from_static("1.1 tenure"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_concerns_one_connection_stays_there() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "close, X-Private"),
            ("x-private", "1"),
            ("proxy-authorization", "Basic x"),
            ("proxy-connection", "keep-alive"),
            ("te", "trailers"),
            ("accept", "*/*"),
        ] {
            headers.append(name, HeaderValue::from_static(value));
        }
        strip(&mut headers);
        assert_eq!(headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["accept"]);
    }

    #[test]
    fn only_plain_http_in_absolute_form_is_forwarded() {
        let target = |uri: &str| target(&uri.parse().unwrap()).map(|target| target.to_string());
        assert_eq!(target("http://Wiki.example.com/a?b"), Some("wiki.example.com:80".into()));
        assert_eq!(target("http://[2001:db8::1]:8080/"), Some("[2001:db8::1]:8080".into()));
        for uri in ["/a", "https://wiki.example.com/", "ftp://wiki.example.com/", "*"] {
            assert_eq!(target(uri), None, "{uri}");
        }
    }
}
