//! What people are told, for every reason by which a session is locked, ended or missing: one entry per code.
//! The texts never blame, never threaten, and always end in something that can be done.

use tenure::core::Reason;

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
    /// A heading, without a full stop.
    pub title: &'static str,
    /// What happened.
    pub happened: &'static str,
    /// What became of the work that was under way.
    pub work: &'static str,
    /// What to do now.
    pub next: &'static str,
    /// What to do if it was somebody else; empty where nobody else can be behind it.
    pub not_you: &'static str,
}

impl Words {
    /// What happened and what became of the work, for the client's dialog and the `message` of the session
    /// answer.
    pub fn message(&self) -> String {
        format!("{} {}", self.happened, self.work).trim_end().to_owned()
    }
}

/// Said when a code is not known, which only a hand-made address can bring about.
pub(crate) const UNKNOWN: Words = Words {
    code: "unknown",
    kind: Kind::Missing,
    title: "We can't say what happened to this session",
    happened: "The reason that was asked for is not one that we know.",
    work: NOTHING_SENT,
    next: "Sign in to go on. If it happens again, pass the report below on to whoever runs this site.",
    not_you: "",
};

/// The words for `reason`.
pub fn of(reason: Reason) -> &'static Words {
    find(reason.code()).unwrap_or(&UNKNOWN)
}

/// The words for `code`, if it is a reason code.
pub fn find(code: &str) -> Option<&'static Words> {
    WORDS.iter().find(|words| words.code == code)
}

const KEPT: &str =
    "The session and everything it holds are kept, and come back when you unlock it with your password.";
const DRAFTS: &str = "What was saved is safe. Anything typed but not sent may still be in the page it was typed in: don't close that page before you have signed in again.";
const CHANGE_PASSWORD: &str = "Sign in, change your password, and look through “Where you are signed in”. \
     If something looks wrong, pass the report below on to whoever runs this site.";
const NOTHING_SENT: &str = "Nothing that was saved is affected.";

