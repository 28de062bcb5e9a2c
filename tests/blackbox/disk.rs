//! A disk that is full: what cannot be made durable is not acknowledged, and nothing that was is lost.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

use tenure_tests::forms::Form;
use tenure_tests::process::Process;
use tenure_tests::{Browser, Setup, Upstream, until};

use crate::world::{ADA, GRACE, PASSWORD};

#[test]
fn on_a_full_disk_sign_ins_are_refused_honestly_and_sessions_go_on() {
    let upstream = Upstream::start();
    let setup = Setup::new(upstream.address()).policy("max_sessions = 1000").more(
        "[[route]]\npath = \"/echo/strict/*\"\nidle_timeout = \"1s\"\nabsolute_timeout = \"1s\"\nwarn_before = \"0s\"",
    );
    setup.add_user(ADA, PASSWORD);
    setup.add_user(GRACE, PASSWORD);
    let kept = setup.path("kept");
    copy(&setup.path("data"), &kept);

    // The data directory on a small file system of its own, in a mount namespace that ends with the process.
    let serve = setup.command(&["serve"]);
    let mut command = Command::new("unshare");
    command.args(["--mount", "--map-root-user", "sh", "-c"]);
    command.arg("mount -t tmpfs -o size=24m tmpfs data && cp -a kept/. data/ && exec \"$0\" serve");
    command.arg(serve.get_program()).current_dir(setup.path("."));
    let mut process = Process::start(&mut command).expect("unshare (package util-linux)");
    until("the gateway serves from the small disk", || {
        if let Some(status) = process.exited() {
            panic!("it exited ({status}):\n{}", process.written());
        }
        std::net::TcpStream::connect(setup.admin).ok()
    });

    let mut ada = Browser::new(setup.address);
    until("the gateway is ready", || {
        (ada.try_send(tenure_tests::Request::new("GET", "/.tenure/session")).ok()?.status == 200)
            .then_some(())
    });
    ada.sign_in(ADA, PASSWORD);

    let mut locked = Browser::new(setup.address);
    locked.sign_in(ADA, PASSWORD);
    until("it locks", || (locked.fetch("GET", "/echo/strict/").status == 401).then_some(()));
    let work = Form { action: "/echo/save".into(), fields: vec![("text".into(), "x".repeat(1 << 20))] };

    let data = PathBuf::from(format!("/proc/{}/root{}", process.id(), setup.path("data").display()));
    let filler = data.join("filler");
    fill(&filler);

    let mut grace = Browser::new(setup.address);
    let refused = until("a sign-in meets the full disk", || {
        fill(&filler);
        let answer = Browser::new(setup.address).try_sign_in("/.tenure/sign-in", GRACE, PASSWORD);
        (answer.status != 303).then_some(answer)
    });
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert!(refused.header("retry-after").is_some());
    assert_eq!(ada.get("/echo").status, 200, "whoever is signed in goes on");
    let not_kept = locked.submit(&work);
    assert_eq!(not_kept.status, 507, "{}", not_kept.text());
    assert_eq!(fs::read_dir(data.join("kept")).unwrap().count(), 0, "nothing half stays");

    fs::remove_file(&filler).unwrap();
    until("sign-ins work again once there is room", || {
        (grace.try_sign_in("/.tenure/sign-in", GRACE, PASSWORD).status == 303).then_some(())
    });
    assert_eq!(ada.get("/echo").status, 200);
    let kept = locked.submit(&work);
    assert!(kept.location().contains("&kept=kept_"), "{} {}", kept.status, kept.location());
}

fn fill(path: &PathBuf) {
    let Ok(mut file) = fs::OpenOptions::new().create(true).append(true).open(path) else { return };
    for size in [64 * 1024, 512, 1] {
        while file.write_all(&vec![0; size]).is_ok() {}
    }
}

fn copy(from: &PathBuf, to: &PathBuf) {
    fs::create_dir_all(to).unwrap();
    if !from.exists() {
        fs::create_dir_all(from).unwrap();
    }
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
