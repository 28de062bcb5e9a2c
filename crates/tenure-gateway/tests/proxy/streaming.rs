//! Bodies that are on their way while they are being made.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use bytes::Bytes;
use http::Response;
use http_body_util::BodyExt as _;
use hyper::body::Frame;
use tenure_gateway::proxy::UpstreamLimits;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::mpsc;

use crate::support::{
    Gateway, Settings, accept, application, channel, nothing, raw_application, soon, text, until,
};

#[tokio::test]
async fn the_first_piece_of_an_answer_arrives_before_the_second_is_made() {
    let (handle, mut senders) = mpsc::channel(1);
    let address = application(move |_| {
        let handle = handle.clone();
        async move {
            let (sender, body) = channel();
            handle.send(sender).await.unwrap();
            Response::new(body)
        }
    })
    .await;
    let gateway = Gateway::before(address).await;
    let mut client = gateway.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let sender = soon("the request", senders.recv()).await.unwrap();
    for piece in ["first", "second", "third"] {
        sender.send(Frame::data(Bytes::from(piece))).await.unwrap();
        client.read_to(piece.as_bytes()).await;
    }
    drop(sender);
    client.read_to(b"0\r\n\r\n").await;
}

#[tokio::test]
async fn the_first_piece_of_an_upload_arrives_before_the_second_is_sent() {
    let (listener, address) = raw_application().await;
    let gateway = Gateway::before(address).await;
    let mut client = gateway.connect().await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n").await;
    let mut connection = accept(&listener).await;
    connection.read_to(b"5\r\nfirst\r\n").await;
    client.send("6\r\nsecond\r\n0\r\n\r\n").await;
    connection.read_to(b"6\r\nsecond\r\n0\r\n\r\n").await;
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    assert_eq!(client.head().await.status, 200);
}

const MIB: u64 = 1024 * 1024;
const UPLOAD: u64 = 256 * MIB;

#[tokio::test]
async fn a_large_upload_waits_for_a_slow_application_instead_of_filling_memory() {
    let received = Arc::new(AtomicU64::new(0));
    let (gate_opener, gate) = tokio::sync::watch::channel(false);
    let counter = Arc::clone(&received);
    let address = application(move |request| {
        let (counter, mut gate) = (Arc::clone(&counter), gate.clone());
        async move {
            gate.wait_for(|open| *open).await.unwrap();
            let mut body = request.into_body();
            while let Some(frame) = body.frame().await {
                counter.fetch_add(frame.unwrap().data_ref().unwrap().len() as u64, Ordering::Relaxed);
            }
            Response::new(text(counter.load(Ordering::Relaxed).to_string()))
        }
    })
    .await;
    let gateway = Gateway::before(address).await;
    let mut client = gateway.connect().await;
    client.send(format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {UPLOAD}\r\n\r\n")).await;
    let block = vec![b'x'; 256 * 1024];
    let mut sent = 0;
    // Nobody reads: what can be sent is what the sockets and one buffer of each program hold.
    while let Ok(written) =
        tokio::time::timeout(std::time::Duration::from_millis(300), client.stream.write(&block)).await
    {
        sent += written.unwrap() as u64;
        assert!(sent < 48 * MIB, "the gateway has taken {sent} bytes that nobody reads");
    }
    gate_opener.send_replace(true);
    while sent < UPLOAD {
        let length = (UPLOAD - sent).min(block.len() as u64);
        let written =
            soon("the upload", client.stream.write(&block[..usize::try_from(length).unwrap()])).await;
        sent += written.unwrap() as u64;
    }
    assert_eq!(client.answer().await.text(), UPLOAD.to_string());
}

#[tokio::test]
async fn an_upload_goes_on_although_nobody_reads_the_answer_yet() {
    const LENGTH: usize = 16 * 1024 * 1024;
    let (listener, address) = raw_application().await;
    let gateway = Gateway::before(address).await;
    let mut client = gateway.connect().await;
    client.send(format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {LENGTH}\r\n\r\n")).await;
    let mut connection = accept(&listener).await;
    connection.read_to(b"\r\n\r\n").await;
    let (mut read, mut write) = connection.stream.into_split();
    let answering = tokio::spawn(async move {
        let block = vec![b'y'; LENGTH];
        write
            .write_all(format!("HTTP/1.1 200 OK\r\nContent-Length: {LENGTH}\r\n\r\n").as_bytes())
            .await
            .unwrap();
        write.write_all(&block).await.unwrap();
    });
    let reading = tokio::spawn(async move {
        let mut upload = tokio::io::AsyncReadExt::take(&mut read, LENGTH as u64);
        tokio::io::copy(&mut upload, &mut tokio::io::sink()).await.unwrap()
    });
    let block = vec![b'x'; LENGTH];
    soon("the upload", client.send(&block)).await;
    assert_eq!(soon("the application to read", reading).await.unwrap(), LENGTH as u64);
    assert_eq!(client.answer().await.body.len(), LENGTH);
    answering.await.unwrap();
}

fn limited(max_body: u64) -> Settings {
    Settings {
        limits: UpstreamLimits { max_body: Some(max_body), ..UpstreamLimits::default() },
        ..Settings::default()
    }
}

#[tokio::test]
async fn an_upload_that_is_announced_as_too_large_is_refused_at_once() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&calls);
    let address = application(move |_| {
        counter.fetch_add(1, Ordering::SeqCst);
        async { Response::new(nothing()) }
    })
    .await;
    let gateway = Gateway::with(address, limited(10)).await;
    let refused = gateway.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n").await;
    assert_eq!(refused.status, 413);
    assert_eq!(calls.load(Ordering::SeqCst), 0);
    let admitted = gateway.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789").await;
    assert_eq!(admitted.status, 200);
}

