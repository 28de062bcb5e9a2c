//! Mistakes on disk.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use tenure_tests::{Setup, Upstream};

use super::examine;
use crate::world::{ADA, PASSWORD, World};

fn open_to_others(path: &std::path::Path) {
    fs::set_permissions(path, Permissions::from_mode(0o644)).unwrap();
}

#[test]
fn nothing_is_wrong_with_a_gateway_that_is_set_up_well() {
    let world = World::start();
    let report = examine(&world.setup, &[]);
    report.is_all_well_but(&[]);
    for check in ["streams", "websockets", "body_limit", "cookie", "store_owner", "proxy_spoofing", "clock"] {
        report.says(check, "ok", "");
    }
}

#[test]
fn a_key_ring_that_others_may_read_is_found() {
    let world = World::start();
    open_to_others(&world.setup.path("data/keys"));
    examine(&world.setup, &[]).says("key_ring", "problem", "others may read");
}

#[test]
fn a_token_that_others_may_read_is_found() {
    let world = World::start();
    open_to_others(&world.setup.path("admin-token"));
    examine(&world.setup, &[]).says("admin_token", "problem", "others may read");
}

#[test]
fn a_token_that_is_not_the_gateways_is_found() {
    let world = World::start();
    fs::write(world.setup.path("admin-token"), "another-token-that-is-long-enough\n").unwrap();
    examine(&world.setup, &[]).says("admin_token", "problem", "does not take");
}

#[test]
fn accounts_that_others_may_read_or_that_are_not_there_are_found() {
    let world = World::start();
    open_to_others(&world.setup.path("data/accounts"));
    examine(&world.setup, &[]).says("accounts_file", "problem", "others may read");
    fs::remove_file(world.setup.path("data/accounts")).unwrap();
    examine(&world.setup, &[]).says("accounts_file", "warning", "nobody can sign in");
}

#[test]
fn a_store_folder_that_others_may_look_into_is_found() {
    let world = World::start();
    fs::set_permissions(world.setup.path("data"), Permissions::from_mode(0o755)).unwrap();
    examine(&world.setup, &[]).says("store_folder", "problem", "others may look into");
}

#[test]
fn a_small_disk_is_found() {
    let upstream = Upstream::start();
    let setup = Setup::new(upstream.address());
    setup.add_user(ADA, PASSWORD);
    // On a small file system of its own, in a mount namespace that ends with the process.
    let doctor = setup.command(&[]);
    let mut command = Command::new("unshare");
    command.args(["--mount", "--map-root-user", "sh", "-c"]);
    command.arg("mount -t tmpfs -o size=8m,mode=0700 tmpfs data && exec \"$0\" doctor --json");
    let output = command.arg(doctor.get_program()).current_dir(setup.path(".")).output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    let findings = report["findings"].as_array().unwrap();
    let space = findings.iter().find(|finding| finding["check"] == "store_space").unwrap();
    assert_eq!(space["status"], "problem", "{space}");
}

#[test]
fn a_configuration_that_cannot_be_used_is_named_and_not_examined() {
    let setup = Setup::new(tenure_tests::ports::free());
    setup.write_toml("[gateway]\nlisten = \"nowhere\"\n");
    let output = setup.run(&["doctor"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("gateway.listen"));
}
