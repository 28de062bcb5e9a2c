//! How much is kept, and what is said beyond that.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use tenure_tests::{Request, Tenure, until};

use super::steps::{
    files, folder, form, keep, kept_id, lasting, lock, most_memory, until_nothing_is_kept, world,
};
use crate::world::World;

const GIB: u64 = 1 << 30;
const MIB: u64 = 1 << 20;

/// Sends the head of a request, and then zeros for as long as they are taken. Gives the answer and how much was taken.
fn pour(tenure: &Tenure, head: &Request, most: u64, chunked: bool) -> (String, u64) {
    let mut stream = TcpStream::connect(tenure.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut head = head.to_bytes();
    if chunked {
        // A request of the tests announces a length, which chunks do not have.
        let text = String::from_utf8(head).unwrap();
        head = text.replace("Content-Length: 0\r\n", "Transfer-Encoding: chunked\r\n").into_bytes();
    } else {
        let text = String::from_utf8(head).unwrap();
        head = text.replace("Content-Length: 0\r\n", &format!("Content-Length: {most}\r\n")).into_bytes();
    }
    stream.write_all(&head).unwrap();
    let mut writer = stream.try_clone().unwrap();
    let pouring = thread::spawn(move || {
        let zeros = vec![0; 1 << 20];
        let mut taken = 0;
        while taken < most {
            let sent = if chunked {
                writer
                    .write_all(b"100000\r\n")
                    .and_then(|()| writer.write_all(&zeros))
                    .and_then(|()| writer.write_all(b"\r\n"))
            } else {
                writer.write_all(&zeros)
            };
            if sent.is_err() {
                break;
            }
            taken += zeros.len() as u64;
        }
        taken
    });
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        answer.extend_from_slice(&buffer[..count]);
    }
    (String::from_utf8_lossy(&answer).into_owned(), pouring.join().unwrap())
}

#[test]
fn ten_gigabytes_are_refused_honestly_fill_no_disk_and_no_memory() {
    let world = world();
    let mut browser = world.ada();
    lock(&mut browser);
    keep(&mut browser, "/echo/first", "a=b");
    let before = most_memory(&world.tenure);
    for chunked in [false, true] {
        let request = browser.dress(form(&browser, "/echo/huge", ""));
        let (answer, taken) = pour(&world.tenure, &request, 10 * GIB, chunked);
        assert!(answer.starts_with("HTTP/1.1 413 "), "chunked {chunked}: {answer}");
        assert!(
            answer.contains("This could not be kept") && answer.contains("larger than 32 MiB"),
            "{answer}"
        );
        assert!(taken < 200 * MIB, "chunked {chunked}: {taken} bytes were taken");
        until("nothing of it stays", || (files(&world.setup).len() == 1).then_some(()));
    }
    let more = most_memory(&world.tenure).saturating_sub(before);
    assert!(more < 16 * 1024, "{more} KiB of memory more");
}

#[test]
fn a_body_as_large_as_allowed_is_kept_in_little_memory_and_one_byte_more_is_not() {
    let world = world();
    let mut browser = world.ada();
    lock(&mut browser);
    keep(&mut browser, "/weigh/first", "a=b");
    let before = most_memory(&world.tenure);
    let mut body = vec![b'x'; 32 << 20];
    keep(&mut browser, "/weigh/all", body.clone());
    let more = most_memory(&world.tenure).saturating_sub(before);
    assert!(more < 16 * 1024, "{more} KiB of memory more for 32 MiB");
    body.push(b'x');
    let answer = browser.send(form(&browser, "/weigh/more", body));
    assert_eq!(answer.status, 413, "{}", answer.text());
    assert!(answer.text().contains("larger than 32 MiB"));
    assert_eq!(files(&world.setup).len(), 2);
}

#[test]
fn a_person_and_all_together_have_their_shares() {
    let world = World::with(|setup| {
        lasting(setup)
            .gateway("max_kept_body = \"100KiB\"\nmax_kept_per_person = \"200KiB\"\nmax_kept = \"300KiB\"")
    });
    let (mut ada, mut grace) = (world.ada(), world.tenure.browser());
    grace.sign_in(crate::world::GRACE, crate::world::PASSWORD);
    lock(&mut ada);
    lock(&mut grace);
    let body = vec![b'x'; 90 * 1024];
    keep(&mut ada, "/echo/1", body.clone());
    keep(&mut ada, "/echo/2", body.clone());
    let refused = ada.send(form(&ada, "/echo/3", body.clone()));
    assert_eq!(refused.status, 413);
    assert!(refused.text().contains("more than 200 KiB"), "{}", refused.text());
    keep(&mut grace, "/echo/1", body.clone());
    let refused = grace.send(form(&grace, "/echo/2", body));
    assert_eq!(refused.status, 413);
    assert!(refused.text().contains("no room for it"), "{}", refused.text());
    assert_eq!(files(&world.setup).len(), 3);
}

#[test]
fn a_site_may_keep_nothing() {
    let world = World::with(|setup| lasting(setup).gateway("max_kept_body = 0"));
    let mut browser = world.ada();
    lock(&mut browser);
    let refused = browser.send(form(&browser, "/echo/1", "a=b"));
    assert_eq!(refused.status, 413);
    assert!(refused.text().contains("keeps nothing"), "{}", refused.text());
    assert!(files(&world.setup).is_empty());
}

#[test]
fn what_is_kept_is_gone_after_its_time() {
    let world = World::with(|setup| {
        setup
            .policy("idle_timeout = \"10m\"\nabsolute_timeout = \"1h\"\nkeep_work_for = \"3s\"")
            .more("[[route]]\npath = \"/echo/strict/*\"\nidle_timeout = \"1s\"\nabsolute_timeout = \"1s\"\nwarn_before = \"0s\"\nkeep_work_for = \"1h\"")
    });
    let mut browser = world.ada();
    lock(&mut browser);
    let (id, answer) = keep(&mut browser, "/echo/1", "a=b");
    super::steps::unlock(&mut browser, answer);
    until("its time has passed", || {
        (browser.get(&format!("/.tenure/kept/{id}")).status == 410).then_some(())
    });
    until_nothing_is_kept(&world.setup);
}

#[test]
fn a_disk_that_says_no_is_told_and_nothing_half_stays() {
    let world = world();
    let mut browser = world.ada();
    lock(&mut browser);
    let folder = folder(&world.setup);
    std::fs::remove_dir(&folder).unwrap();
    let refused = browser.send(form(&browser, "/echo/1", "a=b"));
    assert_eq!(refused.status, 507, "{}", refused.text());
    assert!(refused.text().contains("could not be written"), "{}", refused.text());
    std::fs::create_dir(&folder).unwrap();
    let answer = browser.send(form(&browser, "/echo/1", "a=b"));
    kept_id(&answer);
}

#[test]
fn a_route_can_switch_it_off_and_the_person_is_told() {
    let world = World::with(|setup| {
        lasting(setup).more("[[route]]\npath = \"/echo/private/*\"\nkeep_requests = \"off\"")
    });
    let mut browser = world.ada();
    lock(&mut browser);
    let request = form(&browser, "/echo/private/save", "title=Minutes");
    let answer = browser.send(request);
    assert_eq!((answer.status, answer.location().contains("kept=")), (303, false), "{}", answer.location());
    assert!(browser.follow(answer).text().contains("this part of the site keeps nothing"));
    until_nothing_is_kept(&world.setup);
    keep(&mut browser, "/echo/save", "title=Minutes");
}
