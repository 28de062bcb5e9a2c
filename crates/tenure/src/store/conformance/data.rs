//! The data bag: values by key, written on conditions.

use super::super::{DataError, DataValue, DataVersion, Precondition, Store};
use super::fixture::*;
use crate::core::SessionId;

async fn write<S: Store>(
    store: &S,
    id: SessionId,
    value: Option<&[u8]>,
    precondition: Precondition,
) -> Result<DataVersion, DataError> {
    store.write_data(id, "cart", value.map(<[u8]>::to_vec), precondition).await
}

fn conflict(result: Result<DataVersion, DataError>) -> Option<DataVersion> {
    match result {
        Err(DataError::Conflict(there)) => there,
        other => panic!("expected a conflict, got {other:?}"),
    }
}

/// Values are kept by session and key, up to 64 KiB, empty ones too, and keys are told in order.
pub async fn values_are_kept_per_key<S: Store>(store: S) {
    let (mine, _) = signed_in(&store).await;
    let (other, _) = signed_in(&store).await;
    let id = mine.session.id;
    let values = [("b", Vec::new()), ("c.d-e_f", vec![7; 64 * 1024]), ("A", b"{}".to_vec())];
    for (key, bytes) in &values {
        let version = store.write_data(id, key, Some(bytes.clone()), Precondition::Always).await.unwrap();
        let there = store.data(id, key).await.unwrap();
        assert_eq!(there, Some(DataValue { version, bytes: bytes.clone() }));
    }
    let keys = store.data_keys(id).await.unwrap();
    assert_eq!(keys.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["A", "b", "c.d-e_f"]);
    for (key, version) in keys {
        assert_eq!(store.data(id, &key).await.unwrap().unwrap().version, version);
    }
    assert_eq!(store.data(id, "other").await.unwrap(), None);
    assert_eq!(store.data_keys(other.session.id).await.unwrap(), []);
    assert_eq!(loaded(&store, id).await, mine, "the session itself does not change");
}

/// Each condition, where it holds and where it does not; a conflict says what is there.
pub async fn preconditions_hold<S: Store>(store: S) {
    let id = signed_in(&store).await.0.session.id;
    assert_eq!(conflict(write(&store, id, Some(b"0"), Precondition::Present).await), None);
    let never = Precondition::Version(DataVersion(1));
    assert_eq!(conflict(write(&store, id, Some(b"0"), never).await), None);
    let first = write(&store, id, Some(b"1"), Precondition::Absent).await.unwrap();
    assert_eq!(conflict(write(&store, id, Some(b"0"), Precondition::Absent).await), Some(first));
    let second = write(&store, id, Some(b"2"), Precondition::Version(first)).await.unwrap();
    assert!(second > first);
    assert_eq!(conflict(write(&store, id, Some(b"0"), Precondition::Version(first)).await), Some(second));
    assert_eq!(conflict(write(&store, id, None, Precondition::Version(first)).await), Some(second));
    assert_eq!(store.data(id, "cart").await.unwrap().unwrap().bytes, b"2");
    let third = write(&store, id, Some(b"3"), Precondition::Present).await.unwrap();
    write(&store, id, None, Precondition::Version(third)).await.unwrap();
    assert_eq!(store.data(id, "cart").await.unwrap(), None);
    assert_eq!(store.data_keys(id).await.unwrap(), []);
}

/// A version names one value for ever: what was written, removed and written again has a new one.
pub async fn versions_grow_over_removals<S: Store>(store: S) {
    let id = signed_in(&store).await.0.session.id;
    let mut last = DataVersion(0);
    for round in 0..4_u8 {
        let written = write(&store, id, Some(&[round]), Precondition::Always).await.unwrap();
        assert!(written > last, "{written:?} after {last:?}");
        write(&store, id, None, Precondition::Always).await.unwrap();
        write(&store, id, None, Precondition::Always).await.expect("removing nothing is no error");
        last = written;
    }
    let again = write(&store, id, Some(b"new"), Precondition::Absent).await.unwrap();
    assert!(again > last);
    assert_eq!(conflict(write(&store, id, Some(b"old"), Precondition::Version(last)).await), Some(again));
}

/// Nothing of the bag is left when its session has ended.
pub async fn a_bag_goes_with_its_session<S: Store>(store: S) {
    let id = signed_in(&store).await.0.session.id;
    write(&store, id, Some(b"1"), Precondition::Always).await.unwrap();
    end(&store, id).await.unwrap();
    assert!(matches!(store.data(id, "cart").await, Err(DataError::Gone)));
    assert!(matches!(store.data_keys(id).await, Err(DataError::Gone)));
    for precondition in [Precondition::Always, Precondition::Absent, Precondition::Present] {
        for value in [None, Some(&b"2"[..])] {
            assert!(matches!(write(&store, id, value, precondition).await, Err(DataError::Gone)));
        }
    }
}
