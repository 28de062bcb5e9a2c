//! Reports survive restarts, are sealed, are bounded, and go when their time is over.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tenure::clock::{Clock as _, ManualClock};
use tenure::core::{SessionId, Timestamp};
use tenure::keys::{KeyRing, SharedKeys};

use super::{Draft, NotTaken, Reports};

const DAY: Duration = Duration::from_secs(86_400);

struct Stage {
    folder: TempDir,
    keys: SharedKeys,
    clock: Arc<ManualClock>,
}

impl Stage {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::from_millis(1_795_000_000_000)));
        let keys = SharedKeys::new(KeyRing::generate(clock.now()).unwrap());
        Self { folder: TempDir::new().unwrap(), keys, clock }
    }

    fn open(&self) -> Reports {
        Reports::open(self.folder.path(), self.keys.clone(), self.clock.clone()).unwrap()
    }
}

fn draft(session: Option<u8>) -> Draft {
    Draft {
        session: session.map(|byte| SessionId::from_bytes([byte; 16])),
        reason: "idle".into(),
        text: "Reason: idle".into(),
        words: "the harbour form was gone".into(),
    }
}

fn from(last: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, last])
}

#[tokio::test]
async fn a_report_survives_a_restart_and_lies_sealed_on_the_disk() {
    let stage = Stage::new();
    let id = stage.open().take(draft(Some(1)), from(1), DAY).await.unwrap();
    let report = stage.open().find(id).unwrap();
    assert_eq!((report.words.as_str(), report.network.as_str()), ("the harbour form was gone", "192.0.2.1"));
    assert_eq!(stage.open().of_session(SessionId::from_bytes([1; 16])).len(), 1);
    let lying = std::fs::read(stage.folder.path().join(id.to_string())).unwrap();
    assert!(!lying.windows(7).any(|part| part == b"harbour"));
}

#[tokio::test]
async fn a_damaged_report_is_left_out_and_the_others_are_there() {
    let stage = Stage::new();
    let reports = stage.open();
    let (damaged, whole) = (
        reports.take(draft(None), from(1), DAY).await.unwrap(),
        reports.take(draft(None), from(1), DAY).await.unwrap(),
    );
    let path = stage.folder.path().join(damaged.to_string());
    let mut bytes = std::fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let reports = stage.open();
    assert!(reports.find(damaged).is_none() && reports.find(whole).is_some());
}

#[tokio::test]
async fn a_report_goes_when_its_time_is_over() {
    let stage = Stage::new();
    let reports = stage.open();
    reports.take(draft(None), from(1), DAY).await.unwrap();
    stage.clock.advance(DAY + Duration::from_secs(1));
    reports.expire();
    assert!(reports.list().is_empty());
    assert_eq!(std::fs::read_dir(stage.folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn one_session_and_one_network_send_a_few_and_others_still_can() {
    let stage = Stage::new();
    let reports = stage.open();
    for _ in 0..5 {
        reports.take(draft(Some(1)), from(1), DAY).await.unwrap();
    }
    assert!(matches!(reports.take(draft(Some(1)), from(2), DAY).await, Err(NotTaken::TooMany { .. })));
    for _ in 0..5 {
        reports.take(draft(Some(2)), from(1), DAY).await.unwrap();
    }
    let Err(NotTaken::TooMany { wait }) = reports.take(draft(Some(3)), from(1), DAY).await else {
        panic!("the network has sent enough")
    };
    assert_eq!(wait, Duration::from_secs(3600));
    reports.take(draft(Some(3)), from(2), DAY).await.unwrap();
    stage.clock.advance(wait);
    reports.take(draft(Some(4)), from(1), DAY).await.unwrap();
}

#[tokio::test]
async fn strangers_without_a_session_cannot_crowd_out_those_who_have_one() {
    let stage = Stage::new();
    let reports = stage.open();
    for number in 0..200_u8 {
        reports.take(draft(None), from(number), DAY).await.unwrap();
    }
    assert!(matches!(reports.take(draft(None), from(201), DAY).await, Err(NotTaken::TooMany { .. })));
    reports.take(draft(Some(1)), from(201), DAY).await.unwrap();
}

#[tokio::test]
async fn a_disk_that_fails_takes_nothing_and_says_so() {
    let stage = Stage::new();
    let reports = stage.open();
    std::fs::remove_dir(stage.folder.path()).unwrap();
    std::fs::write(stage.folder.path(), "no folder").unwrap();
    assert!(matches!(reports.take(draft(None), from(1), DAY).await, Err(NotTaken::Failed(_))));
    assert!(reports.list().is_empty());
    std::fs::remove_file(stage.folder.path()).unwrap();
}