#[tokio::test]
async fn an_upload_of_unknown_length_is_stopped_when_it_gets_too_large() {
    let (listener, address) = raw_application().await;
    let gateway = Gateway::with(address, limited(10)).await;
    let mut client = gateway.connect().await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n012345\r\n").await;
    let mut connection = accept(&listener).await;
    connection.read_to(b"012345\r\n").await;
    client.send("6\r\n678901\r\n").await;
    assert_eq!(client.head().await.status, 413);
    let rest = connection.read_to_end().await;
    assert!(!rest.ends_with(b"0\r\n\r\n"), "the application must not take a part for the whole");
}

#[tokio::test]
async fn the_application_is_asked_before_a_body_is_sent_that_expects_it() {
    let (listener, address) = raw_application().await;
    let gateway = Gateway::before(address).await;
    let request = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
    let mut client = gateway.connect().await;
    client.send(request).await;
    let mut connection = accept(&listener).await;
    let head = String::from_utf8(connection.read_to(b"\r\n\r\n").await).unwrap();
    assert!(head.contains("expect: 100-continue"), "{head}");
    connection.send("HTTP/1.1 100 Continue\r\n\r\n").await;
    assert_eq!(client.head().await.status, 100);
    client.send("hello").await;
    connection.read_to(b"hello").await;
    connection
        .send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        .await;
    assert_eq!(client.head().await.status, 200);

    let mut refused = gateway.connect().await;
    refused.send(request).await;
    connection.read_to(b"\r\n\r\n").await;
    connection.send("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n").await;
    assert_eq!(refused.head().await.status, 401, "no 100 before it, so the body is never sent");
}

#[tokio::test]
async fn an_event_stream_ends_with_the_reason() {
    let (listener, address) = raw_application().await;
    let gateway = Gateway::before(address).await;
    let mut client = gateway.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n").await;
    let mut connection = accept(&listener).await;
    connection.read_to(b"\r\n\r\n").await;
    connection
        .send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n")
        .await;
    assert_eq!(client.head().await.status, 200);
    connection.send("9\r\ndata: 1\n\n\r\n").await;
    assert_eq!(client.chunk().await, b"data: 1\n\n");
    connection.send("8\r\ndata: ha\r\n").await;
    assert_eq!(client.chunk().await, b"data: ha");
    gateway.lock("idle");
    connection.send("e\r\nlf\n\ndata: 3\n\nx\r\n").await;
    let mut rest = client.chunk().await;
    rest.extend(client.chunk().await);
    assert_eq!(
        String::from_utf8(rest).unwrap(),
        "lf\n\nevent: tenure\ndata: {\"state\":\"locked\",\"reason\":\"idle\"}\n\n"
    );
    assert_eq!(client.chunk().await, b"", "a clean end, so that the browser reads the last event");
    connection.read_to_end().await;
}

