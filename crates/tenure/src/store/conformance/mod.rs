//! The conformance suite: what every store must do, races included, as tests that the author of any
//! store can run.
//!
//! ```ignore
//! // in the tests of the store's crate, which depends on tokio and on tenure with `conformance`
//! tenure::conformance_tests!((MyStore::connect_to_an_empty_database().await, ()));
//! ```
//!
//! Each case gets an empty store of its own. They call nothing but the methods of
//! [`Store`], and panic with what was broken.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests: a panic is how they answer")]

pub mod data;
pub mod life;
pub mod limits;
pub mod looking;
pub mod races;
pub mod tokens;
pub mod touching;

mod fixture;

use super::Store;

/// Makes one test of each case, so that a failure names what was broken.
///
/// The argument is an expression, evaluated in each test (it may await), that gives a pair: an empty
/// store, and whatever has to outlive it, such as a temporary folder.
#[macro_export]
macro_rules! conformance_tests {
    ($make:expr) => {
        $crate::__conformance_cases! { __conformance_test, $make }
    };
}

/// Lists every case once, for whatever is to be made of them.
#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_cases {
    ($then:ident, $make:expr) => {
        $crate::$then! { $make;
            life:
                an_inserted_session_is_found_and_loaded
                what_is_unknown_is_nothing
                an_update_replaces_the_record_and_gives_the_next_version
                an_update_of_another_version_conflicts_and_changes_nothing
                an_ended_session_is_final
                an_ended_session_is_found_until_it_is_forgotten
                nothing_that_is_known_is_overwritten_by_an_insert
                only_tombstones_are_forgotten
                a_locked_session_keeps_everything;
            tokens:
                a_replaced_token_is_found_as_replaced
                the_first_sight_of_a_new_token_retires_the_old_one
                only_the_token_before_is_remembered
                a_token_that_replaced_nothing_retires_nothing
                a_late_sight_of_a_token_does_not_retire_for_its_successor
                a_rotation_that_conflicts_makes_no_token_good
                a_change_without_a_rotation_keeps_the_tokens;
            touching:
                activity_moves_forward_only
                activity_conflicts_with_nothing_and_is_kept
                a_later_activity_of_a_change_counts
                a_session_that_is_not_active_takes_no_activity
                a_change_that_needs_quiet_conflicts_with_activity;
            limits:
                a_limit_counts_live_sessions_of_one_subject_and_audience
                the_least_recently_used_make_room
                the_chosen_one_makes_room
                a_choice_that_makes_no_room_ends_nobody;
            looking:
                a_subject_s_sessions_are_listed_in_the_order_of_signing_in
                pages_show_everybody_once_and_in_order
                what_is_due_is_handed_out_once
                what_was_not_dealt_with_comes_again_after_a_minute
                a_session_is_due_when_its_record_says
                counts_follow;
            data:
                values_are_kept_per_key
                preconditions_hold
                versions_grow_over_removals
                a_bag_goes_with_its_session;
            races:
                simultaneous_sign_ins_never_pass_a_limit_of_one
                simultaneous_sign_ins_that_end_the_oldest_leave_as_many_as_allowed
                of_two_that_replace_the_same_session_one_passes
                of_many_updates_of_one_version_one_wins
                no_slow_update_brings_an_ended_session_back
                no_touch_sight_or_data_write_brings_an_ended_session_back
                of_many_endings_one_holds
                activity_and_changes_at_once_lose_neither
                nobody_is_locked_for_idleness_after_acknowledged_activity
                writes_of_different_keys_lose_nothing
                counting_with_versions_loses_nothing;
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_test {
    ($make:expr; $($module:ident: $($case:ident)+;)+) => {
        $($(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $case() {
                let (store, _outlives_it) = $make;
                $crate::store::conformance::$module::$case(store).await;
            }
        )+)+
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_failures {
    ($make:expr; $($module:ident: $($case:ident)+;)+) => {{
        let mut failed = Vec::new();
        $($(
            let (store, outlives_it) = $make.await;
            if tokio::spawn($crate::store::conformance::$module::$case(store)).await.is_err() {
                failed.push(stringify!($case));
            }
            drop(outlives_it);
        )+)+
        failed
    }};
}

/// Runs every case on stores that `make` gives, and tells the names of those that fail. To be called
/// on a runtime with several threads, or the races are none.
pub async fn failures<S: Store, G, F: Future<Output = (S, G)>>(make: impl Fn() -> F) -> Vec<&'static str> {
    crate::__conformance_cases!(__conformance_failures, make())
}

#[cfg(test)]
mod tests;