/// Every reason code, in the order of the documentation.
pub static WORDS: &[Words] = &[
    Words {
        code: "idle",
        kind: Kind::Lock,
        title: "Your session is locked because you were away",
        happened: "There was no activity for a while, so the session was locked to keep others at this device out.",
        work: KEPT,
        next: "Unlock the session with your password and go on where you were.",
        not_you: "",
    },
    Words {
        code: "absolute",
        kind: Kind::Lock,
        title: "It is time to sign in again",
        happened: "A session may last only so long here, however busy it is. This one has reached that time.",
        work: KEPT,
        next: "Enter your password once more. Both time limits then start afresh.",
        not_you: "",
    },
    Words {
        code: "address_changed",
        kind: Kind::Lock,
        title: "Your network address changed",
        happened: "The session continued from another network address. That is usual after a change of Wi-Fi, on the road or with a VPN; to be sure that it is you, we locked it.",
        work: KEPT,
        next: "Unlock the session with your password. If it happens often, a steadier network or a VPN with a fixed address helps.",
        not_you: "If you did not change networks, unlock the session, then change your password and end the sessions that you don't know.",
    },
    Words {
        code: "location_changed",
        kind: Kind::Lock,
        title: "Your session continued from another place",
        happened: "The last request came from another country or region than the ones before. We locked the session until you confirm that it is you.",
        work: KEPT,
        next: "Unlock the session with your password. A VPN that leaves in another country looks just like this.",
        not_you: "If you are not travelling and use no VPN, unlock the session, change your password and end the sessions that you don't know.",
    },
    Words {
        code: "client_changed",
        kind: Kind::Lock,
        title: "Your browser looks different",
        happened: "The session continued in a browser that describes itself differently than before, for instance after an update or in another mode.",
        work: KEPT,
        next: "Unlock the session with your password.",
        not_you: "If nothing changed at your device, unlock the session, change your password and end the sessions that you don't know.",
    },
    Words {
        code: "device_unproven",
        kind: Kind::Lock,
        title: "Your device could not be confirmed",
        happened: "This session belongs to one device, and the device did not give the proof that we ask for from time to time.",
        work: KEPT,
        next: "Unlock the session with your password. Restarting the browser helps if this comes again.",
        not_you: "If you are at another device than usual, it may be that a cookie was copied. Change your password and end the other sessions.",
    },
    Words {
        code: "provider_token_expired",
        kind: Kind::Lock,
        title: "Your sign-in service asks for you again",
        happened: "You signed in through another service, and its permission has run out and could not be renewed.",
        work: KEPT,
        next: "Sign in through that service once more, and the session goes on.",
        not_you: "",
    },
    Words {
        code: "step_up",
        kind: Kind::Lock,
        title: "Please confirm that it is you",
        happened: "What you are about to do needs a recent sign-in.",
        work: "Nothing is lost; you go on from where you were.",
        next: "Enter your password once more.",
        not_you: "If you did not start this, close the page and change your password.",
    },
    Words {
        code: "confirm_sign_in",
        kind: Kind::Lock,
        title: "Please confirm this sign-in",
        happened: "This sign-in differs from your usual ones, so we ask once more before it can be used.",
        work: KEPT,
        next: "Enter your password once more to confirm.",
        not_you: "If it was not you, do not confirm. Change your password from a device that you trust.",
    },
    Words {
        code: "signed_out",
        kind: Kind::End,
        title: "You signed out",
        happened: "The session was ended by signing out in this browser.",
        work: NOTHING_SENT,
        next: "Sign in again when you want to go on.",
        not_you: "If you did not sign out, somebody else at this device may have. Sign in and look through “Where you are signed in”.",
    },
    Words {
        code: "signed_out_elsewhere",
        kind: Kind::End,
        title: "You signed out from another device",
        happened: "This session was ended from the list “Where you are signed in”, or by signing out everywhere.",
        work: DRAFTS,
        next: "Sign in again if you want to go on here.",
        not_you: CHANGE_PASSWORD,
    },
    Words {
        code: "displaced",
        kind: Kind::End,
        title: "A newer sign-in took the place of this session",
        happened: "Your account may be signed in on a limited number of devices. Somebody signed in on another one, and this session made room for it.",
        work: DRAFTS,
        next: "Sign in again to go on here. You will be asked which of the other sessions should end.",
        not_you: CHANGE_PASSWORD,
    },
    Words {
        code: "ended_by_administrator",
        kind: Kind::End,
        title: "An administrator ended this session",
        happened: "Whoever runs this site ended the session.",
        work: DRAFTS,
        next: "Sign in again. If that is refused or you want to know why, ask them and pass on the support code below.",
        not_you: "",
    },
    Words {
        code: "credential_changed",
        kind: Kind::End,
        title: "Your password was changed",
        happened: "The password of your account changed. All sessions from before the change ended with it.",
        work: DRAFTS,
        next: "Sign in with the new password.",
        not_you: "If you did not change it, tell whoever runs this site at once and pass on the report below.",
    },
    Words {
        code: "provider_signed_out",
        kind: Kind::End,
        title: "You signed out of your sign-in service",
        happened: "You signed in here through another service, and you have been signed out there. This session ended with it.",
        work: DRAFTS,
        next: "Sign in through that service again.",
        not_you: "If you did not sign out there, look at your account with that service.",
    },
    Words {
        code: "token_replayed",
        kind: Kind::End,
        title: "This session was used from two places",
        happened: "A session key that had already been replaced was used again. It may have been copied, so we ended the session to protect you.",
        work: DRAFTS,
        next: "Sign in again. If you restored this browser from a backup or copied its profile, that explains it.",
        not_you: CHANGE_PASSWORD,
    },
    Words {
        code: "impossible_travel",
        kind: Kind::End,
        title: "This session was in two far places at once",
        happened: "Requests came from places too far apart for the time between them, so we ended the session to protect you.",
        work: DRAFTS,
        next: "Sign in again. If a VPN was switched on or off just then, that explains it.",
        not_you: CHANGE_PASSWORD,
    },
    Words {
        code: "risk",
        kind: Kind::End,
        title: "This session was ended to protect your account",
        happened: "Several signs together made it doubtful that the session was still yours.",
        work: DRAFTS,
        next: "Sign in again.",
        not_you: CHANGE_PASSWORD,
    },
    Words {
        code: "corrupted",
        kind: Kind::End,
        title: "This session's record could not be read",
        happened: "The stored record of this one session was damaged on our side. It is nothing that you did, and other sessions are not affected.",
        work: DRAFTS,
        next: "Sign in again. The operator has been told; the support code below helps them.",
        not_you: "",
    },
    Words {
        code: "lock_expired",
        kind: Kind::End,
        title: "The locked session was not unlocked in time",
        happened: "The session was locked and nobody unlocked it while it was kept, so it ended.",
        work: "Work that waited for the unlock has been removed. What was saved before is safe.",
        next: "Sign in again.",
        not_you: "",
    },
    Words {
        code: "different_subject",
        kind: Kind::End,
        title: "Somebody else signed in with this browser",
        happened: "The session was locked, and then another person signed in here. They were given nothing of it; it has ended.",
        work: "Work that waited for the unlock stayed sealed and is removed with the session. What was saved before is safe.",
        next: "Sign in again as yourself.",
        not_you: "If nobody else uses this device, change your password and look through “Where you are signed in”.",
    },
    Words {
        code: "strict_policy",
        kind: Kind::End,
        title: "Your session reached its time limit",
        happened: "This site ends sessions at their time limit instead of locking them.",
        work: DRAFTS,
        next: "Sign in again.",
        not_you: "",
    },
    Words {
        code: "none",
        kind: Kind::Missing,
        title: "You are not signed in",
        happened: "This browser has no session with this site. It is the first visit, or the cookie is gone because the browser was closed or its data was cleared.",
        work: NOTHING_SENT,
        next: "Sign in to go on.",
        not_you: "",
    },
    Words {
        code: "cookie_blocked",
        kind: Kind::Missing,
        title: "Your browser does not keep our cookie",
        happened: "You signed in, but the cookie that should remember it did not come back. Without it, every page would ask you again.",
        work: NOTHING_SENT,
        next: "Allow cookies for this site, then sign in again. An extension that blocks cookies, or a private window, can be the cause too.",
        not_you: "",
    },
    Words {
        code: "cookie_cleared",
        kind: Kind::Missing,
        title: "Your browser has lost the session's cookie",
        happened: "There was a session in this browser, but its cookie is gone. The browser removed it when it was closed or cleaned up, or because another part of this site stored very many cookies.",
        work: DRAFTS,
        next: "Sign in again. To avoid it, let the browser keep this site's cookies.",
        not_you: "",
    },
    Words {
        code: "cookie_malformed",
        kind: Kind::Missing,
        title: "The session's cookie is damaged",
        happened: "The cookie that came with the request is not one that this site could have written. An extension, a security tool or a copy by hand may have changed it.",
        work: DRAFTS,
        next: "Clean up the cookie with the button below and sign in again.",
        not_you: "",
    },
    Words {
        code: "cookie_forged",
        kind: Kind::Missing,
        title: "The session's cookie was not issued here",
        happened: "The cookie looks like one of ours, but its inner check does not fit. It may have been altered, or it comes from another installation with the same address.",
        work: DRAFTS,
        next: "Clean up the cookie with the button below and sign in again.",
        not_you: "",
    },
    Words {
        code: "cookie_unknown",
        kind: Kind::Missing,
        title: "We don't know this session any more",
        happened: "The cookie is genuine, but the session it names is no longer on record. It ended so long ago that the reason is not kept either.",
        work: DRAFTS,
        next: "Sign in again.",
        not_you: "",
    },
    Words {
        code: "cookie_ambiguous",
        kind: Kind::Missing,
        title: "Your browser sent two different session cookies",
        happened: "Two cookies with the same name came with the request, and they name different sessions. We don't guess which one is yours.",
        work: DRAFTS,
        next: "Clean up the cookies with the button below and sign in again.",
        not_you: "",
    },
];

