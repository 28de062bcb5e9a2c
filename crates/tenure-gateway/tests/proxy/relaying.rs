//! What arrives at the application, and what comes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::Response;
use http_body_util::BodyExt as _;
use hyper::body::Frame;

use crate::support::{
    Gateway, Settings, accept, application, channel, nothing, raw_application, soon, text, until,
};

/// The head of a request as the application gets it, to the byte.
async fn seen_by_application(settings: Settings, request: &str) -> String {
    let (listener, address) = raw_application().await;
    let gateway = Gateway::with(address, settings).await;
    let mut client = gateway.connect().await;
    client.send(request).await;
    let mut connection = accept(&listener).await;
    let head = connection.read_to(b"\r\n\r\n").await;
    connection.send("HTTP/1.1 204 No Content\r\n\r\n").await;
    assert_eq!(client.head().await.status, 204);
    String::from_utf8(head).unwrap()
}

#[tokio::test]
async fn the_application_sees_the_request_as_it_was_made_and_who_made_it() {
    let head = seen_by_application(
        Settings::default(),
        "GET /a%2Fb/../c?q=1&r=%20 HTTP/1.1\r\nHost: shop.example:81\r\nTenure-Subject: admin\r\ntenure_subject: admin\r\n\
         Tenure_Assertion: x\r\nCookie: a=1; __Host-tenure=secret; b=2\r\nCookie: tenure=secret\r\n\
         X-Forwarded-For: 127.0.0.9\r\nForwarded: for=127.0.0.9\r\nConnection: X-Hop\r\nX-Hop: 1\r\n\r\n",
    )
    .await;
    assert!(head.starts_with("GET /a%2Fb/../c?q=1&r=%20 HTTP/1.1\r\n"), "{head}");
    for line in [
        "host: shop.example:81",
        "tenure-subject: ada",
        "cookie: a=1; b=2",
        "x-forwarded-for: 127.0.0.1",
        "x-forwarded-proto: http",
        "x-forwarded-host: shop.example:81",
        "forwarded: for=127.0.0.1;proto=http;host=\"shop.example:81\"",
        "via: 1.1 tenure",
    ] {
        assert_eq!(head.matches(&format!("\r\n{line}\r\n")).count(), 1, "{line} in {head}");
    }
    for gone in ["admin", "tenure_", "tenure-assertion", "secret", "127.0.0.9", "x-hop"] {
        assert!(!head.contains(gone), "{gone} in {head}");
    }
}

#[tokio::test]
async fn what_a_listed_proxy_says_reaches_the_application() {
    let settings = Settings { trusted: &["127.0.0.1"], ..Settings::default() };
    let head = seen_by_application(
        settings,
        "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 9.9.9.9, 192.0.2.7\r\nX-Forwarded-Proto: https\r\n\r\n",
    )
    .await;
    assert!(head.contains("\r\nx-forwarded-for: 9.9.9.9, 192.0.2.7, 127.0.0.1\r\n"), "{head}");
    assert!(head.contains("\r\nx-forwarded-proto: https\r\n"), "{head}");
    assert!(
        head.contains("\r\nforwarded: for=192.0.2.7;proto=https;host=\"a\", for=127.0.0.1\r\n"),
        "{head}"
    );
}

#[tokio::test]
async fn a_request_of_two_lengths_reaches_the_application_with_one() {
    for lengths in
        ["Content-Length: 3\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 3"]
    {
        let (listener, address) = raw_application().await;
        let gateway = Gateway::before(address).await;
        let mut client = gateway.connect().await;
        client.send(format!("POST / HTTP/1.1\r\nHost: a\r\n{lengths}\r\n\r\n5\r\nhello\r\n0\r\n\r\n")).await;
        let mut connection = accept(&listener).await;
        let head = String::from_utf8(connection.read_to(b"\r\n\r\n").await).unwrap();
        assert!(
            head.contains("transfer-encoding: chunked\r\n") && !head.contains("content-length"),
            "{head}"
        );
        assert_eq!(connection.read_to(b"0\r\n\r\n").await, b"5\r\nhello\r\n0\r\n\r\n");
    }
}

