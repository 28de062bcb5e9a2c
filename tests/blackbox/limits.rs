//! The limit of sessions: concurrent sign-ins, and what the one that made room is told.

use std::thread;

use tenure_tests::forms::Form;

use crate::world::{ADA, PASSWORD, World, assert_refused};

#[test]
fn a_person_beyond_the_limit_chooses_which_session_to_end_and_that_one_is_told() {
    let world = World::with(|setup| setup.policy("max_sessions = 1\non_excess = \"ask\""));
    let mut first = world.ada();
    let mut second = world.tenure.browser();

    let question = second.try_sign_in("/.tenure/sign-in", ADA, PASSWORD);
    assert_eq!(question.status, 200, "{}", question.text());
    assert_eq!(second.cookie("tenure"), None, "nobody is signed in before the choice");
    assert_eq!(first.get("/echo").status, 200, "and nobody is signed out");

    let choice = Form::find(&question.text(), "/sign-in");
    assert!(choice.value("end_session").is_some_and(|id| id.starts_with("ses_")));
    let chosen = second.submit(&choice);
    assert_eq!(chosen.status, 303, "{}", chosen.text());
    assert_eq!(second.get("/echo").status, 200);

    assert_refused(&first.fetch("GET", "/echo"), "displaced");
    let why = first.visit("/.tenure/why").text();
    assert!(why.contains("Firefox") && why.contains("127.0.0.1"), "it says from where: {why}");
}

#[test]
fn with_end_oldest_the_session_used_least_recently_makes_room() {
    let world = World::with(|setup| setup.policy("max_sessions = 2\non_excess = \"end_oldest\""));
    let (mut first, mut second) = (world.ada(), world.ada());
    let mut third = world.ada();
    assert_refused(&first.fetch("GET", "/echo"), "displaced");
    assert_eq!(second.get("/echo").status, 200);
    assert_eq!(third.get("/echo").status, 200);
}

#[test]
fn with_refuse_one_more_sign_in_is_refused_and_says_so() {
    let world = World::with(|setup| setup.policy("max_sessions = 1\non_excess = \"refuse\""));
    let mut first = world.ada();
    let mut second = world.tenure.browser();
    let refused = second.try_sign_in("/.tenure/sign-in", ADA, PASSWORD);
    assert_ne!(refused.status, 303, "{}", refused.text());
    assert_eq!(second.cookie("tenure"), None);
    assert_eq!(first.get("/echo").status, 200);
}

#[test]
fn simultaneous_sign_ins_never_get_past_the_limit() {
    let world = World::with(|setup| setup.policy("max_sessions = 1\non_excess = \"refuse\""));
    let let_in = thread::scope(|scope| {
        let attempts: Vec<_> = (0..8)
            .map(|_| {
                let mut browser = world.tenure.browser();
                scope.spawn(move || browser.try_sign_in("/.tenure/sign-in", ADA, PASSWORD).status == 303)
            })
            .collect();
        attempts.into_iter().map(|attempt| attempt.join().unwrap()).filter(|&passed| passed).count()
    });
    assert_eq!(let_in, 1);
}
