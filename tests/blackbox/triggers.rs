//! The ways in which sessions end in real life, made to happen for real: the page that the person sees names the
//! reason. Idle is in `life`, too many sessions in `limits`, restarts in `crash`.

use fjall::KeyspaceCreateOptions;
use tenure_tests::{Browser, Request, until};

use crate::world::{ADA, PASSWORD, World, assert_refused, seen_once};

/// The page that explains, for a browser whose session this reason has stopped.
fn why(browser: &mut Browser, reason: &str) -> String {
    assert_refused(&browser.fetch("GET", "/echo"), reason);
    let page = browser.visit("/.tenure/why");
    assert_eq!(page.status, 200);
    let text = page.text();
    assert!(text.contains(&format!("Reason: {reason}")), "{text}");
    text
}

#[test]
fn the_absolute_limit_locks_however_busy_a_person_is_and_both_clocks_restart_after_it() {
    let world = World::with(|setup| {
        setup.policy("idle_timeout = \"2s\"\nabsolute_timeout = \"3s\"\nwarn_before = \"1s\"")
    });
    let mut browser = world.ada();
    until("the absolute limit, under constant activity", || {
        (browser.fetch("GET", "/echo").status == 401).then_some(())
    });
    why(&mut browser, "absolute");
    assert_eq!(browser.try_unlock(PASSWORD).status, 303);
    let state = browser.get("/.tenure/session").json();
    assert_eq!(state["state"], "active");
    assert!(state["absolute_remaining_ms"].as_u64().unwrap() > 2000, "{state}");
}

#[test]
fn an_administrator_who_ends_a_session_is_named() {
    let world = World::start();
    let mut browser = world.ada();
    let id = seen_once(&browser.get("/echo"), "tenure-session");
    let ended = world.setup.run(&["sessions", "end", &id, "--json"]);
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    why(&mut browser, "ended_by_administrator");
}

#[test]
fn another_password_ends_all_sessions_of_the_account() {
    let world = World::start();
    let (mut here, mut there) = (world.ada(), world.ada());
    let changed =
        world.setup.run_with_input(&["user", "passwd", ADA, "--password-stdin"], "quite another password\n");
    assert!(changed.status.success(), "{}", String::from_utf8_lossy(&changed.stderr));
    until("the sessions end", || (here.fetch("GET", "/echo").status == 401).then_some(()));
    why(&mut here, "credential_changed");
    until("all of them", || (there.fetch("GET", "/echo").status == 401).then_some(()));
    assert_ne!(world.tenure.browser().try_sign_in("/.tenure/sign-in", ADA, PASSWORD).status, 303);
}

#[test]
fn a_disabled_account_loses_its_sessions_and_cannot_sign_in() {
    let world = World::start();
    let mut browser = world.ada();
    assert!(world.setup.run(&["user", "disable", ADA]).status.success());
    until("the session ends", || (browser.fetch("GET", "/echo").status == 401).then_some(()));
    why(&mut browser, "ended_by_administrator");
    assert_ne!(world.tenure.browser().try_sign_in("/.tenure/sign-in", ADA, PASSWORD).status, 303);
}

#[test]
fn damaged_session_data_is_one_explained_ending_and_everybody_else_goes_on() {
    let mut world = World::start();
    let (mut hurt, mut well) = (world.ada(), world.ada());
    let id = seen_once(&hurt.get("/echo"), "tenure-session");
    world.tenure.stop();
    damage(&world, &id);
    world.tenure = world.setup.start();
    why(&mut hurt, "corrupted");
    assert_eq!(seen_once(&well.get("/echo"), "tenure-subject"), ADA);
    hurt.sign_in(ADA, PASSWORD);
    assert_eq!(seen_once(&hurt.get("/echo"), "tenure-subject"), ADA);
}

/// Flips a bit of a stored session, as failing hardware does.
fn damage(world: &World, id: &str) {
    let digits = id.strip_prefix("ses_").unwrap();
    let key: Vec<u8> =
        (0..32).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect();
    let database = fjall::Database::builder(world.setup.path("data/sessions")).open().unwrap();
    let sessions = database.keyspace("sessions", KeyspaceCreateOptions::default).unwrap();
    let mut value = sessions.get(&key).unwrap().expect("the stored session").to_vec();
    *value.last_mut().unwrap() ^= 1;
    sessions.insert(key, value).unwrap();
    database.persist(fjall::PersistMode::SyncAll).unwrap();
}

#[test]
fn a_token_that_was_replaced_and_is_used_again_ends_the_session() {
    let world = World::with(|setup| {
        setup.policy("idle_timeout = \"2s\"\nabsolute_timeout = \"1h\"\nwarn_before = \"1s\"\nrotation_overlap = \"0s\"")
    });
    let mut browser = world.ada();
    let stolen = browser.cookie("tenure").unwrap().to_owned();
    let mut copy = world.tenure.browser();
    copy.set_cookie("tenure", &stolen);
    until("the session locks", || {
        (browser.get("/.tenure/session").json()["state"] == "locked").then_some(())
    });
    assert_eq!(browser.try_unlock(PASSWORD).status, 303);
    assert_eq!(browser.get("/echo").status, 200);
    assert_refused(&copy.fetch("GET", "/echo"), "token_replayed");
    why(&mut browser, "token_replayed");
}

#[test]
fn a_route_may_ask_for_a_fresh_authentication_and_the_rest_goes_on() {
    let world =
        World::with(|setup| setup.more("[[route]]\npath = \"/echo/vault/*\"\nstep_up_within = \"1s\"\n"));
    let mut browser = world.ada();
    let refused = until("the authentication is too old", || {
        let answer = browser.fetch("GET", "/echo/vault/x");
        (answer.status == 401).then_some(answer)
    });
    let challenge = refused.header("www-authenticate").unwrap_or_default();
    assert!(
        challenge.contains("insufficient_user_authentication") && challenge.contains("max_age=1"),
        "{challenge}"
    );
    assert_eq!(refused.json()["session_state"], "active");
    assert_eq!(browser.get("/echo").status, 200, "the rest goes on");
}

#[test]
fn routes_differ_and_a_reload_takes_effect_at_once_or_not_at_all() {
    let world = World::with(|setup| setup.more("[[route]]\npath = \"/echo/open\"\naccess = \"public\"\n"));
    let mut nobody = world.tenure.browser();
    assert_eq!(nobody.get("/echo/open").status, 200);
    assert_refused(&nobody.fetch("GET", "/echo/%6fpen/../closed"), "none");

    let valid = world.setup.toml();
    world.setup.write_toml(&valid.replace("/echo/open", "/echo/other"));
    world.tenure.reload();
    until("the route is closed", || (nobody.fetch("GET", "/echo/open").status == 401).then_some(()));
    world.setup.write_toml(&valid.replace("access = \"public\"", "access = \"pubic\""));
    world.tenure.reload();
    until("the mistake is told", || {
        world.tenure.log().contains("the old configuration goes on").then_some(())
    });
    assert_eq!(nobody.get("/echo/other").status, 200, "what was in force goes on");
}

#[test]
fn a_socket_of_another_site_is_refused() {
    let world = World::start();
    let mut browser = world.ada();
    let upgrade = |origin: String| {
        Request::new("GET", "/echo")
            .with("Connection", "Upgrade")
            .with("Upgrade", "websocket")
            .with("Sec-WebSocket-Version", "13")
            .with("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==")
            .with("Origin", origin)
    };
    let foreign = upgrade("https://evil.example".into()).with("Sec-Fetch-Site", "cross-site");
    assert_eq!(browser.send(foreign).status, 403);
}
