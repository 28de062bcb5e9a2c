//! The times of which activity may be missing, because a crash came before it was written.
//!
//! After a crash, whoever was active and over no limit when such a time began is taken to have been active until
//! its end: nobody's time gets shorter by our crash. What is given back so is written behind like all activity, and
//! the next crash may come before that. So the times themselves are noted, in the same step as that the store is
//! open again, and the next recovery goes through all of them in order.

use crate::core::Timestamp;

/// How many are kept: what was given back so many crashes ago has been written long since.
const MOST: usize = 32;

/// From the newest moment that was noted, until there may have been activity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Gap {
    pub(super) newest: Timestamp,
    pub(super) end: Timestamp,
}

/// Adds one to those before it.
pub(super) fn push(gaps: &mut Vec<Gap>, gap: Gap) {
    if gaps.len() == MOST {
        gaps.remove(0);
    }
    gaps.push(gap);
}

pub(super) fn encode(gaps: &[Gap]) -> Vec<u8> {
    let moments = gaps.iter().flat_map(|gap| [gap.newest, gap.end]);
    moments.flat_map(|moment| moment.as_millis().to_le_bytes()).collect()
}

/// What cannot be read is left out.
pub(super) fn decode(bytes: &[u8]) -> Vec<Gap> {
    let (pairs, _) = bytes.as_chunks::<16>();
    let moment = |bytes: &[u8]| {
        let bytes = bytes.first_chunk().copied().unwrap_or_default();
        Timestamp::from_millis(u64::from_le_bytes(bytes))
    };
    pairs.iter().map(|pair| Gap { newest: moment(&pair[..8]), end: moment(&pair[8..]) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_ones_are_kept_in_order() {
        let gap = |at| Gap { newest: Timestamp::from_millis(at), end: Timestamp::from_millis(at + 5) };
        let mut gaps = Vec::new();
        for at in 0..40 {
            push(&mut gaps, gap(at));
        }
        assert_eq!(gaps, (8..40).map(gap).collect::<Vec<_>>());
        assert_eq!(decode(&encode(&gaps)), gaps);
        assert_eq!(decode(&[0; 15]), []);
    }
}
