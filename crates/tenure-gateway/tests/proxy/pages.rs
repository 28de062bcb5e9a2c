//! Pages that get the client script on their way.

use std::io::{Read as _, Write as _};
use std::sync::Arc;

use bytes::Bytes;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use http::{Request, Response};
use hyper::body::{Frame, Incoming};
use tokio::sync::mpsc;

use crate::support::{AppBody, Gateway, Settings, application, channel, nothing, soon, text};

const PAGE: &str = "<!doctype html><html><head><title>x</title></head><body>Hello</body></html>";
const NAVIGATION: &str = "Host: a\r\nSec-Fetch-Dest: document";

fn with_script() -> Settings {
    Settings { with_script: true, ..Settings::default() }
}

fn tag() -> String {
    let address = tenure_gateway::assets::client().url("/.tenure");
    format!(
        "<script src=\"{address}\" data-tenure-base=\"/.tenure\" data-tenure-session=\"ses_{}\"></script>",
        "a1".repeat(16)
    )
}

fn page_with_script() -> String {
    PAGE.replace("<head>", &format!("<head>{}", tag()))
}

fn packed(page: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(page.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// An application with one page, which knows about validators, ranges and encodings.
fn site(request: &Request<Incoming>) -> Response<AppBody> {
    let header = |name: &str| {
        request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or("").to_owned()
    };
    let answer = Response::builder()
        .header("content-type", "text/html; charset=utf-8")
        .header("etag", "\"v1\"")
        .header("accept-ranges", "bytes")
        .header("x-asked", header("accept-encoding"))
        .header("x-held", header("if-none-match"));
    if header("if-none-match") == "\"v1\"" {
        return answer.status(304).body(nothing()).unwrap();
    }
    if !header("range").is_empty() && matches!(header("if-range").as_str(), "" | "\"v1\"") {
        let range = format!("bytes 0-4/{}", PAGE.len());
        return answer.status(206).header("content-range", range).body(text(&PAGE[..5])).unwrap();
    }
    if header("accept-encoding") == "gzip" {
        return answer.header("content-encoding", "gzip").body(text(packed(PAGE))).unwrap();
    }
    answer.body(text(PAGE)).unwrap()
}

async fn gateway() -> Gateway {
    Gateway::with(application(|request| async move { site(&request) }).await, with_script()).await
}

#[tokio::test]
async fn a_page_gets_the_script_and_a_fragment_does_not() {
    let gateway = gateway().await;
    let page = gateway.ask(&format!("GET / HTTP/1.1\r\n{NAVIGATION}\r\n\r\n")).await;
    assert_eq!(page.text(), page_with_script());
    assert_eq!(page.header("etag"), Some("\"v1;tn1\""));
    assert_eq!((page.header("accept-ranges"), page.header("content-length")), (Some("none"), None));
    let fragment =
        gateway.ask("GET / HTTP/1.1\r\nHost: a\r\nSec-Fetch-Dest: empty\r\nAccept: text/html\r\n\r\n").await;
    assert_eq!((fragment.text(), fragment.header("etag")), (PAGE, Some("\"v1\"")));
}

#[tokio::test]
async fn a_compressed_page_gets_the_script_and_stays_compressed() {
    let gateway = gateway().await;
    let request =
        format!("GET / HTTP/1.1\r\n{NAVIGATION}\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n\r\n");
    let page = gateway.ask(&request).await;
    assert_eq!((page.header("content-encoding"), page.header("x-asked")), (Some("gzip"), Some("gzip")));
    let mut unpacked = String::new();
    GzDecoder::new(&page.body[..]).read_to_string(&mut unpacked).unwrap();
    assert_eq!(unpacked, page_with_script());
}

#[tokio::test]
async fn the_headers_for_head_are_those_for_get() {
    let gateway = gateway().await;
    let mut client = gateway.connect().await;
    client.send(format!("HEAD / HTTP/1.1\r\n{NAVIGATION}\r\n\r\n")).await;
    let mut head = client.head().await;
    client.send(format!("GET / HTTP/1.1\r\n{NAVIGATION}\r\n\r\n")).await;
    let mut get = client.answer().await;
    for answer in [&mut head, &mut get] {
        answer.headers.retain(|(name, _)| name != "date" && name != "transfer-encoding");
        answer.headers.sort();
    }
    assert_eq!(head.headers, get.headers);
    assert_eq!(head.header("content-length"), None);
}

#[tokio::test]
async fn a_page_that_the_browser_holds_is_confirmed() {
    let gateway = gateway().await;
    let held =
        gateway.ask(&format!("GET / HTTP/1.1\r\n{NAVIGATION}\r\nIf-None-Match: \"v1;tn1\"\r\n\r\n")).await;
    assert_eq!(
        (held.status, held.header("etag"), held.header("x-held")),
        (304, Some("\"v1;tn1\""), Some("\"v1\""))
    );
    let old =
        gateway.ask(&format!("GET / HTTP/1.1\r\n{NAVIGATION}\r\nIf-None-Match: \"v0;tn1\"\r\n\r\n")).await;
    assert_eq!((old.status, old.text()), (200, page_with_script().as_str()));
    // A script's own request gets its own representation, never a confirmation of the other one.
    let script = gateway
        .ask("GET / HTTP/1.1\r\nHost: a\r\nSec-Fetch-Dest: empty\r\nIf-None-Match: \"v1;tn1\"\r\n\r\n")
        .await;
    assert_eq!((script.status, script.text()), (200, PAGE));
}

#[tokio::test]
async fn a_part_of_a_page_is_a_part_of_the_page_as_it_was() {
    let gateway = gateway().await;
    let part = gateway.ask(&format!("GET / HTTP/1.1\r\n{NAVIGATION}\r\nRange: bytes=0-4\r\n\r\n")).await;
    assert_eq!((part.status, part.text(), part.header("etag")), (206, "<!doc", Some("\"v1\"")));
    let resumed = gateway
        .ask(&format!("GET / HTTP/1.1\r\n{NAVIGATION}\r\nRange: bytes=0-4\r\nIf-Range: \"v1;tn1\"\r\n\r\n"))
        .await;
    assert_eq!(
        (resumed.status, resumed.text()),
        (200, page_with_script().as_str()),
        "parts of two pages don't fit"
    );
}

#[tokio::test]
async fn a_page_split_at_any_byte_is_the_same_page() {
    let address = application(|request| async move {
        let path = request.uri().path().trim_start_matches('/');
        let (coding, at) = path.split_once('-').unwrap();
        let bytes = if coding == "gzip" { packed(PAGE) } else { PAGE.as_bytes().to_vec() };
        let at = at.parse::<usize>().unwrap().min(bytes.len());
        let (sender, body) = channel();
        let coding = coding.to_owned();
        tokio::spawn(async move {
            for piece in [&bytes[..at], &bytes[at..]] {
                let _ = sender.send(Frame::data(Bytes::copy_from_slice(piece))).await;
            }
        });
        Response::builder()
            .header("content-type", "text/html")
            .header("content-encoding", coding)
            .body(body)
            .unwrap()
    })
    .await;
    let gateway = Gateway::with(address, with_script()).await;
    let mut client = gateway.connect().await;
    for coding in ["identity", "gzip"] {
        for at in 0..=packed(PAGE).len().max(PAGE.len()) {
            client.send(format!("GET /{coding}-{at} HTTP/1.1\r\n{NAVIGATION}\r\n\r\n")).await;
            let answer = client.answer().await;
            let mut page = String::new();
            if coding == "gzip" {
                GzDecoder::new(&answer.body[..]).read_to_string(&mut page).unwrap();
            } else {
                page.push_str(answer.text());
            }
            assert_eq!(page, page_with_script(), "{coding} split at {at}");
        }
    }
}

#[tokio::test]
async fn a_page_that_streams_keeps_streaming() {
    let (handle, mut senders) = mpsc::channel(1);
    let handle = Arc::new(handle);
    let address = application(move |_| {
        let handle = Arc::clone(&handle);
        async move {
            let (sender, body) = channel();
            handle.send(sender).await.unwrap();
            Response::builder().header("content-type", "text/html").body(body).unwrap()
        }
    })
    .await;
    let gateway = Gateway::with(address, with_script()).await;
    let mut client = gateway.connect().await;
    client.send(format!("GET / HTTP/1.1\r\n{NAVIGATION}\r\n\r\n")).await;
    let sender = soon("the request", senders.recv()).await.unwrap();
    for (piece, seen) in
        [("<html><head>", tag().as_str()), ("<title>a</title>", "<title>a</title>"), ("<p>b", "<p>b")]
    {
        sender.send(Frame::data(Bytes::from(piece))).await.unwrap();
        client.read_to(seen.as_bytes()).await;
    }
}
