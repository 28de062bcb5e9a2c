//! One random history: what is done, and whether each answer keeps what was promised.

use std::fmt::Write as _;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use crate::clock::{Clock as _, ManualClock};
use crate::core::*;
use crate::keys::{KeyRing, SharedKeys};
use crate::service::*;
use crate::store::*;

use super::medium::Crashes;
use super::model::Account;
use super::rng::Rng;
use super::schedule::{Gated, step};
use what::What;

const HOST: &str = "wiki.example.com";
const PEOPLE: [&str; 3] = ["ada", "bob", "eve"];
const LIMIT: u32 = 2;
const STEPS: usize = 400;
const MOST_IN_FLIGHT: usize = 6;

enum Answer {
    Judged(Result<Outcome, Unavailable>),
    SignedIn(Result<SignedIn, SignInError>),
    Unlocked(Result<SignedIn, UnlockError>),
    Renewed(Result<SignedIn, RenewError>),
    Locked(Result<LockOutcome, Unavailable>),
    Ended(Result<Endings, Unavailable>),
    OthersEnded(Result<Vec<SessionId>, Unavailable>),
    Swept,
}

struct Task {
    what: What,
    running: Pin<Box<dyn Future<Output = Answer>>>,
    began: Before,
}

/// What was known when a task began.
#[derive(Clone, Copy)]
struct Before {
    /// Nothing else that may change the session was in flight.
    alone: bool,
    changes: u64,
    newest: bool,
    locked: bool,
    ended: Option<EndReason>,
    over: bool,
    alone_active: bool,
    activity_changes: u64,
}

pub(crate) struct History<S: Crashes> {
    rng: Rng,
    clock: Arc<ManualClock>,
    keys: SharedKeys,
    policy: Policy,
    sessions: Option<Arc<Sessions<Gated<S>>>>,
    accounts: Vec<Account>,
    /// Sessions that were displaced before their own sign-in was answered.
    ended_before_known: Vec<(SessionId, EndReason)>,
    /// Per person: how many tasks that may change their sessions are in flight, and how often that
    /// number has changed.
    changing: [usize; PEOPLE.len()],
    changes: [u64; PEOPLE.len()],
    tasks: Vec<Task>,
    told: String,
    demanded: u64,
}

type Verdict = Result<(), String>;

impl<S: Crashes> History<S> {
    pub(crate) async fn begin(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let clock = Arc::new(ManualClock::at(Timestamp::from_millis(1_700_000_000_000)));
        let on_excess = rng.pick(&[OnExcess::Ask, OnExcess::EndOldest, OnExcess::Refuse]);
        let policy = Policy::builder(Preset::Custom)
            .idle_timeout(Duration::from_secs(60))
            .absolute_timeout(Duration::from_secs(400))
            .warn_before(Duration::from_secs(20))
            .keep_work_for(Duration::from_secs(300))
            .explain_for(Duration::from_secs(300))
            .rotation_overlap(Duration::from_secs(5))
            .max_sessions(NonZeroU32::new(LIMIT))
            .on_excess(on_excess)
            .build()
            .unwrap();
        let keys = SharedKeys::new(KeyRing::generate(Timestamp::EPOCH).unwrap());
        let store = S::create(Arc::clone(&clock)).await;
        let mut history = Self {
            rng,
            clock,
            keys,
            policy,
            sessions: None,
            accounts: Vec::new(),
            ended_before_known: Vec::new(),
            changing: [0; PEOPLE.len()],
            changes: [0; PEOPLE.len()],
            tasks: Vec::new(),
            told: String::new(),
            demanded: 0,
        };
        history.open(store);
        history
    }

    /// What happened, line by line.
    pub(crate) fn told(&self) -> &str {
        &self.told
    }

    /// How often the model demanded that a request passes, and it did.
    pub(crate) fn demanded_passes(&self) -> u64 {
        self.demanded
    }

    pub(crate) async fn run(&mut self) -> Verdict {
        for _ in 0..STEPS {
            match self.rng.below(100) {
                0..12 if self.tasks.len() < MOST_IN_FLIGHT => self.start(),
                0..84 if !self.tasks.is_empty() => self.go_on().await?,
                84..93 => self.let_time_pass(),
                93 => self.crash_and_claim().await?,
                _ => self.start_request(),
            }
            self.check_limits().await?;
        }
        self.finish_all().await
    }

    async fn finish_all(&mut self) -> Verdict {
        while !self.tasks.is_empty() {
            self.go_on().await?;
            self.check_limits().await?;
        }
        Ok(())
    }

    fn open(&mut self, store: S) {
        let sessions =
            Sessions::new(Gated(store), self.keys.clone(), self.clock.clone(), self.policy.clone());
        self.sessions = Some(Arc::new(sessions));
    }

    fn sessions(&self) -> Arc<Sessions<Gated<S>>> {
        Arc::clone(self.sessions.as_ref().expect("closed only within a crash"))
    }

