//! Mistakes of the process, the application, and the clock.

use std::io::{Read as _, Write as _};
use std::process::Command;
use std::thread;

use tenure_tests::{Setup, Upstream, ports};

use super::examine;
use crate::world::World;

/// An application that answers everything with these headers.
fn application(headers: &'static str) -> std::net::SocketAddr {
    let listener = ports::listener();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 4096]);
            let _ =
                write!(stream, "HTTP/1.1 200 OK\r\n{headers}Content-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    address
}

#[test]
fn a_gateway_that_does_not_run_is_found() {
    let setup = Setup::new(Upstream::start().address());
    setup.write();
    let report = examine(&setup, &[]);
    report.says("gateway", "problem", "no gateway answers");
    report.says("cookie", "not_tried", "");
}

#[test]
fn two_gateways_for_one_store_are_found() {
    let world = World::start();
    let toml = world.setup.toml();
    let other = toml
        .replace(&world.setup.address.to_string(), &ports::free().to_string())
        .replace(&world.setup.admin.to_string(), &ports::free().to_string());
    world.setup.write_toml(&other);
    let report = examine(&world.setup, &[]);
    report.says("store_owner", "problem", &format!("process {}", world.tenure.id()));
    report.says("gateway", "problem", "no gateway answers");
}

#[test]
fn too_few_file_descriptors_are_found() {
    let world = World::start();
    let process = world.tenure.id().to_string();
    let limited = Command::new("prlimit").args(["--pid", &process, "--nofile=512:512"]).status().unwrap();
    assert!(limited.success());
    examine(&world.setup, &[]).says("file_descriptors", "problem", "512");
}

#[test]
fn an_administration_listener_for_everybody_is_found() {
    let upstream = Upstream::start();
    let mut setup = Setup::new(upstream.address());
    setup.admin = std::net::SocketAddr::from(([0, 0, 0, 0], setup.admin.port()));
    let _tenure = setup.start();
    examine(&setup, &[]).says("admin_listener", "warning", "other machines");
}

#[test]
fn an_application_that_is_not_there_is_found() {
    let setup = Setup::new(ports::free());
    let _tenure = setup.start();
    let report = examine(&setup, &[]);
    report.says("upstream", "problem", "does not answer");
    report.says("upstream_caching", "not_tried", "");
}

#[test]
fn an_application_with_another_clock_is_found() {
    let setup = Setup::new(application("Date: Mon, 06 Jan 2020 10:00:00 GMT\r\n"));
    let _tenure = setup.start();
    examine(&setup, &[]).says("clock", "problem", "apart");
}

#[test]
fn an_application_that_lets_caches_keep_its_pages_is_found() {
    let setup = Setup::new(application("Cache-Control: public, max-age=600\r\n"));
    let _tenure = setup.start();
    examine(&setup, &[]).says("upstream_caching", "warning", "public");
}
