//! Configurations that cannot work: each is refused with what is wrong and where.

use std::fs;

use tenure_tests::{Setup, Upstream, ports};

use crate::world::{ADA, PASSWORD, World};

/// A configuration with one line, and what the error must name.
fn assert_refused_with(toml: &str, words: &[&str]) {
    let setup = Setup::new(ports::free());
    setup.write_toml(toml);
    let checked = setup.run(&["check"]);
    assert!(!checked.status.success(), "`tenure check` accepts:\n{toml}");
    let checked = String::from_utf8_lossy(&checked.stderr).into_owned();
    let served = setup.start_refused();
    for word in words {
        assert!(checked.contains(word), "`tenure check` does not say {word:?} of\n{toml}\nbut:\n{checked}");
        assert!(served.contains(word), "`tenure serve` does not say {word:?} of\n{toml}\nbut:\n{served}");
    }
}

#[test]
fn broken_toml_is_refused_with_its_line() {
    assert_refused_with("[gateway]\nlisten = \"127.0.0.1:0\nupstream = 3\n", &["tenure.toml", "2"]);
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_known_one() {
    assert_refused_with(
        "[gateway]\nupstream = \"http://127.0.0.1:1\"\n\n[policy]\nidle_timeuot = \"10m\"\n",
        &["tenure.toml", "5", "idle_timeuot", "idle_timeout"],
    );
}

#[test]
fn a_value_that_contradicts_its_preset_is_refused_with_the_requirement() {
    assert_refused_with(
        "[gateway]\nupstream = \"http://127.0.0.1:1\"\n\n[policy]\npreset = \"pci_dss\"\nidle_timeout = \"30m\"\n",
        &["idle_timeout", "PCI DSS"],
    );
}

#[test]
fn a_value_of_the_wrong_kind_is_refused_with_what_would_be_right() {
    assert_refused_with(
        "[gateway]\nupstream = \"http://127.0.0.1:1\"\n\n[policy]\nidle_timeout = \"soon\"\n",
        &["tenure.toml", "5", "idle_timeout", "soon"],
    );
}

#[test]
fn a_configuration_that_is_not_there_is_named() {
    let setup = Setup::new(ports::free());
    let output = setup.run(&["check", "--config", "nowhere.toml"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("nowhere.toml"));
}

#[test]
fn a_port_in_use_is_named() {
    let taken = ports::listener();
    let mut setup = Setup::new(ports::free());
    setup.address = taken.local_addr().unwrap();
    setup.write();
    let said = setup.start_refused();
    assert!(said.contains(&setup.address.to_string()) && said.to_lowercase().contains("in use"), "{said}");
}

#[test]
fn a_file_where_the_data_directory_should_be_is_named() {
    let setup = Setup::new(ports::free());
    fs::write(setup.path("data"), "not a directory").unwrap();
    setup.write();
    let said = setup.start_refused();
    assert!(said.contains("data"), "{said}");
    assert_eq!(fs::read_to_string(setup.path("data")).unwrap(), "not a directory", "and it is left alone");
}

#[test]
fn a_key_ring_that_others_may_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut world = World::start();
    world.tenure.stop();
    let ring = find_key_ring(&world.setup);
    fs::set_permissions(&ring, fs::Permissions::from_mode(0o644)).unwrap();
    let said = world.setup.start_refused();
    assert!(said.contains("chmod 600"), "{said}");
}

/// The file that begins like a key ring, in the folder of the data.
fn find_key_ring(setup: &Setup) -> std::path::PathBuf {
    fs::read_dir(setup.path("data"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"tenure-key-ring")))
        .expect("a key ring in the data directory")
}

#[test]
fn a_second_gateway_on_the_same_data_is_refused() {
    let world = World::start();
    let other = Setup::new(world.upstream.address()).store_path(&world.setup.path("data"));
    other.write();
    let said = other.start_refused();
    assert!(said.contains("data"), "{said}");
    assert_eq!(world.ada().get("/echo").status, 200, "the first one goes on");
}

#[test]
fn a_reload_with_a_broken_configuration_keeps_the_old_one() {
    let upstream = Upstream::start();
    let setup = Setup::new(upstream.address());
    setup.add_user(ADA, PASSWORD);
    let tenure = setup.start();
    let mut browser = tenure.browser();
    browser.sign_in(ADA, PASSWORD);

    setup.write_toml("[gateway]\nlisten = ");
    tenure.reload();
    tenure_tests::until("the log tells of the broken configuration", || {
        tenure.log().contains("tenure.toml").then_some(())
    });
    assert_eq!(browser.get("/echo").status, 200);
}