#[tokio::test]
async fn ambiguous_requests_reach_no_application() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let address = application(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        async { Response::new(nothing()) }
    })
    .await;
    let gateway = Gateway::before(address).await;
    for (request, status) in [
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        ("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\n folded: 1\r\n\r\n", 400),
        ("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        ("CONNECT b:80 HTTP/1.1\r\nHost: b:80\r\n\r\n", 405),
    ] {
        let mut client = gateway.connect().await;
        client.send(request).await;
        assert_eq!(client.head().await.status, status, "{request}");
    }
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn the_answer_comes_back_without_what_belongs_to_the_gateway() {
    let (listener, address) = raw_application().await;
    let gateway = Gateway::before(address).await;
    let mut client = gateway.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let mut connection = accept(&listener).await;
    connection.read_to(b"\r\n\r\n").await;
    connection
        .send(
            "HTTP/1.1 418 Any Words\r\nContent-Length: 2\r\nTenure-Not-Forwarded: 1\r\nTenure_Session: 1\r\n\
             Set-Cookie: tenure=evil\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nKeep-Alive: timeout=5\r\n\r\nok",
        )
        .await;
    let answer = client.answer().await;
    assert_eq!((answer.status, answer.text()), (418, "ok"));
    let cookies: Vec<_> =
        answer.headers.iter().filter(|(name, _)| name == "set-cookie").map(|(_, value)| value).collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
    assert!(!answer.headers.iter().any(|(name, _)| name.starts_with("tenure") || name == "keep-alive"));
}

#[tokio::test]
async fn heads_and_answers_without_a_body_keep_their_headers() {
    let address = application(|request| async move {
        let status = if request.uri().path() == "/304" { 304 } else { 200 };
        let body = if status == 200 { text("twelve bytes") } else { nothing() };
        Response::builder().status(status).header("etag", "\"x\"").body(body).unwrap()
    })
    .await;
    let gateway = Gateway::before(address).await;
    let mut client = gateway.connect().await;
    client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let head = client.head().await;
    assert_eq!((head.status, head.header("content-length")), (200, Some("12")));
    client.send("GET /304 HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let unchanged = client.head().await;
    assert_eq!((unchanged.status, unchanged.header("etag")), (304, Some("\"x\"")));
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(client.answer().await.text(), "twelve bytes");
}

#[tokio::test]
async fn trailers_pass_in_both_directions() {
    let address = application(|request| async move {
        let (parts, body) = request.into_parts();
        let received = body.collect().await.unwrap();
        let sum = received.trailers().and_then(|trailers| trailers.get("x-sum")).cloned();
        let (sender, body) = channel();
        tokio::spawn(async move {
            sender.send(Frame::data("done".into())).await.unwrap();
            let trailers =
                http::HeaderMap::from_iter([(http::HeaderName::from_static("x-sum"), sum.unwrap())]);
            sender.send(Frame::trailers(trailers)).await.unwrap();
        });
        let te = parts.headers["te"].clone();
        Response::builder().header("trailer", "x-sum").header("x-te", te).body(body).unwrap()
    })
    .await;
    let gateway = Gateway::before(address).await;
    let answer = gateway
        .ask(
            "POST / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n\
             5\r\nhello\r\n0\r\nX-Sum: 42\r\n\r\n",
        )
        .await;
    assert_eq!(
        (answer.text(), answer.trailers.as_str(), answer.header("x-te")),
        ("done", "x-sum: 42\r\n", Some("trailers"))
    );
}

#[tokio::test]
async fn trailers_carry_nobodys_identity() {
    let (listener, address) = raw_application().await;
    let gateway = Gateway::before(address).await;
    let mut client = gateway.connect().await;
    let request = "POST / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nTrailer: Tenure-Subject, X-Sum, X-Forwarded-For\r\n\
                   Transfer-Encoding: chunked\r\n\r\n0\r\nTenure-Subject: admin\r\nX-Forwarded-For: 9.9.9.9\r\nX-Sum: 1\r\n\r\n";
    client.send(request).await;
    let mut connection = accept(&listener).await;
    connection.read_to(b"\r\n\r\n").await;
    assert_eq!(connection.read_to(b"\r\n\r\n").await, b"0\r\nx-sum: 1\r\n\r\n");
    connection
        .send(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum, Tenure-Not-Forwarded\r\n\r\n\
             0\r\nTenure-Not-Forwarded: 1\r\nX-Sum: 2\r\n\r\n",
        )
        .await;
    assert_eq!(client.answer().await.trailers, "x-sum: 2\r\n");
}

#[tokio::test]
async fn connections_to_the_application_are_used_again() {
    let (listener, address) = raw_application().await;
    let gateway = Gateway::before(address).await;
    let (mut client, mut other) = (gateway.connect().await, gateway.connect().await);
    client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let mut connection = accept(&listener).await;
    for (turn, answer) in
        ["Content-Length: 2\r\n\r\nok", "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"]
            .iter()
            .enumerate()
    {
        connection.read_to(b"\r\n\r\n").await;
        connection.send(format!("HTTP/1.1 200 OK\r\n{answer}")).await;
        let asking = if turn == 0 { &mut client } else { &mut other };
        assert_eq!(asking.answer().await.text(), "ok");
        other.send("POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n").await;
    }
    let third = String::from_utf8(connection.read_to(b"\r\n\r\n").await).unwrap();
    assert!(
        third.starts_with("POST /2 "),
        "a connection that had a chunked answer is used again too: {third}"
    );
}

#[tokio::test]
async fn connections_of_uploads_are_used_again() {
    let (listener, address) = raw_application().await;
    let gateway = Gateway::before(address).await;
    let mut client = gateway.connect().await;
    client.send("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab").await;
    let mut connection = accept(&listener).await;
    connection.read_to(b"\r\n\r\nab").await;
    // The answer comes before the upload is complete: each direction goes on by itself.
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n").await;
    assert_eq!(client.head().await.status, 200);
    client.send("cd").await;
    connection.read_to(b"cd").await;
    connection.send("ok").await;
    client.read_to(b"ok").await;
    // It is parked by its own task, so the first attempts may come too early.
    let accepted = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&accepted);
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok(connection) = listener.accept().await {
            counter.fetch_add(1, Ordering::SeqCst);
            open.push(connection);
        }
    });
    tokio::task::yield_now().await;
    client.send("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let second = soon("the second request", connection.read_to(b"\r\n\r\n")).await;
    assert!(second.starts_with(b"GET /2 "));
    assert_eq!(accepted.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_closed_connection_is_replaced_without_anybody_noticing() {
    let (listener, address) = raw_application().await;
    let gateway = Gateway::before(address).await;
    let mut client = gateway.connect().await;
    client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let mut first = accept(&listener).await;
    first.read_to(b"\r\n\r\n").await;
    first.send("HTTP/1.1 204 No Content\r\n\r\n").await;
    assert_eq!(client.head().await.status, 204);
    drop(first);
    client.send("POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok").await;
    let mut second = accept(&listener).await;
    second.read_to(b"\r\n\r\nok").await;
    second.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    assert_eq!(client.head().await.status, 200);
}

#[tokio::test]
async fn a_request_that_may_have_been_seen_is_repeated_only_if_that_is_harmless() {
    for (method, is_repeated) in [("GET", true), ("POST", false)] {
        let (listener, address) = raw_application().await;
        let gateway = Gateway::before(address).await;
        let mut client = gateway.connect().await;
        client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let mut first = accept(&listener).await;
        first.read_to(b"\r\n\r\n").await;
        first.send("HTTP/1.1 204 No Content\r\n\r\n").await;
        assert_eq!(client.head().await.status, 204);
        // Old enough to be suspected of closing just now.
        let parked = std::time::Instant::now();
        until("the connection to get old", || parked.elapsed().as_millis() > 300).await;
        client.send(format!("{method} /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")).await;
        first.read_to(b"\r\n\r\n").await;
        drop(first);
        if is_repeated {
            let mut second = accept(&listener).await;
            assert!(second.read_to(b"\r\n\r\n").await.starts_with(b"GET /2 "));
            second.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
        }
        assert_eq!(client.head().await.status, if is_repeated { 200 } else { 502 }, "{method}");
    }
}