#[cfg(test)]
mod tests {
    use tenure::core::{EndReason, LockReason, MissingReason};

    use super::*;

    #[test]
    fn every_reason_has_words_of_its_own_and_nothing_else_has() {
        let locks = LockReason::ALL.iter().map(|reason| (reason.code(), Kind::Lock));
        let ends = EndReason::ALL.iter().map(|reason| (reason.code(), Kind::End));
        let missing = MissingReason::ALL.iter().map(|reason| (reason.code(), Kind::Missing));
        let mut reasons: Vec<_> = locks.chain(ends).chain(missing).collect();
        let mut written: Vec<_> = WORDS.iter().map(|words| (words.code, words.kind)).collect();
        reasons.sort_by_key(|(code, _)| *code);
        written.sort_by_key(|(code, _)| *code);
        assert_eq!(written, reasons);
        assert!(find("expired").is_none());
        assert_eq!(of(Reason::Locked(LockReason::Idle)).code, "idle");
    }

    #[test]
    fn every_entry_says_what_happened_what_became_of_the_work_and_what_to_do() {
        for words in WORDS {
            for text in [words.happened, words.work, words.next] {
                assert!(text.ends_with('.') && !text.contains("  "), "{}: {text}", words.code);
            }
            assert!(!words.title.is_empty() && !words.title.ends_with('.'), "{}", words.code);
            assert!(words.not_you.is_empty() || words.not_you.ends_with('.'), "{}", words.code);
        }
    }

    #[test]
    fn only_a_lock_promises_that_the_work_comes_back_with_an_unlock() {
        for words in WORDS.iter().filter(|words| words.kind != Kind::Lock) {
            assert_ne!(words.work, KEPT, "{}", words.code);
        }
    }
}
