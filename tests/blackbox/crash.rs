//! `kill -9` under load, fifty times: what was acknowledged is there afterwards, and what has ended stays so.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use tenure_tests::forms::Form;
use tenure_tests::{Browser, Request, Response};

use crate::world::{ADA, PASSWORD, World};

const KILLS: usize = 50;
const WORKERS: usize = 4;
/// How far a deadline may be off for reasons of measuring: answers travel, and are cut to milliseconds.
const TOLERANCE: Duration = Duration::from_millis(250);

/// What the strict route allows, and some more because a sign-in takes its time.
const STRICT_LIMIT: Duration = Duration::from_millis(1250);

/// What the session of a browser must be after a crash.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Active,
    Locked,
    Ended,
}

/// A session, and what the gateway has acknowledged about it.
struct Known {
    browser: Browser,
    state: State,
    /// What it was asked to become when the gateway was killed: it may have, or may not.
    asked: Option<State>,
    /// The idle deadline that was promised.
    promised: Instant,
    /// When it was made.
    signed_in: Instant,
}

/// Counts what was acknowledged, so that the kill comes in the middle of work and not by a clock.
#[derive(Default)]
struct Progress {
    acknowledged: AtomicUsize,
    changed: (Mutex<()>, Condvar),
}

#[test]
fn nothing_acknowledged_is_lost_and_nothing_ended_comes_back() {
    let mut world = World::with(|setup| {
        setup
            .policy("idle_timeout = \"10m\"\nabsolute_timeout = \"1h\"\nmax_sessions = 100000\non_excess = \"refuse\"")
            // A session older than a second is locked by a visit here.
            .more("[[route]]\npath = \"/echo/strict/*\"\nidle_timeout = \"1s\"\nabsolute_timeout = \"1s\"\nwarn_before = \"0s\"")
    });
    let mut sessions: Vec<Vec<Known>> = (0..WORKERS).map(|_| Vec::new()).collect();
    let mut acknowledged = 0;

    for kill in 0..KILLS {
        let progress = Progress::default();
        let address = world.tenure.address;
        thread::scope(|scope| {
            for (worker, known) in sessions.iter_mut().enumerate() {
                let progress = &progress;
                // It ends with the first answer that does not come.
                scope.spawn(move || work(address, known, kill + worker, progress));
            }
            progress.wait_for(5 + kill % 16);
            world.tenure.kill();
        });
        acknowledged += progress.acknowledged.load(Ordering::SeqCst);
        world.tenure = world.setup.start_as_written();
        for known in sessions.iter_mut().flatten() {
            verify(known, kill);
        }
    }

    let of = |state| sessions.iter().flatten().filter(|known| known.state == state).count();
    println!(
        "{KILLS} kills, {acknowledged} acknowledged changes; {} active, {} locked, {} ended",
        of(State::Active),
        of(State::Locked),
        of(State::Ended),
    );
    assert!(of(State::Active) > 0 && of(State::Locked) > 0 && of(State::Ended) > 0, "every kind was tried");
}

impl Progress {
    fn acknowledge(&self) {
        self.acknowledged.fetch_add(1, Ordering::SeqCst);
        self.changed.1.notify_all();
    }

    fn wait_for(&self, count: usize) {
        let guard = self.changed.0.lock().unwrap();
        let (_guard, waited) = self
            .changed
            .1
            .wait_timeout_while(guard, tenure_tests::poll::PATIENCE, |()| {
                self.acknowledged.load(Ordering::SeqCst) < count
            })
            .unwrap();
        assert!(!waited.timed_out(), "the gateway does not get {count} things done");
    }
}