#[tokio::test]
async fn a_quiet_event_stream_ends_at_once() {
    let (listener, address) = raw_application().await;
    let gateway = Gateway::before(address).await;
    let mut client = gateway.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let mut connection = accept(&listener).await;
    connection.read_to(b"\r\n\r\n").await;
    connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n: hello\n\n").await;
    client.read_to(b": hello\n\n").await;
    gateway.lock("signed_out");
    client.read_to(b"event: tenure\ndata: {\"state\":\"locked\",\"reason\":\"signed_out\"}\n\n").await;
    client.read_to(b"0\r\n\r\n").await;
    connection.read_to_end().await;
}

#[tokio::test]
async fn a_compressed_event_stream_ends_without_a_last_word() {
    let (listener, address) = raw_application().await;
    let gateway = Gateway::before(address).await;
    let mut client = gateway.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let mut connection = accept(&listener).await;
    connection.read_to(b"\r\n\r\n").await;
    connection
        .send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip\r\n\r\npacked")
        .await;
    client.read_to(b"packed\r\n").await;
    gateway.lock("idle");
    assert_eq!(client.read_to(b"0\r\n\r\n").await, b"0\r\n\r\n");
}

#[tokio::test]
async fn downloads_and_uploads_under_way_may_finish() {
    let (listener, address) = raw_application().await;
    let gateway = Gateway::before(address).await;
    let mut client = gateway.connect().await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc").await;
    let mut connection = accept(&listener).await;
    connection.read_to(b"abc").await;
    gateway.lock("idle");
    client.send("def").await;
    connection.read_to(b"def").await;
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc").await;
    client.read_to(b"abc").await;
    connection.send("def").await;
    client.read_to(b"def").await;
}

#[tokio::test]
async fn a_client_that_goes_away_takes_its_request_with_it() {
    let (listener, address) = raw_application().await;
    let gateway = Gateway::before(address).await;
    // While waiting for the answer, in the middle of the answer, and in the middle of an upload.
    for (request, answer) in [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", ""),
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf", ""),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf",
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
        ),
    ] {
        let mut client = gateway.connect().await;
        client.send(request).await;
        let mut connection = accept(&listener).await;
        connection.read_to(b"\r\n\r\n").await;
        if !answer.is_empty() {
            connection.send(answer).await;
            client.read_to(b"half").await;
        }
        drop(client);
        connection.read_to_end().await;
    }
}

#[tokio::test]
async fn pieces_of_an_answer_are_not_read_ahead_of_a_client_that_does_not_read() {
    let produced = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&produced);
    let address = application(move |_| {
        let counter = Arc::clone(&counter);
        async move {
            let (sender, body) = channel();
            tokio::spawn(async move {
                let block = Bytes::from(vec![b'x'; 256 * 1024]);
                while sender.send(Frame::data(block.clone())).await.is_ok() {
                    counter.fetch_add(block.len() as u64, Ordering::Relaxed);
                }
            });
            Response::new(body)
        }
    })
    .await;
    let gateway = Gateway::before(address).await;
    let mut client = gateway.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    client.read_to(b"\r\n\r\n").await;
    let mut before = u64::MAX;
    let (mut at, mut steady) = (std::time::Instant::now(), false);
    until("the application to stop producing", || {
        if at.elapsed().as_millis() > 200 {
            let now = produced.load(Ordering::Relaxed);
            (steady, before, at) = (now == before, now, std::time::Instant::now());
        }
        steady
    })
    .await;
    assert!(before < 48 * MIB, "{before} bytes were taken that nobody reads");
}
