//! What people are told, for every reason by which a session is locked, ended or missing. The texts are in
//! `messages/<language>/reasons.ftl`, one message per code.

use tenure::core::{EndReason, LockReason, MissingReason, Reason};

use crate::language::{Language, Message};

/// Which kind of state a reason leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The session is locked; the same person can unlock it.
    Lock,
    /// The session has ended for good.
    End,
    /// The request carried no usable session.
    Missing,
}

/// The words for one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words {
    /// The stable reason code.
    pub code: &'static str,
    /// What the reason leads to.
    pub kind: Kind,
}

/// Said when a code is not known, which only a hand-made address can bring about.
pub(crate) const UNKNOWN: Words = Words { code: "unknown", kind: Kind::Missing };

impl Words {
    /// A heading, without a full stop.
    pub fn title<'a>(self, language: Language) -> Message<'a> {
        language.say(self.key())
    }

    /// What happened.
    pub fn happened<'a>(self, language: Language) -> Message<'a> {
        language.say(self.key() + ".happened")
    }

    /// What became of the work that was under way.
    pub fn work<'a>(self, language: Language) -> Message<'a> {
        language.say(self.key() + ".work")
    }

    /// What to do now.
    pub fn next<'a>(self, language: Language) -> Message<'a> {
        language.say(self.key() + ".next")
    }

    /// What to do if it was somebody else; `None` where nobody else can be behind it.
    pub fn not_you<'a>(self, language: Language) -> Option<Message<'a>> {
        let key = self.key() + ".not-you";
        language.has(&key).then(|| language.say(key))
    }

    /// What happened and what became of the work, for the client's dialog and the `message` of the session
    /// answer.
    pub fn message(self, language: Language) -> String {
        format!("{} {}", self.happened(language).plain(), self.work(language).plain())
    }

    fn key(self) -> String {
        format!("reason-{}", self.code)
    }
}

/// Every reason, in the order of the documentation.
pub fn all() -> impl Iterator<Item = Words> {
    let locks = LockReason::ALL.iter().map(|reason| (reason.code(), Kind::Lock));
    let ends = EndReason::ALL.iter().map(|reason| (reason.code(), Kind::End));
    let missing = MissingReason::ALL.iter().map(|reason| (reason.code(), Kind::Missing));
    locks.chain(ends).chain(missing).map(|(code, kind)| Words { code, kind })
}

/// The words for `reason`.
pub fn of(reason: Reason) -> Words {
    find(reason.code()).unwrap_or(UNKNOWN)
}

/// The words for `code`, if it is a reason code.
pub fn find(code: &str) -> Option<Words> {
    all().find(|words| words.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_says_in_every_language_what_happened_what_became_of_the_work_and_what_to_do() {
        for language in Language::all() {
            for words in all().chain([UNKNOWN]) {
                let title = words.title(language).plain();
                assert!(!title.is_empty() && !title.ends_with('.'), "{} in {language:?}", words.code);
                let texts = [words.happened(language), words.work(language), words.next(language)];
                for text in texts.into_iter().chain(words.not_you(language)) {
                    let text = text.plain();
                    assert!(
                        text.ends_with('.') && !text.contains("  "),
                        "{} in {language:?}: {text}",
                        words.code
                    );
                }
            }
        }
        assert!(find("expired").is_none());
        assert_eq!(of(Reason::Locked(LockReason::Idle)).code, "idle");
    }

    #[test]
    fn only_a_lock_promises_that_the_work_comes_back_with_an_unlock() {
        for language in Language::all() {
            let kept = of(Reason::Locked(LockReason::Idle)).work(language).plain();
            for words in all().filter(|words| words.kind != Kind::Lock) {
                assert_ne!(words.work(language).plain(), kept, "{} in {language:?}", words.code);
            }
        }
    }
}