    fn tell(&mut self, line: std::fmt::Arguments<'_>) {
        let now = self.clock.now().as_millis() - 1_700_000_000_000;
        let _ = writeln!(self.told, "{:>9.3} s  {line}", now as f64 / 1000.0);
    }

    fn let_time_pass(&mut self) {
        let jump = match self.rng.below(100) {
            0..40 => self.rng.below(2_000) as u64,
            40..60 => self.rng.below(20_000) as u64,
            60..90 => self.until_a_promise_ends(),
            90..97 => self.rng.below(400_000) as u64,
            _ => self.rng.below(900_000) as u64,
        };
        self.pass(jump);
        self.tell(format_args!("... after {jump} ms"));
    }

    fn pass(&self, millis: u64) {
        self.sessions().store().0.pass(&self.clock, Duration::from_millis(millis));
    }

    /// Right before, at or after the moment until which a session was promised to pass.
    fn until_a_promise_ends(&mut self) -> u64 {
        let Some((session, _)) = self.any_token() else { return 0 };
        let until = self.accounts[session].promised_until().as_millis();
        let left = until.saturating_sub(self.clock.now().as_millis());
        (left + self.rng.pick(&[0, 1, 300])).saturating_sub(self.rng.pick(&[1, 2, 4, 300]))
    }

    async fn check_limits(&self) -> Verdict {
        for who in PEOPLE {
            // Past the gates, so that no task moves meanwhile.
            let records = self.sessions().store().0.list(&Subject::new(who).unwrap()).await;
            let live = records.map_err(|error| error.to_string())?;
            let live = live.iter().filter(|record| record.session.is_live()).count();
            if live > LIMIT as usize {
                return Err(format!("{who} has {live} live sessions; the limit is {LIMIT}"));
            }
        }
        Ok(())
    }

    fn any_token(&mut self) -> Option<(usize, usize)> {
        if self.accounts.is_empty() {
            return None;
        }
        // Whatever happens to one session at the same time is the most interesting.
        let back = if self.rng.percent(60) { 1 } else { 5 };
        let session = self.accounts.len() - 1 - self.rng.below(self.accounts.len().min(back));
        let tokens = self.accounts[session].tokens.len();
        let token = if self.rng.percent(80) { tokens - 1 } else { self.rng.below(tokens) };
        Some((session, token))
    }

    fn start_request(&mut self) {
        match self.any_token() {
            Some((session, token)) => {
                let active = self.rng.percent(70);
                self.begin_task(What::Request { session, token, active });
            }
            None => self.start(),
        }
    }

    fn start(&mut self) {
        let who = self.rng.below(PEOPLE.len());
        let Some((session, token)) = self.any_token() else { return self.begin_task(What::SignIn { who }) };
        let owner = self.accounts[session].owner;
        let what = match self.rng.below(100) {
            0..30 => What::Request { session, token, active: true },
            30..38 => What::SignIn { who },
            38..45 => What::Lock { session },
            45..60 => What::Unlock { session, token, who: if self.rng.percent(80) { owner } else { who } },
            60..68 => What::Rotate { session, token },
            68..73 => What::StepUp { session, token },
            73..81 => What::Extend { session, token },
            81..86 => What::Lock { session },
            86..91 => What::End { session },
            91..93 => What::EndOthers { session },
            _ => What::Sweep,
        };
        self.begin_task(what);
    }

    /// Whose sessions a task may change in ways that the passing of time alone would not.
    fn changes_whom(&self, what: What) -> Option<usize> {
        match what {
            What::Request { session, token, .. } | What::Extend { session, token } => {
                let account = &self.accounts[session];
                (token + 1 < account.tokens.len()).then_some(account.owner)
            }
            What::SignIn { who } => Some(who),
            What::Unlock { session, .. }
            | What::Rotate { session, .. }
            | What::StepUp { session, .. }
            | What::Lock { session }
            | What::End { session }
            | What::EndOthers { session } => Some(self.accounts[session].owner),
            What::Sweep => None,
        }
    }

    fn begin_task(&mut self, what: What) {
        let now = self.clock.now();
        let running = self.running(what);
        let whom = self.changes_whom(what);
        let owner = whom.or_else(|| what.session().map(|session| self.accounts[session].owner));
        let mut began = Before {
            alone: owner.is_none_or(|owner| self.changing[owner] == 0),
            changes: 0,
            newest: true,
            locked: false,
            ended: None,
            over: false,
            alone_active: true,
            activity_changes: 0,
        };
        if let Some(whom) = whom {
            self.changing[whom] += 1;
            self.changes[whom] += 1;
        }
        began.changes = owner.map_or(0, |owner| self.changes[owner]);
        if let Some(session) = what.session() {
            let account = &mut self.accounts[session];
            began.newest = what.token().is_none_or(|token| token + 1 == account.tokens.len());
            (began.locked, began.ended) = (account.locked, account.ended);
            began.over = account.is_over(now, &self.policy);
            began.alone_active = account.active_in_flight == 0;
            if what.is_active() {
                account.active_in_flight += 1;
                account.activity_changes += 1;
            }
            began.activity_changes = account.activity_changes;
            if what.token().is_some() && began.newest {
                account.newest_seen.get_or_insert(now);
            }
            if let What::Unlock { .. } = what {
                account.locked = false;
            }
        }
        self.tell(format_args!("begins {what:?}"));
        self.tasks.push(Task { what, running, began });
    }

