//! Connections that become something else.

use futures_util::{SinkExt as _, StreamExt as _};
use http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};
use tokio_tungstenite::tungstenite::{Message, handshake::derive_accept_key};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::support::{AppBody, Gateway, accept, application, nothing, raw_application, soon};

type Socket = WebSocketStream<TokioIo<hyper::upgrade::Upgraded>>;

/// An application that accepts every WebSocket and hands it to the test.
async fn chat() -> (std::net::SocketAddr, mpsc::Receiver<Socket>) {
    let (handle, sockets) = mpsc::channel(4);
    let address = application(move |request| {
        let handle = handle.clone();
        async move { accept_socket(request, handle) }
    })
    .await;
    (address, sockets)
}

fn accept_socket(mut request: Request<Incoming>, handle: mpsc::Sender<Socket>) -> Response<AppBody> {
    assert_eq!(request.headers()["tenure-subject"], "ada");
    let key = derive_accept_key(request.headers()["sec-websocket-key"].as_bytes());
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let stream = TokioIo::new(upgrade.await.unwrap());
        handle.send(WebSocketStream::from_raw_socket(stream, Role::Server, None).await).await.unwrap();
    });
    Response::builder()
        .status(101)
        .header("upgrade", "websocket")
        .header("connection", "upgrade")
        .header("sec-websocket-accept", key)
        .body(nothing())
        .unwrap()
}

#[tokio::test]
async fn messages_pass_both_ways_and_the_socket_is_closed_with_the_reason() {
    let (address, mut sockets) = chat().await;
    let gateway = Gateway::before(address).await;
    let stream = gateway.connect().await.stream;
    let (mut browser, response) =
        client_async(format!("ws://{}/chat", gateway.address), stream).await.unwrap();
    assert_eq!(response.status(), 101);
    let mut server = soon("the upgrade", sockets.recv()).await.unwrap();
    for length in [0, 5, 126, 70_000] {
        let message = Message::binary(vec![7; length]);
        browser.send(message.clone()).await.unwrap();
        assert_eq!(soon("the message", server.next()).await.unwrap().unwrap(), message);
        server.send(message.clone()).await.unwrap();
        assert_eq!(soon("the echo", browser.next()).await.unwrap().unwrap(), message);
    }

    gateway.lock("idle");
    let told = soon("the close frame", browser.next()).await.unwrap().unwrap();
    assert_eq!(told, Message::Close(Some(CloseFrame { code: 4401.into(), reason: "idle".into() })));
    let told = soon("the close frame", server.next()).await.unwrap().unwrap();
    assert_eq!(told, Message::Close(Some(CloseFrame { code: 1001.into(), reason: "".into() })));
    assert!(soon("the end", browser.next()).await.is_none());
    // The application's own close frame comes too late for anybody.
    while soon("the end", server.next()).await.is_some_and(|message| message.is_ok()) {}
}

#[tokio::test]
async fn a_socket_that_is_closed_by_its_owner_closes_on_the_other_side() {
    let (address, mut sockets) = chat().await;
    let gateway = Gateway::before(address).await;
    for browser_closes in [true, false] {
        let stream = gateway.connect().await.stream;
        let (mut browser, _) = client_async(format!("ws://{}/", gateway.address), stream).await.unwrap();
        let mut server = soon("the upgrade", sockets.recv()).await.unwrap();
        let frame = Some(CloseFrame { code: 1000.into(), reason: "bye".into() });
        if browser_closes {
            browser.close(frame.clone()).await.unwrap();
            assert_eq!(soon("the close", server.next()).await.unwrap().unwrap(), Message::Close(frame));
        } else {
            server.close(frame.clone()).await.unwrap();
            assert_eq!(soon("the close", browser.next()).await.unwrap().unwrap(), Message::Close(frame));
        }
    }
}

#[tokio::test]
async fn a_frame_under_way_is_completed_before_the_close_frame() {
    let (listener, address) = raw_application().await;
    let gateway = Gateway::before(address).await;
    let mut client = gateway.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n").await;
    let mut connection = accept(&listener).await;
    let head = String::from_utf8(connection.read_to(b"\r\n\r\n").await).unwrap();
    assert!(head.contains("connection: upgrade\r\n") && head.contains("upgrade: websocket\r\n"), "{head}");
    // The first bytes of the new protocol come together with the answer.
    connection
        .send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n\x81\x06abc")
        .await;
    client.read_to(b"\r\n\r\n\x81\x06abc").await;
    client.send(b"\x81\x85\0\0\0\0he").await;
    connection.read_to(b"he").await;
    gateway.lock("absolute");
    // The client's frame was cut: nothing can be added to it, so the application gets the end of the connection.
    assert_eq!(connection.read_to_end().await, b"");
    connection.send(b"def\x81\x04late").await;
    assert_eq!(client.read_to(b"absolute").await, b"def\x88\x0a\x11\x31absolute");
    assert_eq!(client.read_to_end().await, b"");
}

#[tokio::test]
async fn a_refused_upgrade_is_an_ordinary_answer() {
    let (listener, address) = raw_application().await;
    let gateway = Gateway::before(address).await;
    let mut client = gateway.connect().await;
    let request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    client.send(request).await;
    let mut connection = accept(&listener).await;
    connection.read_to(b"\r\n\r\n").await;
    connection
        .send("HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\nno")
        .await;
    let answer = client.answer().await;
    assert_eq!((answer.status, answer.text(), answer.header("upgrade")), (426, "no", Some("websocket")));
    // The connection speaks HTTP still: what follows is a request, and goes through every check.
    client.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(connection.read_to(b"\r\n\r\n").await.starts_with(b"GET /next HTTP/1.1\r\n"));
}

#[tokio::test]
async fn any_other_protocol_passes_as_bytes_and_is_cut() {
    let (listener, address) = raw_application().await;
    let gateway = Gateway::before(address).await;
    let mut client = gateway.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: example/1\r\n\r\n").await;
    let mut connection = accept(&listener).await;
    connection.read_to(b"\r\n\r\n").await;
    connection
        .send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: example/1\r\nConnection: upgrade\r\n\r\n")
        .await;
    let answer = client.head().await;
    assert_eq!((answer.status, answer.header("upgrade")), (101, Some("example/1")));
    client.send("ping").await;
    connection.read_to(b"ping").await;
    connection.send("pong").await;
    client.read_to(b"pong").await;
    gateway.lock("idle");
    assert_eq!(client.read_to_end().await, b"");
    assert_eq!(connection.read_to_end().await, b"");
}

#[tokio::test]
async fn protocols_that_would_hide_requests_are_not_offered_to_the_application() {
    let (listener, address) = raw_application().await;
    let gateway = Gateway::before(address).await;
    let mut client = gateway.connect().await;
    client
        .send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n")
        .await;
    let mut connection = accept(&listener).await;
    let head = String::from_utf8(connection.read_to(b"\r\n\r\n").await).unwrap();
    assert!(!head.contains("upgrade") && !head.contains("http2-settings"), "{head}");
}
