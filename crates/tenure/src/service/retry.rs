//! Trying again after somebody else changed the session first.

use std::time::Duration;

use crate::store::Unavailable;

/// Counts the attempts at a change, and waits a little longer before each.
///
/// Each conflict means that another change went through, so somebody always makes progress; the
/// bound is there for a store that answers wrongly.
#[derive(Default)]
pub(super) struct Attempts(u32);

impl Attempts {
    const AT_ONCE: u32 = 4;
    const MOST: u32 = 20;
    const LONGEST_PAUSE_MILLIS: u64 = 64;

    /// Waits before the next attempt.
    ///
    /// # Errors
    /// There were too many.
    pub(super) async fn pause(&mut self) -> Result<(), Unavailable> {
        self.0 += 1;
        if self.0 > Self::MOST {
            return Err(Unavailable::because("the session is being changed by others all the time"));
        }
        if let Some(doublings) = self.0.checked_sub(Self::AT_ONCE) {
            let millis = (1_u64 << doublings).min(Self::LONGEST_PAUSE_MILLIS);
            tokio::time::sleep(Duration::from_millis(millis)).await;
        } else {
            tokio::task::yield_now().await;
        }
        Ok(())
    }
}