    fn running(&mut self, what: What) -> Pin<Box<dyn Future<Output = Answer>>> {
        let (sessions, policy) = (self.sessions(), self.policy.clone());
        let here = Audience::of_host(HOST);
        let text = match (what.session(), what.token()) {
            (Some(session), Some(token)) => self.accounts[session].tokens[token].clone(),
            _ => String::new(),
        };
        let id = what.session().map(|session| self.accounts[session].id);
        let proof =
            |who: usize| Proof { subject: Subject::new(PEOPLE[who]).unwrap(), assurance: Assurance::Aal1 };
        let owner = what.session().map(|session| self.accounts[session].owner).unwrap_or_default();
        let device = Device::default();
        match what {
            What::Request { active, .. } => Box::pin(async move {
                let request = if active { Request::active(&policy) } else { Request::passive(&policy) };
                Answer::Judged(sessions.judge(&text, here, &request).await)
            }),
            What::Extend { .. } => {
                Box::pin(async move { Answer::Judged(sessions.extend(&text, here, &policy).await) })
            }
            What::SignIn { who } => {
                let mut sign_in = SignIn::new(proof(who).subject, Assurance::Aal1, HOST);
                if self.rng.percent(50) {
                    let theirs: Vec<SessionId> = self
                        .accounts
                        .iter()
                        .filter(|account| account.owner == who)
                        .map(|account| account.id)
                        .collect();
                    sign_in.replace = (!theirs.is_empty()).then(|| self.rng.pick(&theirs));
                }
                Box::pin(async move { Answer::SignedIn(sessions.sign_in(sign_in, &policy).await) })
            }
            What::Unlock { who, .. } => Box::pin(async move {
                Answer::Unlocked(sessions.unlock(&text, here, proof(who), device, &policy).await)
            }),
            What::Rotate { .. } => {
                Box::pin(async move { Answer::Renewed(sessions.rotate(&text, here, &policy).await) })
            }
            What::StepUp { .. } => Box::pin(async move {
                Answer::Renewed(sessions.step_up(&text, here, proof(owner), device, &policy).await)
            }),
            What::Lock { .. } => Box::pin(async move {
                let id = id.expect("a lock is of a session");
                Answer::Locked(sessions.lock(id, LockReason::ConfirmSignIn, Actor::Administrator).await)
            }),
            What::End { .. } => {
                let reason = self.rng.pick(&[EndReason::SignedOut, EndReason::Risk]);
                Box::pin(async move {
                    let id = id.expect("an ending is of a session");
                    Answer::Ended(sessions.end(id, reason, Actor::Person).await)
                })
            }
            What::EndOthers { .. } => Box::pin(async move {
                let keep = id.expect("somebody is kept");
                let subject = proof(owner).subject;
                Answer::OthersEnded(sessions.end_others(&subject, here, keep, Actor::Person).await)
            }),
            What::Sweep => Box::pin(async move {
                let _ = sessions.sweep(8).await;
                Answer::Swept
            }),
        }
    }

    async fn go_on(&mut self) -> Verdict {
        // No two things happen at the same moment, so that their order does not hang on random ids.
        self.pass(1);
        let place = self.rng.below(self.tasks.len());
        let Poll::Ready(answer) = step(&mut self.tasks[place].running).await else { return Ok(()) };
        let Task { what, began, .. } = self.tasks.swap_remove(place);
        let whom = self.changes_whom_began(what, &began);
        let owner = whom.or_else(|| what.session().map(|session| self.accounts[session].owner));
        let alone = began.alone && owner.is_none_or(|owner| self.changes[owner] == began.changes);
        if let Some(whom) = whom {
            self.changing[whom] -= 1;
            self.changes[whom] += 1;
        }
        self.check(what, &began, alone, answer)
    }

    /// As when the task began: a token that was the newest then may not be any more.
    fn changes_whom_began(&self, what: What, began: &Before) -> Option<usize> {
        match what {
            What::Request { .. } | What::Extend { .. } if began.newest => None,
            What::Request { session, .. } | What::Extend { session, .. } => {
                Some(self.accounts[session].owner)
            }
            what => self.changes_whom(what),
        }
    }
}

mod checking;
mod crashing;
mod what;
