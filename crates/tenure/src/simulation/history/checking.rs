//! Whether an answer keeps what was promised.

use crate::core::*;
use crate::service::*;

use super::super::model::Account;
use super::{Answer, Before, Crashes, History, Verdict, What};

impl<S: Crashes> History<S> {
    pub(super) fn check(&mut self, what: What, began: &Before, alone: bool, answer: Answer) -> Verdict {
        let now = crate::clock::Clock::now(&*self.clock);
        if let (Some(session), true) = (what.session(), what.is_active()) {
            let account = &mut self.accounts[session];
            account.active_in_flight -= 1;
        }
        let counts_as_activity = match &answer {
            Answer::Judged(judged) => judged.as_ref().map_or(true, Outcome::passes),
            Answer::Unlocked(result) => result.is_ok(),
            Answer::Renewed(result) => result.is_ok(),
            _ => false,
        };
        let verdict = match answer {
            Answer::Judged(judged) => self.check_judged(what, began, alone, now, judged),
            Answer::SignedIn(result) => self.note_sign_in(what, alone, now, result),
            Answer::Unlocked(result) => self.check_unlocked(what, began, alone, result),
            Answer::Renewed(result) => self.check_renewed(what, began, alone, result),
            Answer::Locked(result) => self.note_lock(what, alone, result),
            Answer::Ended(result) => self.check_ended(what, began, result),
            Answer::OthersEnded(result) => {
                self.tell(format_args!("{what:?}: {result:?}"));
                for id in result.unwrap_or_default() {
                    self.ended(id, EndReason::SignedOutElsewhere)?;
                }
                Ok(())
            }
            Answer::Swept => {
                self.tell(format_args!("swept"));
                Ok(())
            }
        };
        if let (Some(session), true) = (what.session(), what.is_active()) {
            let account = &mut self.accounts[session];
            account.activity_changes += 1;
            if counts_as_activity {
                account.active_until(now);
            }
        }
        verdict
    }

    fn account(&mut self, what: What) -> &mut Account {
        &mut self.accounts[what.session().expect("the answer is about a session")]
    }

    /// An ending was acknowledged.
    fn ended(&mut self, id: SessionId, reason: EndReason) -> Verdict {
        let Some(account) = self.accounts.iter_mut().find(|account| account.id == id) else {
            self.ended_before_known.push((id, reason));
            return Ok(());
        };
        match account.ended.or(account.seen_ended) {
            Some(before) if before != reason => {
                Err(format!("{id} had ended with {before}, and now with {reason}"))
            }
            _ => {
                account.ended = Some(reason);
                account.seen_ended = Some(reason);
                Ok(())
            }
        }
    }

    fn check_judged(
        &mut self,
        what: What,
        began: &Before,
        alone: bool,
        now: Timestamp,
        judged: Result<Outcome, crate::store::Unavailable>,
    ) -> Verdict {
        let short = match &judged {
            Ok(outcome) => match outcome.reason() {
                Some(reason) => reason.code().to_owned(),
                None => "passes".to_owned(),
            },
            Err(error) => error.to_string(),
        };
        self.tell(format_args!("{what:?}: {short}"));
        let Ok(outcome) = judged else { return Ok(()) };
        let account = self.account(what);
        let still_newest = what.token().is_some_and(|token| token + 1 == account.tokens.len());
        let newest = began.newest && still_newest;
        let promised = newest && alone && account.is_promised(now);
        let alone_active = began.alone_active && account.activity_changes == began.activity_changes;
        if promised && !outcome.passes() {
            return Err(format!("{what:?} was promised to pass, and was answered {short}"));
        }
        if outcome.passes() {
            if began.ended.is_some() {
                return Err(format!("{what:?} passes although the session had ended"));
            }
            if began.locked && account.locked {
                return Err(format!("{what:?} passes although the session was locked"));
            }
            if began.over && alone && alone_active {
                return Err(format!("{what:?} passes although a limit had been reached"));
            }
            if newest && let Some(deadlines) = outcome.deadlines() {
                account.promise(deadlines);
            }
        }
        match outcome {
            Outcome::Locked { .. } | Outcome::StepUp { .. } if began.ended.is_some() => {
                return Err(format!("{what:?} finds an ended session {short}"));
            }
            Outcome::Ended { reason, .. } => {
                if began.ended.or(account.seen_ended).is_some_and(|before| before != reason) {
                    return Err(format!("{what:?}: the reason of the ending has changed to {reason}"));
                }
                let replayed = reason == EndReason::TokenReplayed;
                if replayed && alone && account.certain && account.newest_seen.is_none() {
                    return Err(format!("{what:?}: ended by a replay, but nobody has used the newer token"));
                }
                account.seen_ended = Some(reason);
            }
            _ => {}
        }
        self.demanded += u64::from(promised);
        Ok(())
    }

