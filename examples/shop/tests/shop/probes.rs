use std::io::Read;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use futures_util::stream;
use http_body_util::BodyExt;
use tokio::sync::mpsc;

use crate::support::{DEADLINE, Shop};

#[tokio::test]
async fn whoami_lists_every_value_of_every_header() {
    let shop = Shop::open().await;
    let request = shop.request("PATCH", "/whoami?a=1").header("X-Twice", "one").header("x-twice", "two");
    let received = shop.send(request.body(Body::empty()).unwrap()).await.json();
    assert_eq!(received["method"], "PATCH");
    assert_eq!((&received["path"], &received["query"]), (&"/whoami".into(), &"a=1".into()));
    assert_eq!(received["headers"]["x-twice"], serde_json::json!(["one", "two"]));
    assert_eq!(received["headers"]["tenure-subject"], serde_json::json!(["ada"]));
}

#[tokio::test]
async fn echo_answers_while_the_request_is_still_coming() {
    let shop = Shop::open().await;
    let (parts, incoming) = mpsc::unbounded_channel::<Bytes>();
    let body = stream::unfold(incoming, |mut incoming| async {
        let part = incoming.recv().await?;
        Some((Ok::<_, std::io::Error>(part), incoming))
    });
    parts.send("first".into()).unwrap();
    let request = shop.request("PUT", "/api/echo").header("content-type", "text/plain");
    let mut response = shop.stream(request.body(Body::from_stream(body)).unwrap()).await;
    assert_eq!(response.headers()["content-type"], "text/plain");
    for word in ["first", "second"] {
        if word != "first" {
            parts.send(word.into()).unwrap();
        }
        let frame = tokio::time::timeout(DEADLINE, response.frame()).await.unwrap().unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), word);
    }
    drop(parts);
    assert!(tokio::time::timeout(DEADLINE, response.frame()).await.unwrap().is_none());
}

#[tokio::test]
async fn what_echo_returns_has_no_rights_in_a_browser() {
    let shop = Shop::open().await;
    let request = shop.request("POST", "/api/echo").header("content-type", "text/html");
    let answer = shop.send(request.body(Body::from("<script>alert(1)</script>")).unwrap()).await;
    assert!(answer.header("content-security-policy").contains("sandbox"));
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
}

#[tokio::test]
async fn slow_answers_no_sooner_than_asked() {
    let shop = Shop::open().await;
    let begin = tokio::time::Instant::now();
    assert_eq!(shop.get("/api/slow?ms=60").await.json()["waited_ms"], 60);
    assert!(begin.elapsed() >= Duration::from_millis(60));
}

#[tokio::test]
async fn a_file_is_served_whole_in_part_or_not_again() {
    let shop = Shop::open().await;
    let path = "/static/manual.txt";
    let whole = shop.get(path).await;
    let size = whole.body.len();
    assert!((80_000..120_000).contains(&size), "{size}");
    let (tag, date) = (whole.header("etag").to_owned(), whole.header("last-modified").to_owned());

    let part = shop.get_with(path, &[("range", "bytes=100-199")]).await;
    assert_eq!(part.status, StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.header("content-range"), format!("bytes 100-199/{size}"));
    assert_eq!(part.body, whole.body.slice(100..200));
    let end = shop.get_with(path, &[("range", "bytes=-7"), ("if-range", &tag)]).await;
    assert_eq!(end.body, whole.body.slice(size - 7..));
    let changed = shop.get_with(path, &[("range", "bytes=-7"), ("if-range", "\"another\"")]).await;
    assert_eq!((changed.status, changed.body.len()), (StatusCode::OK, size));
    let beyond = shop.get_with(path, &[("range", "bytes=900000-")]).await;
    assert_eq!(beyond.status, StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(beyond.header("content-range"), format!("bytes */{size}"));

    for fresh in
        [("if-none-match", tag.as_str()), ("if-none-match", "*"), ("if-modified-since", date.as_str())]
    {
        let answer = shop.get_with(path, &[fresh]).await;
        assert_eq!((answer.status, answer.body.len()), (StatusCode::NOT_MODIFIED, 0), "{fresh:?}");
        assert_eq!(answer.header("etag"), tag);
    }
    let stale = shop.get_with(path, &[("if-none-match", "\"another\""), ("if-modified-since", &date)]).await;
    assert_eq!(stale.status, StatusCode::OK, "the tag decides alone");

    let head = shop.request("HEAD", path).header("range", "bytes=0-1").body(Body::empty()).unwrap();
    let head = shop.send(head).await;
    assert_eq!((head.status, head.header("content-length")), (StatusCode::OK, size.to_string().as_str()));
}

#[tokio::test]
async fn the_compressed_page_is_compressed_for_those_who_can_read_it() {
    let shop = Shop::open().await;
    let plain = shop.get("/gzip").await;
    let small = shop.get_with("/gzip", &[("accept-encoding", "br, gzip;q=0.5")]).await;
    assert_eq!((plain.header("content-encoding"), small.header("content-encoding")), ("", "gzip"));
    assert_eq!(small.header("vary"), "accept-encoding");
    assert_ne!(plain.header("etag"), small.header("etag"));
    let mut html = String::new();
    flate2::read::GzDecoder::new(&small.body[..]).read_to_string(&mut html).unwrap();
    assert_eq!(html, plain.text());

    let refused = shop.get_with("/gzip", &[("accept-encoding", "gzip;q=0")]).await;
    assert_eq!(refused.header("content-encoding"), "");
    let tag = small.header("etag");
    let again = shop.get_with("/gzip", &[("accept-encoding", "gzip"), ("if-none-match", tag)]).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn the_strict_page_has_one_script_and_a_nonce_of_its_own_each_time() {
    let shop = Shop::open().await;
    let mut nonces = std::collections::BTreeSet::new();
    for path in ["/csp", "/csp", "/trusted-types"] {
        let page = shop.get(path).await;
        let policy = page.header("content-security-policy").to_owned();
        assert!(policy.starts_with("default-src 'none'; script-src 'nonce-"), "{policy}");
        let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
        assert_eq!(page.text().matches("<script").count(), 1);
        assert!(page.text().contains(&format!("<script nonce=\"{nonce}\">")));
        nonces.insert(nonce);
    }
    assert_eq!(nonces.len(), 3);
}

#[tokio::test]
async fn the_icon_that_browsers_ask_for_by_themselves_is_there() {
    let shop = Shop::open().await;
    let moved = shop.get("/favicon.ico").await;
    assert_eq!(moved.status, StatusCode::PERMANENT_REDIRECT);
    assert_eq!(shop.get(moved.header("location")).await.header("content-type"), "image/svg+xml");
}
