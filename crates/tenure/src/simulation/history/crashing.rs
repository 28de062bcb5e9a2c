//! Crashes, and whether what was promised before them is kept.

use std::sync::Arc;

use super::{Crashes, History, PEOPLE, Verdict, What};
use crate::clock::Clock as _;

impl<S: Crashes> History<S> {
    /// A crash, or some in a row, and then perhaps whether a promise of right before is kept.
    pub(super) async fn crash_and_claim(&mut self) -> Verdict {
        loop {
            if self.rng.percent(60) {
                self.finish_all().await?;
                self.request_what_is_promised(true).await?;
            }
            self.crash().await;
            match self.rng.below(100) {
                0..30 => {}
                30..60 => return self.claim_a_promise().await,
                _ => return Ok(()),
            }
        }
    }

    async fn crash(&mut self) {
        let crash = self.clock.now();
        self.tell(format_args!("CRASH"));
        self.tasks.clear();
        let sessions = self.sessions.take().and_then(Arc::into_inner).expect("no task holds it any more");
        let store = sessions.into_store().0.crash_and_reopen(&mut self.rng).await;
        self.open(store);
        let (now, idle) = (self.clock.now(), self.policy.idle_timeout() + S::LENIENCE);
        for account in &mut self.accounts {
            account.crashed(crash, now, idle, self.changing[account.owner] > 0);
        }
        self.changing = [0; PEOPLE.len()];
        self.changes.iter_mut().for_each(|changes| *changes += 1);
        self.tell(format_args!("open again"));
    }

    fn promised_to(&self) -> Option<usize> {
        let now = self.clock.now();
        (0..self.accounts.len()).rev().find(|&session| self.accounts[session].is_promised(now))
    }

    async fn request_what_is_promised(&mut self, active: bool) -> Verdict {
        let Some(session) = self.promised_to() else { return Ok(()) };
        let token = self.accounts[session].tokens.len() - 1;
        self.begin_task(What::Request { session, token, active });
        self.finish_all().await
    }

    /// Waits until right before a promise ends, and asks whether it is kept.
    async fn claim_a_promise(&mut self) -> Verdict {
        let Some(session) = self.promised_to() else { return Ok(()) };
        let left = self.accounts[session].promised_until().since(self.clock.now());
        self.pass((left.as_millis() as u64).saturating_sub(20));
        self.request_what_is_promised(false).await
    }
}
