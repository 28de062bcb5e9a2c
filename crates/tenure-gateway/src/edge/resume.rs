//! Event streams that go on after a lock. A page cannot set `Last-Event-ID` on a connection that it makes, so the
//! client puts it into the address; the application gets it in its header, and the address as the page wrote it.

use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue, Request, Uri};

const PARAMETER: &str = "tenure-last-event-id";
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Moves the id from the address to the header, if it is there.
pub(super) fn from_last_event<B>(request: &mut Request<B>) {
    if let Some((uri, id)) = split(request.uri()) {
        *request.uri_mut() = uri;
        request.headers_mut().entry(LAST_EVENT_ID).or_insert(id);
    }
}

fn split(uri: &Uri) -> Option<(Uri, HeaderValue)> {
    let query = uri.query().filter(|query| query.contains(PARAMETER))?;
    let name = |part: &str| part.split('=').next() == Some(PARAMETER);
    let own = query.split('&').find(|part| name(part))?;
    let (_, id) = form_urlencoded::parse(own.as_bytes()).next()?;
    let id = HeaderValue::from_str(&id).ok()?;
    let rest: Vec<&str> = query.split('&').filter(|part| !name(part)).collect();
    let path =
        if rest.is_empty() { uri.path().to_owned() } else { format!("{}?{}", uri.path(), rest.join("&")) };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path.parse::<PathAndQuery>().ok()?);
    Some((Uri::from_parts(parts).ok()?, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resumed(uri: &str) -> (String, Option<String>) {
        let mut request = Request::builder().uri(uri).body(()).unwrap();
        from_last_event(&mut request);
        let id = request.headers().get(LAST_EVENT_ID).map(|id| id.to_str().unwrap().to_owned());
        (request.uri().to_string(), id)
    }

    #[test]
    fn the_last_event_moves_from_the_address_to_its_header() {
        let id = Some("a b".to_owned());
        assert_eq!(resumed("/s?tenure-last-event-id=a+b"), ("/s".into(), id.clone()));
        assert_eq!(resumed("/s?after=%207&tenure-last-event-id=a%20b&x"), ("/s?after=%207&x".into(), id));
    }

    #[test]
    fn every_other_address_stays_as_it_is() {
        for uri in
            ["/s", "/s?a=tenure-last-event-id", "/s?tenure-last-event-ids=1", "/s?tenure-last-event-id=%0A"]
        {
            assert_eq!(resumed(uri), (uri.into(), None), "{uri}");
        }
    }
}
