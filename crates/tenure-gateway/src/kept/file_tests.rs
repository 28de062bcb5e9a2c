use tempfile::TempDir;
use tenure::core::{SessionId, Subject, Timestamp};

use super::*;

fn ring() -> KeyRing {
    KeyRing::generate(Timestamp::EPOCH).unwrap()
}

fn head() -> Head {
    Head {
        method: "POST".into(),
        target: "/claim/1?a=b".into(),
        content_type: Some(b"multipart/form-data; boundary=x".to_vec()),
        content_encoding: None,
        referer: Some(b"https://a.example/claim/1".to_vec()),
        host: "a.example".into(),
        route: "/*".into(),
        subject: Subject::new("Zoë").unwrap(),
        session: SessionId::from_bytes([3; 16]),
        kept_at: Timestamp::from_millis(5),
        expires_at: Timestamp::from_millis(6),
    }
}

/// Keeps a body that is as long as this, and gives it.
fn keep(folder: &TempDir, id: KeptId, length: usize, keys: &KeyRing) -> Vec<u8> {
    let body: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
    let mut writer = Writer::create(folder.path(), id, &head(), keys).unwrap();
    let mut chunks: Vec<Vec<u8>> = body.chunks(CHUNK).map(<[u8]>::to_vec).collect();
    let last = chunks.pop().unwrap_or_default();
    chunks.iter_mut().for_each(|chunk| writer.write(chunk).unwrap());
    writer.finish(last).unwrap();
    body
}

fn read(folder: &TempDir, id: KeptId, keys: &KeyRing) -> Result<(Head, Vec<u8>), FileError> {
    let (head, mut reader) = Reader::open(folder.path(), id, Stage::Waiting, keys)?;
    let mut body = Vec::new();
    while let Some(mut chunk) = reader.next_chunk()? {
        body.append(&mut chunk);
    }
    assert_eq!(body.len() as u64, reader.body_length);
    Ok((head, body))
}

#[test]
fn a_body_of_any_length_is_read_back_after_a_rotation_of_the_keys() {
    let folder = tempfile::tempdir().unwrap();
    let mut keys = ring();
    for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK] {
        let id = KeptId::random().unwrap();
        let body = keep(&folder, id, length, &keys);
        keys.rotate(Timestamp::EPOCH).unwrap();
        let (found, read) = read(&folder, id, &keys).unwrap();
        assert_eq!(found, head());
        assert!(read == body, "{length} bytes");
    }
}

#[test]
fn nothing_of_the_content_is_readable_on_disk_and_only_the_owner_may_open_the_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let (folder, id, keys) = (tempfile::tempdir().unwrap(), KeptId::random().unwrap(), ring());
    let writer = Writer::create(folder.path(), id, &head(), &keys).unwrap();
    writer.finish(b"a secret confession".to_vec()).unwrap();
    let path = path(folder.path(), id, Stage::Waiting);
    let bytes = fs::read(&path).unwrap();
    for word in ["confession", "Zoë", "claim", "POST"] {
        assert!(!bytes.windows(word.len()).any(|window| window == word.as_bytes()), "{word}");
    }
    assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn every_altered_byte_and_every_cut_is_noticed() {
    let (folder, id, keys) = (tempfile::tempdir().unwrap(), KeptId::random().unwrap(), ring());
    keep(&folder, id, CHUNK + 5, &keys);
    let path = path(folder.path(), id, Stage::Waiting);
    let whole = fs::read(&path).unwrap();
    let first_chunk_ends = whole.len() - 5 - TAG;
    let tail = [0, 8, 11, 12, 20, 60, first_chunk_ends - 1, first_chunk_ends, whole.len() - 1];
    for place in tail {
        let mut altered = whole.clone();
        altered[place] ^= 1;
        fs::write(&path, altered).unwrap();
        assert!(read(&folder, id, &keys).is_err(), "byte {place}");
    }
    for length in [0, 5, 12, 100, first_chunk_ends - 1, first_chunk_ends, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        assert!(read(&folder, id, &keys).is_err_and(|error| error.is_final()), "cut at {length}");
    }
    fs::write(&path, [whole.as_slice(), b"x"].concat()).unwrap();
    assert!(read(&folder, id, &keys).is_err(), "longer");
}

#[test]
fn a_file_opens_under_its_own_name_and_ring_only() {
    let (folder, id, keys) = (tempfile::tempdir().unwrap(), KeptId::random().unwrap(), ring());
    keep(&folder, id, 10, &keys);
    let other = KeptId::random().unwrap();
    fs::copy(path(folder.path(), id, Stage::Waiting), path(folder.path(), other, Stage::Waiting)).unwrap();
    assert!(matches!(read(&folder, other, &keys), Err(FileError::Seal(SealError::Damaged))));
    assert!(read(&folder, id, &ring()).is_err());
}

#[test]
fn the_body_of_one_file_is_not_taken_for_that_of_another() {
    let (folder, keys) = (tempfile::tempdir().unwrap(), ring());
    let ids = [KeptId::random().unwrap(), KeptId::random().unwrap()];
    for id in ids {
        keep(&folder, id, 10, &keys);
    }
    let [one, two] = ids.map(|id| fs::read(path(folder.path(), id, Stage::Waiting)).unwrap());
    let cut = one.len() - 10 - TAG;
    let mixed = [&one[..cut], &two[two.len() - 10 - TAG..]].concat();
    fs::write(path(folder.path(), ids[0], Stage::Waiting), mixed).unwrap();
    assert!(matches!(read(&folder, ids[0], &keys), Err(FileError::Damaged(_))));
}

#[test]
fn a_path_tells_name_and_stage_and_foreign_files_are_none_of_ours() {
    let id = KeptId::random().unwrap();
    for stage in [Stage::Partial, Stage::Waiting, Stage::Claimed] {
        assert_eq!(parse_path(&path(Path::new("x"), id, stage)), Some((id, stage)));
    }
    for other in ["x/notes.kept", "x/kept_", &format!("x/{id}"), &format!("x/{id}.txt")] {
        assert_eq!(parse_path(Path::new(other)), None, "{other}");
    }
}
