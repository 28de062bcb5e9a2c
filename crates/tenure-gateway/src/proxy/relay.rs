//! One request to the application and its answer back to the client.

use http::header::{CONNECTION, EXPECT, HOST, HeaderMap, HeaderName, HeaderValue, UPGRADE};
use http::{Request, Response, StatusCode};
use http_body::Body as _;
use tenure::core::SessionId;

use super::close::Until;
use super::inject::{ClientScript, InjectedBody, Outcome, PageRequest};
use super::upgrade::{is_websocket, requested_protocol, tunnel};
use super::{OwnCookies, ReqBody, RespBody, Upstream, UpstreamBody, UpstreamError, admit, headers, stream};
use crate::net::{Origin, Peer};

/// What goes along with a request that may pass.
#[derive(Debug, Clone, Copy)]
pub struct Forward<'a> {
    /// The application.
    pub upstream: &'a Upstream,
    /// The other end of the client's connection.
    pub peer: Peer,
    /// Who made the request, as [`resolve`](crate::net::resolve) found out.
    pub origin: &'a Origin,
    /// The cookies that the application neither sees nor sets.
    pub own_cookies: &'a OwnCookies,
    /// Identity headers for the application. Those that the client sent under such names are gone by then.
    pub identity: &'a [(HeaderName, HeaderValue)],
    /// The script for pages, and the session that they are made for; `None` leaves them as they are.
    pub script: Option<(&'a ClientScript, SessionId)>,
}

/// Forwards one request that has been judged, and returns the response as it starts.
///
/// Bodies stream both ways. `until` is asked only if the response is an event stream or another protocol takes over the
/// connection; when the future it returns completes, these end with a reason. Other responses run to their end. Dropping the
/// future or the response ends the request at the application too.
///
/// # Errors
/// [`UpstreamError`] when there is no response of the application; the caller answers with its status.
pub async fn forward<B: Into<ReqBody>>(
    request: Request<B>,
    with: Forward<'_>,
    until: impl FnOnce() -> Until,
) -> Result<Response<RespBody>, UpstreamError> {
    let (mut parts, body) = request.into_parts();
    admit(&parts)?;
    let version = parts.version;
    let protocol = requested_protocol(&parts.headers);
    let client = protocol.is_some().then(|| parts.extensions.remove::<hyper::upgrade::OnUpgrade>()).flatten();
    let page = prepare_page(&parts, with).and_then(|(script, session, host)| {
        script.prepare(session, &parts.method, with.origin.scheme, &host, &mut parts.headers)
    });
    let expectation = parts.headers.remove(EXPECT);

    headers::towards_upstream(&mut parts.headers, version, with.peer, with.origin, with.own_cookies);
    for (name, value) in with.identity {
        parts.headers.insert(name.clone(), value.clone());
    }
    if let (Some(protocol), true) = (protocol, client.is_some()) {
        announce_protocol(&mut parts.headers, protocol);
    }
    if let Some(expectation) = expectation {
        parts.headers.insert(EXPECT, expectation);
    }

    let response = with.upstream.send(Request::from_parts(parts, body.into())).await?;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        let client = client.ok_or(UpstreamError::InvalidResponse)?;
        return Ok(switch_protocols(response, client, with.own_cookies, until()));
    }
    let (mut parts, body) = response.into_parts();
    // What `426` asks the client to change to is its whole point (RFC 9110 section 15.5.22).
    let wanted = parts.headers.get(UPGRADE).filter(|_| parts.status == StatusCode::UPGRADE_REQUIRED).cloned();
    headers::towards_client(&mut parts.headers, with.own_cookies);
    if let Some(wanted) = wanted {
        announce_protocol(&mut parts.headers, wanted);
    }
    let body = respond(parts.status, &mut parts.headers, body, page, until);
    Ok(Response::from_parts(parts, body))
}

/// The script, the session and the host of the page, which is what the client asked for and not what is between us.
fn prepare_page<'a>(
    parts: &http::request::Parts,
    with: Forward<'a>,
) -> Option<(&'a ClientScript, SessionId, Box<str>)> {
    let (script, session) = with.script?;
    let host = match &with.origin.host {
        Some(host) => host.clone(),
        None => parts.headers.get(HOST)?.to_str().ok()?.into(),
    };
    Some((script, session, host))
}

fn respond(
    status: StatusCode,
    headers: &mut HeaderMap,
    body: UpstreamBody,
    page: Option<PageRequest>,
    until: impl FnOnce() -> Until,
) -> RespBody {
    let outcome = page.map_or(Outcome::Leave, |page| page.respond(status, headers));
    if body.is_end_stream() {
        return RespBody::Upstream(body);
    }
    match outcome {
        Outcome::Inject { tag, is_gzip } => {
            RespBody::Injected(Box::new(InjectedBody::new(body, tag, is_gzip)))
        }
        Outcome::Leave if stream::is_event_stream(headers) => stream::ending(headers, body, until()),
        Outcome::Leave => RespBody::Upstream(body),
    }
}

fn switch_protocols(
    mut response: Response<UpstreamBody>,
    client: hyper::upgrade::OnUpgrade,
    own: &OwnCookies,
    until: Until,
) -> Response<RespBody> {
    let upstream = hyper::upgrade::on(&mut response);
    let (mut parts, body) = response.into_parts();
    let is_websocket = is_websocket(&parts.headers);
    let protocol = parts.headers.get(UPGRADE).cloned();
    headers::towards_client(&mut parts.headers, own);
    if let Some(protocol) = protocol {
        announce_protocol(&mut parts.headers, protocol);
    }
    tokio::spawn(async move {
        tunnel(client, upstream, is_websocket, until).await;
        drop(body);
    });
    Response::from_parts(parts, RespBody::Empty)
}

fn announce_protocol(headers: &mut HeaderMap, protocol: HeaderValue) {
    headers.append(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, protocol);
}