/// Signs in, extends, locks and signs out in turn, until the gateway is killed.
fn work(address: SocketAddr, known: &mut Vec<Known>, seed: usize, progress: &Progress) -> io::Result<()> {
    for step in seed.. {
        match step % 5 {
            0 | 2 => {
                let browser = sign_in(address)?;
                known.push(Known {
                    browser,
                    state: State::Active,
                    asked: None,
                    promised: Instant::now() + Duration::from_secs(600) - TOLERANCE,
                    signed_in: Instant::now(),
                });
            }
            1 => {
                let Some(session) = pick(known, step) else { continue };
                let before = Instant::now();
                let request =
                    session.browser.scripted(client(Request::new("POST", "/.tenure/session/extend")));
                let answer = session.browser.try_send(request)?;
                assert_eq!(answer.status, 200, "{}", answer.text());
                session.promised = idle_deadline(&answer, before);
            }
            3 => {
                let oldest = known
                    .iter_mut()
                    .filter(|known| known.state == State::Active && known.signed_in.elapsed() > STRICT_LIMIT)
                    .min_by_key(|known| known.signed_in);
                let Some(session) = oldest else { continue };
                session.asked = Some(State::Locked);
                let request = session.browser.scripted(Request::new("GET", "/echo/strict/"));
                let answer = session.browser.try_send(request)?;
                assert_eq!(answer.status, 401, "it is older than this route allows: {}", answer.text());
                (session.state, session.asked) = (State::Locked, None);
            }
            _ => {
                let Some(session) = pick(known, step) else { continue };
                session.asked = Some(State::Ended);
                // A thief's copy of the cookies stays behind: it must never open anything again.
                let cookies = session.browser.clone_cookies();
                let request = session.browser.scripted(client(Request::new("POST", "/.tenure/sign-out")));
                let answer = session.browser.try_send(request)?;
                assert!(answer.status < 400, "{}: {}", answer.status, answer.text());
                session.browser.cookies = cookies;
                (session.state, session.asked) = (State::Ended, None);
            }
        }
        progress.acknowledge();
    }
    Ok(())
}

/// Some active session; another one at each step.
fn pick(known: &mut [Known], step: usize) -> Option<&mut Known> {
    let count = known.iter().filter(|known| known.state == State::Active).count();
    known.iter_mut().filter(|known| known.state == State::Active).nth(step % count.max(1))
}

fn sign_in(address: SocketAddr) -> io::Result<Browser> {
    let mut browser = Browser::new(address);
    let page = browser.try_send(Browser::navigation(Request::new("GET", "/.tenure/sign-in")))?;
    let form = Form::find(&page.text(), "/sign-in").fill("username", ADA).fill("password", PASSWORD);
    let request = browser.submission(&form);
    let answer = browser.try_send(request)?;
    assert_eq!(answer.status, 303, "{}", answer.text());
    Ok(browser)
}

/// Compares a session with what was acknowledged; only the state that was asked for may differ.
fn verify(known: &mut Known, kill: usize) {
    let before = Instant::now();
    let answer = known.browser.send(known.browser.scripted(client(Request::new("GET", "/.tenure/session"))));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let json = answer.json();
    let state = match json["state"].as_str() {
        Some("active") => State::Active,
        Some("locked") => State::Locked,
        Some("ended") => State::Ended,
        _ => panic!("after kill {kill}: a session that was acknowledged is gone: {json}"),
    };
    assert!(
        state == known.state || Some(state) == known.asked,
        "after kill {kill}: {state:?} instead of {:?} (asked for: {:?}): {json}",
        known.state,
        known.asked,
    );
    if state == State::Ended {
        assert_eq!(json["reason"], "signed_out", "after kill {kill}");
    }
    if state == State::Active {
        let deadline = idle_deadline(&answer, before);
        assert!(
            deadline + TOLERANCE >= known.promised,
            "after kill {kill}: {:?} of the promised time are missing",
            known.promised - deadline,
        );
        known.promised = known.promised.max(deadline);
    }
    (known.state, known.asked) = (state, None);
}

fn client(request: Request) -> Request {
    request.with("Tenure-Client", "1")
}

/// The idle deadline that an answer promises at least.
fn idle_deadline(answer: &Response, before: Instant) -> Instant {
    let remaining = answer.json()["idle_remaining_ms"].as_f64().expect("idle_remaining_ms");
    before + Duration::from_secs_f64(remaining.max(0.0) / 1000.0)
}
