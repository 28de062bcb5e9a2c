use std::time::Duration;

use http_body_util::BodyExt as _;
use tempfile::TempDir;
use tenure::clock::ManualClock;
use tenure::keys::KeyRing;

use super::*;
use crate::kept::{Limits, NotKept};

const LIMITS: Limits = Limits { body: 1 << 20, person: 3 << 20, total: 4 << 20 };
const HOST: &str = "a.example";

struct Shop {
    folder: TempDir,
    keys: SharedKeys,
    clock: Arc<ManualClock>,
}

impl Shop {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            keys: SharedKeys::new(KeyRing::generate(Timestamp::EPOCH).unwrap()),
            clock: Arc::new(ManualClock::at(Timestamp::from_millis(1_000))),
        }
    }

    fn open(&self) -> Kept {
        Kept::open(self.folder.path(), self.keys.clone(), self.clock.clone()).unwrap()
    }

    fn files(&self) -> Vec<String> {
        let names = std::fs::read_dir(self.folder.path()).unwrap();
        names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

fn who(name: &str) -> Subject {
    Subject::new(name).unwrap()
}

fn here() -> Audience {
    Audience::of_host(HOST)
}

fn head(name: &str, session: u8) -> Head {
    Head {
        method: "POST".into(),
        target: "/claim/1".into(),
        content_type: Some(b"application/x-www-form-urlencoded".to_vec()),
        content_encoding: None,
        referer: None,
        host: HOST.into(),
        route: "/*".into(),
        subject: who(name),
        session: SessionId::from_bytes([session; 16]),
        kept_at: Timestamp::from_millis(1_000),
        expires_at: Timestamp::from_millis(61_000),
    }
}

async fn keep(kept: &Kept, name: &str, session: u8, body: &[u8]) -> Result<KeptId, NotKept> {
    let mut intake = kept.begin(head(name, session), None, LIMITS).await?;
    for piece in body.chunks(1000) {
        intake.push(piece).await?;
    }
    intake.finish().await
}

async fn sent_body(mut claim: Claim) -> Vec<u8> {
    let (_, body) = claim.take().unwrap();
    let bytes = body.collect().await.unwrap().to_bytes().to_vec();
    claim.sent().await;
    bytes
}

#[tokio::test]
async fn a_request_is_kept_over_a_restart_and_sent_once() {
    let shop = Shop::new();
    let body = vec![b'x'; 200_000];
    let id = keep(&shop.open(), "ada", 1, &body).await.unwrap();
    let kept = shop.open();
    assert_eq!(kept.find(id, &who("ada"), here()).unwrap().body_length, 200_000);
    let claim = kept.claim(id, &who("ada"), here()).await.unwrap();
    assert!(matches!(kept.claim(id, &who("ada"), here()).await, Err(ClaimError::Gone)), "a second click");
    assert!(sent_body(claim).await == body);
    assert_eq!(kept.find(id, &who("ada"), here()), None);
    assert_eq!((kept.totals(), shop.files()), (Totals::default(), vec![]));
}

#[tokio::test]
async fn nobody_else_finds_claims_or_discards_it_nor_its_owner_at_another_host() {
    let shop = Shop::new();
    let kept = shop.open();
    let id = keep(&kept, "ada", 1, b"a=b").await.unwrap();
    for (name, host) in [("grace", HOST), ("ada", "b.example"), ("Ada", HOST)] {
        let (who, there) = (who(name), Audience::of_host(host));
        assert_eq!(kept.find(id, &who, there), None);
        assert!(kept.list(&who, there).is_empty());
        assert!(matches!(kept.claim(id, &who, there).await, Err(ClaimError::Gone)));
        assert!(!kept.discard(id, &who, there).await.unwrap());
    }
    assert_eq!(kept.list(&who("ada"), here()).len(), 1);
    assert!(kept.discard(id, &who("ada"), here()).await.unwrap());
    assert!(shop.files().is_empty());
}

#[tokio::test]
async fn what_was_not_sent_waits_again_and_what_may_have_been_sent_never_does() {
    let shop = Shop::new();
    let kept = shop.open();
    let id = keep(&kept, "ada", 1, b"a=b").await.unwrap();
    kept.claim(id, &who("ada"), here()).await.unwrap().unsent().await;
    let claim = kept.claim(id, &who("ada"), here()).await.unwrap();
    drop(claim);
    for kept in [kept, shop.open()] {
        let entry = kept.find(id, &who("ada"), here()).unwrap();
        assert_eq!(entry.state, State::Unsure);
        assert!(matches!(kept.claim(id, &who("ada"), here()).await, Err(ClaimError::Gone)));
        let (_, summary) = kept.describe(id, &entry).await.unwrap();
        assert_eq!(summary.fields[0].name, "a", "its person can still read it");
    }
}

#[tokio::test]
async fn a_crash_between_claim_and_answer_does_not_send_it_twice() {
    let shop = Shop::new();
    let kept = shop.open();
    let id = keep(&kept, "ada", 1, b"a=b").await.unwrap();
    let claim = kept.claim(id, &who("ada"), here()).await.unwrap();
    let after_the_crash = shop.open();
    assert!(matches!(after_the_crash.claim(id, &who("ada"), here()).await, Err(ClaimError::Gone)));
    drop(claim);
}

#[tokio::test]
async fn what_is_beyond_a_limit_leaves_nothing_behind() {
    let shop = Shop::new();
    let kept = shop.open();
    let large = vec![0; (1 << 20) + 1];
    assert!(matches!(keep(&kept, "ada", 1, &large).await, Err(NotKept::TooLarge(_))));
    let announced = kept.begin(head("ada", 1), Some(1 << 40), LIMITS).await;
    assert!(matches!(announced, Err(NotKept::TooLarge(_))));
    assert_eq!((kept.totals(), shop.files()), (Totals::default(), vec![]));

    let most = vec![0; 1_000_000];
    let full = loop {
        match keep(&kept, "ada", 1, &most).await {
            Ok(_) => {}
            Err(full) => break full,
        }
    };
    assert!(matches!(full, NotKept::PersonFull(_)), "{full}");
    assert_eq!(kept.list(&who("ada"), here()).len(), 3);
    assert!(keep(&kept, "grace", 2, &most).await.is_ok(), "others still have room");
    assert!(matches!(keep(&kept, "joan", 3, &most).await, Err(NotKept::Full)));
    assert_eq!(shop.files().len(), 4);
}

#[tokio::test]
async fn it_goes_with_its_session_and_with_its_time() {
    let shop = Shop::new();
    let kept = shop.open();
    let first = keep(&kept, "ada", 1, b"a=b").await.unwrap();
    let second = keep(&kept, "ada", 2, b"a=b").await.unwrap();
    assert_eq!(kept.end_session(SessionId::from_bytes([1; 16])).await.unwrap(), 1);
    assert_eq!(kept.find(first, &who("ada"), here()), None);
    assert!(kept.find(second, &who("ada"), here()).is_some());
    shop.clock.advance(Duration::from_secs(60));
    assert_eq!(kept.find(second, &who("ada"), here()), None, "even before anybody has cleaned up");
    assert_eq!(kept.expire().await.unwrap(), 1);
    assert!(shop.files().is_empty());
}

#[tokio::test]
async fn what_a_crash_left_half_written_is_removed_and_a_damaged_file_harms_no_other() {
    let shop = Shop::new();
    let id = keep(&shop.open(), "ada", 1, b"a=b").await.unwrap();
    let stray = KeptId::random().unwrap();
    std::fs::write(file::path(shop.folder.path(), stray, Stage::Partial), b"half").unwrap();
    let damaged = KeptId::random().unwrap();
    std::fs::write(file::path(shop.folder.path(), damaged, Stage::Waiting), b"no such thing").unwrap();
    let kept = shop.open();
    assert_eq!(shop.files(), [format!("{id}.kept")]);
    assert_eq!(kept.totals(), Totals { requests: 1, bytes: LEAST });
}

#[tokio::test]
async fn a_body_that_was_altered_is_not_sent_even_in_part() {
    let shop = Shop::new();
    let kept = shop.open();
    let id = keep(&kept, "ada", 1, &vec![b'x'; 200_000]).await.unwrap();
    let path = file::path(shop.folder.path(), id, Stage::Waiting);
    let mut bytes = std::fs::read(&path).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    assert!(matches!(kept.claim(id, &who("ada"), here()).await, Err(ClaimError::File(_))));
}
