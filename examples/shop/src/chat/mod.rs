//! The chat: a page, a place to send messages to, and the replies as server-sent events or over a WebSocket.

mod assistant;
mod conversation;

use std::convert::Infallible;
use std::sync::Arc;

use askama::Template;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{FromRequest, Query, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{self, KeepAlive, Sse};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Form, Json};
use futures_util::{Stream, StreamExt};
use serde::{Deserialize, Serialize};

pub(crate) use self::conversation::Conversation;
use self::conversation::{Event, Kind, closed};
use crate::page::{self, Page};
use crate::shop::Shop;
use crate::visitor::SignedIn;

/// The longest message, in bytes.
const LONGEST: usize = 16 * 1024;

/// A prompt or a reply, for the page.
struct Bubble {
    message: u64,
    person: bool,
    text: String,
}

#[derive(Template)]
#[template(path = "chat.html")]
struct ChatPage {
    page: Page,
    bubbles: Vec<Bubble>,
    /// The last event that the page already shows.
    last: u64,
    over_socket: bool,
}

#[derive(Deserialize)]
pub(crate) struct How {
    #[serde(default)]
    over: String,
}

pub(crate) async fn show(
    State(shop): State<Arc<Shop>>,
    SignedIn(subject): SignedIn,
    Query(how): Query<How>,
) -> Response {
    let events = conversation(&shop, &subject).since(0);
    let last = events.back().map_or(0, |event| event.id);
    let page = Page::new(&shop, Some(&subject), "Ask the harbour desk", "chat");
    page::render(&ChatPage { page, bubbles: bubbles(events), last, over_socket: how.over == "ws" })
}

fn bubbles(events: impl IntoIterator<Item = Event>) -> Vec<Bubble> {
    let mut bubbles: Vec<Bubble> = Vec::new();
    for Event { kind, message, text, .. } in events {
        let reply = bubbles.iter_mut().rfind(|bubble| bubble.message == message && !bubble.person);
        match (kind, reply) {
            (Kind::Said, _) => bubbles.push(Bubble { message, person: true, text }),
            (Kind::Word, None) => bubbles.push(Bubble { message, person: false, text }),
            (Kind::Word, Some(reply)) => {
                reply.text.push(' ');
                reply.text.push_str(&text);
            }
            (Kind::End, _) => {}
        }
    }
    bubbles
}

#[derive(Deserialize)]
struct Said {
    text: String,
}

#[derive(Serialize)]
struct Accepted {
    message: u64,
}

/// 202 for JSON; a plain form, sent without a script, is led back to the page.
pub(crate) async fn say(
    State(shop): State<Arc<Shop>>,
    SignedIn(subject): SignedIn,
    request: Request,
) -> Result<Response, Response> {
    let is_form = request
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
    let Said { text } = if is_form {
        Form::from_request(request, &()).await.map_err(IntoResponse::into_response)?.0
    } else {
        Json::from_request(request, &()).await.map_err(IntoResponse::into_response)?.0
    };
    check(&text).map_err(|words| (StatusCode::UNPROCESSABLE_ENTITY, words).into_response())?;
    let message = conversation(&shop, &subject).say(&text, shop.options.word_interval);
    Ok(if is_form {
        Redirect::to("/chat").into_response()
    } else {
        (StatusCode::ACCEPTED, Json(Accepted { message })).into_response()
    })
}

/// Where to begin when there is no `Last-Event-ID`: after this event; 0 asks for all that is kept.
#[derive(Deserialize)]
pub(crate) struct From {
    #[serde(default)]
    after: u64,
}

pub(crate) async fn stream(
    State(shop): State<Arc<Shop>>,
    SignedIn(subject): SignedIn,
    Query(from): Query<From>,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<sse::Event, Infallible>>> {
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let events = conversation(&shop, &subject).follow(last.unwrap_or(from.after), shop.closing.clone());
    let events = events.map(|event| Ok(server_sent(&event)));
    Sse::new(events).keep_alive(KeepAlive::new().interval(shop.options.heartbeat).text("still here"))
}

fn server_sent(event: &Event) -> sse::Event {
    let name = match event.kind {
        Kind::Said => "said",
        Kind::Word => "word",
        Kind::End => "end",
    };
    let data = serde_json::json!({ "message": event.message, "text": event.text });
    sse::Event::default().id(event.id.to_string()).event(name).data(data.to_string())
}

pub(crate) async fn socket(
    State(shop): State<Arc<Shop>>,
    SignedIn(subject): SignedIn,
    Query(from): Query<From>,
    upgrade: WebSocketUpgrade,
) -> Response {
    upgrade.max_message_size(4 * LONGEST).on_upgrade(async move |socket| {
        // An error here is a connection that is gone: there is nobody left to tell.
        let _gone = converse(socket, &shop, &subject, from.after).await;
    })
}

/// Events go out as JSON; `{"text": ...}` comes in.
async fn converse(mut socket: WebSocket, shop: &Shop, subject: &str, after: u64) -> Result<(), axum::Error> {
    let conversation = conversation(shop, subject);
    let mut closing = shop.closing.clone();
    let mut events = std::pin::pin!(Arc::clone(&conversation).follow(after, closing.clone()));
    let mut heartbeat = tokio::time::interval(shop.options.heartbeat);
    heartbeat.reset();
    loop {
        tokio::select! {
            Some(event) = events.next() => {
                let event = serde_json::to_string(&event).map_err(axum::Error::new)?;
                socket.send(Message::Text(event.into())).await?;
            }
            received = socket.recv() => match received.transpose()? {
                Some(Message::Text(text)) => {
                    if let Err(words) = hear(&conversation, shop, &text) {
                        let refused = serde_json::json!({ "kind": "refused", "text": words });
                        socket.send(Message::Text(refused.to_string().into())).await?;
                    }
                }
                Some(Message::Close(_)) | None => return Ok(()),
                Some(_) => {}
            },
            _ = heartbeat.tick() => socket.send(Message::Ping(axum::body::Bytes::new())).await?,
            () = closed(&mut closing) => {
                let frame = CloseFrame { code: close_code::AWAY, reason: "the shop is closing".into() };
                return socket.send(Message::Close(Some(frame))).await;
            }
        }
    }
}

fn hear(conversation: &Arc<Conversation>, shop: &Shop, text: &str) -> Result<(), &'static str> {
    let Ok(Said { text }) = serde_json::from_str(text) else {
        return Err("Please send a JSON object with a \"text\".");
    };
    check(&text)?;
    conversation.say(&text, shop.options.word_interval);
    Ok(())
}

fn check(text: &str) -> Result<(), &'static str> {
    match text.len() {
        _ if text.trim().is_empty() => Err("There is nothing in this message."),
        LONGEST.. => Err("This message is too long; 16 KiB is the most."),
        _ => Ok(()),
    }
}

fn conversation(shop: &Shop, subject: &str) -> Arc<Conversation> {
    shop.person(subject, |person| Arc::clone(&person.conversation))
}
