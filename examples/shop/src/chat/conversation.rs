//! A conversation: a log of numbered events that any number of readers follow, each from where it left off.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::stream::{self, Stream};
use serde::Serialize;
use tokio::sync::watch;

use super::assistant;

/// Older events are forgotten.
const MOST_EVENTS: usize = 5_000;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Event {
    /// Counts from 1, without gaps.
    pub(super) id: u64,
    pub(super) kind: Kind,
    /// The prompt that this belongs to.
    pub(super) message: u64,
    pub(super) text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    /// What the person said, whole.
    Said,
    /// One word of the reply.
    Word,
    /// The reply is complete.
    End,
}

/// Readers and the writer of replies hold it together; the person's other state is not locked meanwhile.
#[derive(Default)]
pub(crate) struct Conversation {
    log: Mutex<Log>,
    grown: watch::Sender<u64>,
}

#[derive(Default)]
struct Log {
    events: VecDeque<Event>,
    last: u64,
    messages: u64,
}

impl Log {
    fn push(&mut self, kind: Kind, message: u64, text: String) -> u64 {
        self.last += 1;
        self.events.push_back(Event { id: self.last, kind, message, text });
        if self.events.len() > MOST_EVENTS {
            self.events.pop_front();
        }
        self.last
    }
}

impl Conversation {
    /// Notes what was said and begins a reply, word by word, whoever is listening. Gives the message's number.
    pub(super) fn say(self: &Arc<Self>, text: &str, word_interval: Duration) -> u64 {
        let message = {
            let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
            log.messages += 1;
            let message = log.messages;
            self.grown.send_replace(log.push(Kind::Said, message, text.to_owned()));
            message
        };
        let conversation = Arc::clone(self);
        let words = assistant::reply(text);
        tokio::spawn(async move {
            for word in words {
                tokio::time::sleep(word_interval).await;
                conversation.append(Kind::Word, message, word);
            }
            conversation.append(Kind::End, message, String::new());
        });
        message
    }

    fn append(&self, kind: Kind, message: u64, text: String) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        self.grown.send_replace(log.push(kind, message, text));
    }

    /// The events after the one numbered `after`. A number from before a restart is not known here: then all of them.
    pub(super) fn since(&self, after: u64) -> VecDeque<Event> {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let after = if after > log.last { 0 } else { after };
        log.events.iter().filter(|event| event.id > after).cloned().collect()
    }

    /// Every event after the one numbered `after`, as they come, until `closing` turns true.
    pub(super) fn follow(
        self: Arc<Self>,
        after: u64,
        closing: watch::Receiver<bool>,
    ) -> impl Stream<Item = Event> + Send + 'static {
        let grown = self.grown.subscribe();
        let ready = self.since(after);
        let reader = Reader { conversation: self, ready, seen: after, grown, closing };
        stream::unfold(reader, |mut reader| async move {
            let event = reader.next().await?;
            Some((event, reader))
        })
    }
}

struct Reader {
    conversation: Arc<Conversation>,
    ready: VecDeque<Event>,
    seen: u64,
    grown: watch::Receiver<u64>,
    closing: watch::Receiver<bool>,
}

impl Reader {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                self.seen = event.id;
                return Some(event);
            }
            tokio::select! {
                grown = self.grown.changed() => grown.ok()?,
                () = closed(&mut self.closing) => return None,
            }
            self.ready = self.conversation.since(self.seen);
        }
    }
}

/// Completes when the server stops; never, where nothing will say so.
pub(super) async fn closed(closing: &mut watch::Receiver<bool>) {
    if closing.wait_for(|closing| *closing).await.is_err() {
        std::future::pending::<()>().await;
    }
}