    fn note_sign_in(
        &mut self,
        what: What,
        alone: bool,
        now: Timestamp,
        result: Result<SignedIn, SignInError>,
    ) -> Verdict {
        let What::SignIn { who } = what else { return Ok(()) };
        let signed_in = match result {
            Ok(signed_in) => signed_in,
            Err(error) => {
                self.tell(format_args!("{what:?}: {error}"));
                return Ok(());
            }
        };
        let place = self.accounts.len();
        self.tell(format_args!("{what:?}: session {place}, displacing {}", signed_in.displaced.len()));
        for displaced in &signed_in.displaced {
            self.ended(displaced.id, EndReason::Displaced)?;
        }
        let mut account = Account::new(&signed_in.session, who, signed_in.token.expose(), &self.policy);
        account.active_until(now);
        // Another sign-in in flight may have displaced it before it was answered.
        account.certain = alone;
        let id = account.id;
        self.accounts.push(account);
        match self.ended_before_known.iter().find(|(ended, _)| *ended == id) {
            Some(&(id, reason)) => self.ended(id, reason),
            None => Ok(()),
        }
    }

    fn check_unlocked(
        &mut self,
        what: What,
        began: &Before,
        alone: bool,
        result: Result<SignedIn, UnlockError>,
    ) -> Verdict {
        let What::Unlock { who, .. } = what else { return Ok(()) };
        match result {
            Ok(unlocked) if self.account(what).owner != who => {
                Err(format!("{what:?}: {} was unlocked by somebody else", unlocked.session.id))
            }
            Ok(unlocked) => {
                self.tell(format_args!("{what:?}: unlocked"));
                self.renewed(what, began, alone, &unlocked)
            }
            Err(error) => {
                self.tell(format_args!("{what:?}: {error}"));
                if began.locked && alone {
                    self.account(what).locked = true;
                }
                match error {
                    UnlockError::NotLocked if began.locked && alone => {
                        Err(format!("{what:?}: the session was locked, and is not any more"))
                    }
                    UnlockError::Ended { .. } => self.not_certain_any_more(what),
                    _ => Ok(()),
                }
            }
        }
    }

    fn check_renewed(
        &mut self,
        what: What,
        began: &Before,
        alone: bool,
        result: Result<SignedIn, RenewError>,
    ) -> Verdict {
        match result {
            Ok(renewed) => {
                self.tell(format_args!("{what:?}: renewed"));
                if began.locked && self.account(what).locked {
                    return Err(format!("{what:?}: a locked session got a new token"));
                }
                self.renewed(what, began, alone, &renewed)
            }
            Err(error) => {
                self.tell(format_args!("{what:?}: {error}"));
                match error {
                    RenewError::Ended { .. } => self.not_certain_any_more(what),
                    _ => Ok(()),
                }
            }
        }
    }

    /// The time may have ended it, or the replay of an old token: later answers tell.
    fn not_certain_any_more(&mut self, what: What) -> Verdict {
        self.account(what).certain = false;
        Ok(())
    }

    fn renewed(&mut self, what: What, began: &Before, alone: bool, renewed: &SignedIn) -> Verdict {
        if began.ended.is_some() {
            return Err(format!("{what:?}: an ended session got a new token"));
        }
        self.note_late_requests(what);
        let policy = self.policy.clone();
        self.account(what).renewed(&renewed.session, renewed.token.expose(), alone, &policy);
        Ok(())
    }

    /// Requests in flight have an old token from now on. If they are late, that is a replay.
    fn note_late_requests(&mut self, what: What) {
        let owner = self.account(what).owner;
        for task in &mut self.tasks {
            let same = task.what.session() == what.session();
            let request = matches!(task.what, What::Request { .. } | What::Extend { .. });
            if same && request && std::mem::take(&mut task.began.newest) {
                self.changing[owner] += 1;
                self.changes[owner] += 1;
            }
        }
    }

    fn note_lock(
        &mut self,
        what: What,
        alone: bool,
        result: Result<LockOutcome, crate::store::Unavailable>,
    ) -> Verdict {
        self.tell(format_args!("{what:?}: {result:?}"));
        match result {
            Ok(LockOutcome::Locked) if alone => self.account(what).locked = true,
            Ok(LockOutcome::Ended(ending)) => self.account(what).seen_ended = Some(ending.reason),
            _ => self.account(what).certain = false,
        }
        Ok(())
    }

    fn check_ended(
        &mut self,
        what: What,
        began: &Before,
        result: Result<Endings, crate::store::Unavailable>,
    ) -> Verdict {
        self.tell(format_args!("{what:?}: {result:?}"));
        match result {
            Ok(Endings::Now(_)) if began.ended.is_some() => {
                Err(format!("{what:?}: the session had ended before, and has ended again"))
            }
            Ok(Endings::Now(ending) | Endings::Before(ending)) => {
                let id = self.account(what).id;
                self.ended(id, ending.reason)
            }
            Ok(Endings::Unknown) | Err(_) => Ok(()),
        }
    }
}
