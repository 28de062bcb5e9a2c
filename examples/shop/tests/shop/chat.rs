use std::time::Duration;

use axum::body::Body;
use axum::http::StatusCode;
use futures_util::{SinkExt, StreamExt};
use http_body_util::BodyExt;
use tenure_shop::Options;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::support::{DEADLINE, Shop};

async fn say(shop: &Shop, text: &str) {
    let body = serde_json::json!({ "text": text }).to_string();
    let request = shop.request("POST", "/chat/messages").header("content-type", "application/json");
    assert_eq!(shop.send(request.body(Body::from(body)).unwrap()).await.status, StatusCode::ACCEPTED);
}

/// Reads a stream until `enough` is found in it.
async fn read_until(shop: &Shop, path: &str, last_event_id: Option<&str>, enough: &str) -> String {
    let mut request = shop.request("GET", path);
    if let Some(id) = last_event_id {
        request = request.header("last-event-id", id);
    }
    let mut response = shop.stream(request.body(Body::empty()).unwrap()).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut text = String::new();
    while !text.contains(enough) {
        let frame = tokio::time::timeout(DEADLINE, response.frame()).await.unwrap();
        text += std::str::from_utf8(&frame.expect(&text).unwrap().into_data().unwrap()).unwrap();
    }
    text
}

fn ids(stream: &str) -> Vec<u64> {
    stream.lines().filter_map(|line| line.strip_prefix("id: ")?.parse().ok()).collect()
}

/// The words of a stream of events, put together.
fn words(stream: &str) -> String {
    let mut words = String::new();
    for event in stream.split("\n\n").filter(|event| event.contains("event: word")) {
        let data = event.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
        let data: serde_json::Value = serde_json::from_str(data).unwrap();
        words = words + data["text"].as_str().unwrap() + " ";
    }
    words
}

#[tokio::test]
async fn a_stream_resumes_after_the_last_event_that_was_seen() {
    let shop = Shop::open().await;
    say(&shop, "how deep is the harbour").await;
    let all = read_until(&shop, "/chat/stream", None, "event: end").await;
    assert_eq!(ids(&all), (1..=ids(&all).len() as u64).collect::<Vec<_>>());
    assert!(words(&all).contains("harbour the is deep how."), "{all}");

    let rest = read_until(&shop, "/chat/stream?after=1", Some("4"), "event: end").await;
    assert_eq!(ids(&rest), ids(&all)[4..], "the header outranks the address");
    let rest = read_until(&shop, "/chat/stream?after=6", None, "event: end").await;
    assert_eq!(ids(&rest), ids(&all)[6..]);
    let forgotten = read_until(&shop, "/chat/stream", Some("70000"), "event: end").await;
    assert_eq!(ids(&forgotten), ids(&all), "a number from before a restart begins anew");
}

#[tokio::test]
async fn a_reply_goes_on_while_nobody_listens() {
    let shop = Shop::open().await;
    say(&shop, "one").await;
    let first = read_until(&shop, "/chat/stream", None, "id: 2\n").await;
    let seen = ids(&first).last().unwrap().to_string();
    let rest = read_until(&shop, "/chat/stream", Some(&seen), "event: end").await;
    let all: Vec<u64> = ids(&first).into_iter().chain(ids(&rest)).collect();
    assert_eq!(all, (1..=all.len() as u64).collect::<Vec<_>>(), "no event is lost and none comes twice");
}

#[tokio::test]
async fn a_silent_stream_shows_that_it_is_alive() {
    let shop = Shop::open_with(Options { heartbeat: Duration::from_millis(20), ..Options::default() }).await;
    let stream = read_until(&shop, "/chat/stream", None, ": still here").await;
    assert!(ids(&stream).is_empty());
}

#[tokio::test]
async fn a_message_is_sent_without_a_script_and_shown_on_the_page() {
    let shop = Shop::open().await;
    let sent = shop.post_form("/chat/messages", "text=ahoy+%3Cthere%3E").await;
    assert_eq!((sent.status, sent.header("location")), (StatusCode::SEE_OTHER, "/chat"));
    read_until(&shop, "/chat/stream", None, "event: end").await;
    let page = shop.get("/chat").await;
    assert!(page.text().contains("<p>ahoy &#60;there&#62;</p>"));
    assert!(page.text().contains("&#60;there&#62; ahoy. That"));
}

#[tokio::test]
async fn messages_that_are_empty_too_long_or_no_json_are_refused() {
    let shop = Shop::open().await;
    for (body, status) in [
        (r#"{"text":"  "}"#.to_owned(), StatusCode::UNPROCESSABLE_ENTITY),
        (format!(r#"{{"text":"{}"}}"#, "x".repeat(20_000)), StatusCode::UNPROCESSABLE_ENTITY),
        ("{".to_owned(), StatusCode::BAD_REQUEST),
    ] {
        let request = shop.request("POST", "/chat/messages").header("content-type", "application/json");
        assert_eq!(shop.send(request.body(Body::from(body)).unwrap()).await.status, status);
    }
}

#[tokio::test]
async fn a_socket_talks_both_ways_resumes_and_is_told_when_the_shop_closes() {
    let shop = Shop::open().await;
    let connect = async |after: u64| {
        let mut request =
            format!("ws://{}/chat/ws?after={after}", shop.address).into_client_request().unwrap();
        request.headers_mut().insert("tenure-subject", "ada".parse().unwrap());
        tokio_tungstenite::connect_async(request).await.unwrap().0
    };
    let mut socket = connect(0).await;
    socket.send(Message::text("ahoy")).await.unwrap();
    let next = async |socket: &mut tokio_tungstenite::WebSocketStream<_>| {
        let message = tokio::time::timeout(DEADLINE, socket.next()).await.unwrap().unwrap().unwrap();
        serde_json::from_str::<serde_json::Value>(message.to_text().unwrap()).unwrap()
    };
    assert_eq!(next(&mut socket).await["kind"], "refused", "not JSON");
    socket.send(Message::text(r#"{"text":"fair wind"}"#)).await.unwrap();
    let mut events = vec![next(&mut socket).await];
    while events.last().unwrap()["kind"] != "end" {
        events.push(next(&mut socket).await);
    }
    assert_eq!((&events[0]["kind"], &events[0]["text"]), (&"said".into(), &"fair wind".into()));
    let reply: Vec<_> = events[1..].iter().filter_map(|event| event["text"].as_str()).collect();
    assert!(reply.join(" ").contains("wind fair."), "{reply:?}");
    drop(socket);

    let mut socket = connect(3).await;
    assert_eq!(next(&mut socket).await, events[3]);
    for _ in 4..events.len() {
        next(&mut socket).await;
    }
    shop.close().await;
    let last = tokio::time::timeout(DEADLINE, socket.next()).await.unwrap().unwrap().unwrap();
    let Message::Close(Some(frame)) = last else { panic!("{last:?}") };
    assert_eq!(frame.code, CloseCode::Away);
}

#[tokio::test]
async fn the_shop_closes_although_a_stream_is_open() {
    let shop = Shop::open().await;
    let request = shop.request("GET", "/chat/stream").body(Body::empty()).unwrap();
    let response = shop.stream(request).await;
    shop.close().await;
    let rest = tokio::time::timeout(DEADLINE, response.into_body().collect()).await.unwrap();
    assert!(rest.unwrap().to_bytes().is_empty());
}
