//! The commands that people run beside a gateway.

use tenure_tests::{Setup, ports};

use crate::world::{ADA, PASSWORD, World, assert_refused};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn every_command_has_help_with_an_example() {
    let setup = Setup::new(ports::free());
    for command in
        ["demo", "serve", "check", "user", "sessions", "explain", "keys", "doctor", "support-bundle"]
    {
        let output = setup.run(&[command, "--help"]);
        assert!(output.status.success(), "{command}: {}", text(&output.stderr));
        assert!(text(&output.stdout).contains(&format!("tenure {command}")), "{command}");
    }
    assert_eq!(setup.run(&["no-such-command"]).status.code(), Some(2));
}

#[test]
fn check_tells_the_effective_policy() {
    let setup = Setup::new(ports::free()).policy("idle_timeout = \"7m\"");
    setup.write();
    let output = setup.run(&["check"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("7m"), "{}", text(&output.stdout));
}

#[test]
fn a_session_is_listed_explained_and_ended_from_the_command_line() {
    let world = World::start();
    let mut browser = world.ada();
    let session = browser.get("/echo");
    let id = crate::world::seen_once(&session, "tenure-session");

    let list = world.setup.run(&["sessions", "list", "--json"]);
    assert!(list.status.success(), "{}", text(&list.stderr));
    assert!(text(&list.stdout).contains(&id), "{}", text(&list.stdout));

    let ended = world.setup.run(&["sessions", "end", &id]);
    assert!(ended.status.success(), "{}", text(&ended.stderr));
    assert_refused(&browser.fetch("GET", "/echo"), "ended_by_administrator");

    let explained = world.setup.run(&["explain", &id]);
    assert!(explained.status.success(), "{}", text(&explained.stderr));
    assert!(text(&explained.stdout).contains("ended_by_administrator"), "{}", text(&explained.stdout));
}

#[test]
fn keys_are_rotated_and_nobody_is_signed_out() {
    let mut world = World::start();
    let mut browser = world.ada();
    let rotated = world.setup.run(&["keys", "rotate"]);
    assert!(rotated.status.success(), "{}", text(&rotated.stderr));
    assert_eq!(browser.get("/echo").status, 200);
    assert_eq!(world.ada().get("/echo").status, 200);
    world.tenure.stop();
    world.tenure = world.setup.start();
    assert_eq!(browser.get("/echo").status, 200);
}

#[test]
fn an_account_that_is_disabled_or_gets_a_new_password_is_signed_out_and_told() {
    let world = World::start();
    let mut browser = world.ada();
    let changed =
        world.setup.run_with_input(&["user", "passwd", ADA, "--password-stdin"], "another long password\n");
    assert!(changed.status.success(), "{}", text(&changed.stderr));
    tenure_tests::until("the change of the password is noticed", || {
        (browser.fetch("GET", "/echo").status == 401).then_some(())
    });
    assert_refused(&browser.fetch("GET", "/echo"), "credential_changed");
    let old = world.tenure.browser().try_sign_in("/.tenure/sign-in", ADA, PASSWORD);
    assert_ne!(old.status, 303, "the old password is no longer good");
    world.tenure.browser().sign_in(ADA, "another long password");
}
