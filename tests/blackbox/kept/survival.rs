//! Crashes, restarts, and applications that are not there.

use std::net::TcpListener;
use std::thread;

use tenure_tests::{Connection, Setup, until};

use super::steps::{
    files, folder, form, keep, lasting, lock, press_send, unlock, until_nothing_is_kept, world,
};
use crate::world::{ADA, PASSWORD, World};

#[test]
fn what_is_kept_survives_a_kill_between_keeping_and_unlocking() {
    let mut world = world();
    let mut browser = world.ada();
    lock(&mut browser);
    let (_, answer) = keep(&mut browser, "/echo/save", "title=Minutes");
    world.tenure.kill();
    world.tenure = world.setup.start_as_written();
    let unlocked = unlock(&mut browser, answer);
    let page = browser.follow(unlocked);
    assert!(page.text().contains("Minutes"), "{}", page.text());
    world.tenure.kill();
    world.tenure = world.setup.start_as_written();
    assert_eq!(press_send(&mut browser, &page).json()["body"], "title=Minutes");
    until_nothing_is_kept(&world.setup);
}

#[test]
fn what_a_kill_leaves_half_written_is_removed_at_the_next_start() {
    let mut world = world();
    let mut browser = world.ada();
    lock(&mut browser);
    let request = browser.dress(form(&browser, "/echo/save", vec![b'x'; 4 << 20]));
    let bytes = request.to_bytes();
    let mut upload = Connection::open(world.tenure.address).unwrap();
    upload.write(&bytes[..2 << 20]).unwrap();
    until("half of it is on the disk", || {
        let mut sizes = files(&world.setup).into_iter().filter_map(|name| {
            let size = std::fs::metadata(folder(&world.setup).join(&name)).ok()?.len();
            name.ends_with(".part").then_some(size)
        });
        sizes.next().filter(|size| *size > 1 << 20)
    });
    world.tenure.kill();
    world.tenure = world.setup.start_as_written();
    assert!(files(&world.setup).is_empty());
    assert!(browser.get("/.tenure/session").json()["state"] == "locked");
}

#[test]
fn an_upload_that_breaks_off_leaves_nothing() {
    let world = world();
    let mut browser = world.ada();
    lock(&mut browser);
    let bytes = browser.dress(form(&browser, "/echo/save", vec![b'x'; 4 << 20])).to_bytes();
    let mut upload = Connection::open(world.tenure.address).unwrap();
    upload.write(&bytes[..2 << 20]).unwrap();
    until("it has begun", || (!files(&world.setup).is_empty()).then_some(()));
    drop(upload);
    until_nothing_is_kept(&world.setup);
}

#[test]
fn what_could_not_be_sent_because_the_application_is_down_waits_again() {
    let world = World::with(|setup| {
        let down = tenure_tests::ports::free();
        lasting(setup).more(&format!("[[route]]\npath = \"/down/*\"\nupstream = \"http://{down}\""))
    });
    let mut browser = world.ada();
    lock(&mut browser);
    let (id, answer) = keep(&mut browser, "/down/save", "title=Minutes");
    let unlocked = unlock(&mut browser, answer);
    let page = browser.follow(unlocked);
    for _ in 0..2 {
        let failed = press_send(&mut browser, &page);
        assert_eq!(failed.status, 502, "{}", failed.text());
        let again = browser.get(&format!("/.tenure/kept/{id}"));
        assert!(again.text().contains("Send it now") && again.text().contains("Minutes"), "{}", again.text());
    }
}

#[test]
fn what_may_have_arrived_is_not_sent_again_but_can_still_be_read() {
    let application = TcpListener::bind("127.0.0.1:0").unwrap();
    let setup = lasting(Setup::new(application.local_addr().unwrap()));
    // It takes every request and hangs up.
    thread::spawn(move || {
        for stream in application.incoming().map_while(Result::ok) {
            let mut reader = std::io::BufReader::new(stream);
            let _ = std::io::BufRead::read_line(&mut reader, &mut String::new());
        }
    });
    setup.add_user(ADA, PASSWORD);
    let mut tenure = setup.start();
    let mut browser = tenure.browser();
    browser.sign_in(ADA, PASSWORD);
    lock(&mut browser);
    let (id, answer) = keep(&mut browser, "/echo/save", "title=Minutes");
    let unlocked = unlock(&mut browser, answer);
    let page = browser.follow(unlocked);
    assert_eq!(press_send(&mut browser, &page).status, 502);
    for restarted in [false, true] {
        if restarted {
            tenure.kill();
            tenure = setup.start_as_written();
        }
        let page_now = browser.get(&format!("/.tenure/kept/{id}"));
        let text = page_now.text();
        assert!(text.contains("It may have arrived") && text.contains("Minutes"), "{text}");
        assert!(!text.contains("/replay"), "there is no button to send it");
        assert_eq!(press_send(&mut browser, &page).status, 410);
        assert!(browser.get("/.tenure/kept").text().contains("May have arrived"));
    }
}
