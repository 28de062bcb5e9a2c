//! The limits of a session.

use std::num::NonZeroU32;
use std::time::Duration;

use super::preset::{Finding, Preset};

/// The limits of a session. It can only be made by [`PolicyBuilder::build`], which refuses what
/// contradicts itself or its preset, so whoever holds a `Policy` holds a valid one.
///
/// ```
/// # use tenure::core::{Policy, Preset};
/// # use std::time::Duration;
/// let policy = Policy::builder(Preset::General).idle_timeout(Duration::from_secs(600)).build().unwrap();
/// assert_eq!(policy.idle_timeout(), Duration::from_secs(600));
/// assert_eq!(policy.absolute_timeout(), Duration::from_secs(12 * 3600));
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Policy(PolicyBuilder);

/// What happens when a limit of time is reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OnLimit {
    /// The session is locked; the same person can unlock it.
    Lock,
    /// The session ends with `strict_policy`.
    End,
}

/// What happens when a person signs in beyond the limit of sessions.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OnExcess {
    /// The person is asked which session to end.
    Ask,
    /// The session that was used least recently ends with `displaced`.
    EndOldest,
    /// The new sign-in is refused.
    Refuse,
}

/// The longer limits of a person who asked to stay signed in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
pub struct RememberMe {
    /// As [`Policy::idle_timeout`].
    pub idle_timeout: Duration,
    /// As [`Policy::absolute_timeout`].
    pub absolute_timeout: Duration,
}

impl Policy {
    /// Starts from the values of a preset.
    pub const fn builder(preset: Preset) -> PolicyBuilder {
        PolicyBuilder::of_preset(preset)
    }

    /// Starts from this policy: for a route that differs in some values.
    pub fn to_builder(&self) -> PolicyBuilder {
        self.0.clone()
    }

    /// The preset whose bounds hold.
    pub const fn preset(&self) -> Preset {
        self.0.preset
    }

    /// How long a session may go without activity.
    pub const fn idle_timeout(&self) -> Duration {
        self.0.idle_timeout
    }

    /// How long a session may go without a new authentication.
    pub const fn absolute_timeout(&self) -> Duration {
        self.0.absolute_timeout
    }

    /// How long before either limit the person is warned.
    pub const fn warn_before(&self) -> Duration {
        self.0.warn_before
    }

    /// What happens at the idle timeout.
    pub const fn on_idle(&self) -> OnLimit {
        self.0.on_idle
    }

    /// What happens at the absolute timeout.
    pub const fn on_absolute(&self) -> OnLimit {
        self.0.on_absolute
    }

    /// How long a locked session waits to be unlocked.
    pub const fn keep_work_for(&self) -> Duration {
        self.0.keep_work_for
    }

    /// How long an ended session can still be explained.
    pub const fn explain_for(&self) -> Duration {
        self.0.explain_for
    }

    /// How many live sessions one subject may have on one host; `None` is no limit.
    pub const fn max_sessions(&self) -> Option<NonZeroU32> {
        self.0.max_sessions
    }

    /// What happens to one sign-in more.
    pub const fn on_excess(&self) -> OnExcess {
        self.0.on_excess
    }

    /// How long a replaced token still serves requests under way, at its old privilege.
    pub const fn rotation_overlap(&self) -> Duration {
        self.0.rotation_overlap
    }

    /// Whether the browser client keeps drafts of what is typed in pages.
    pub const fn keeps_drafts(&self) -> bool {
        self.0.drafts
    }

    /// The limits of remembered sessions; `None` where staying signed in is not offered.
    pub const fn remember_me(&self) -> Option<RememberMe> {
        self.0.remember_me
    }

    /// The idle timeout that holds for a session, remembered or not.
    pub fn idle_timeout_for(&self, remembered: bool) -> Duration {
        self.remembered(remembered).map_or(self.0.idle_timeout, |limits| limits.idle_timeout)
    }

    /// The absolute timeout that holds for a session, remembered or not.
    pub fn absolute_timeout_for(&self, remembered: bool) -> Duration {
        self.remembered(remembered).map_or(self.0.absolute_timeout, |limits| limits.absolute_timeout)
    }

    const fn remembered(&self, remembered: bool) -> Option<RememberMe> {
        if remembered { self.0.remember_me } else { None }
    }

    /// Everything in this policy that a standard advises against; empty unless the preset is
    /// [`Preset::Custom`], for the others refuse it.
    pub fn warnings(&self) -> Vec<Finding> {
        match self.0.preset {
            Preset::Custom => super::preset::advice(&self.0),
            _ => Vec::new(),
        }
    }
}

/// The values of a [`Policy`] before they are checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PolicyBuilder {
    pub(super) preset: Preset,
    pub(super) idle_timeout: Duration,
    pub(super) absolute_timeout: Duration,
    pub(super) warn_before: Duration,
    pub(super) on_idle: OnLimit,
    pub(super) on_absolute: OnLimit,
    pub(super) keep_work_for: Duration,
    pub(super) explain_for: Duration,
    pub(super) max_sessions: Option<NonZeroU32>,
    pub(super) on_excess: OnExcess,
    pub(super) rotation_overlap: Duration,
    pub(super) drafts: bool,
    pub(super) remember_me: Option<RememberMe>,
}

macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident: $type:ty,)+) => {
        $($(#[$doc])* #[must_use] pub const fn $name(mut self, value: $type) -> Self { self.$name = value; self })+
    };
}

impl PolicyBuilder {
    const fn of_preset(preset: Preset) -> Self {
        let defaults = preset.defaults();
        Self {
            preset,
            idle_timeout: defaults.idle_timeout,
            absolute_timeout: defaults.absolute_timeout,
            warn_before: defaults.warn_before,
            on_idle: OnLimit::Lock,
            on_absolute: OnLimit::Lock,
            keep_work_for: Duration::from_secs(24 * 3600),
            explain_for: Duration::from_secs(7 * 24 * 3600),
            max_sessions: NonZeroU32::new(5),
            on_excess: OnExcess::Ask,
            rotation_overlap: Duration::from_secs(30),
            drafts: true,
            remember_me: None,
        }
    }

    setters! {
        /// Sets [`Policy::idle_timeout`].
        idle_timeout: Duration,
        /// Sets [`Policy::absolute_timeout`].
        absolute_timeout: Duration,
        /// Sets [`Policy::warn_before`].
        warn_before: Duration,
        /// Sets [`Policy::on_idle`].
        on_idle: OnLimit,
        /// Sets [`Policy::on_absolute`].
        on_absolute: OnLimit,
        /// Sets [`Policy::keep_work_for`].
        keep_work_for: Duration,
        /// Sets [`Policy::explain_for`].
        explain_for: Duration,
        /// Sets [`Policy::max_sessions`].
        max_sessions: Option<NonZeroU32>,
        /// Sets [`Policy::on_excess`].
        on_excess: OnExcess,
        /// Sets [`Policy::rotation_overlap`].
        rotation_overlap: Duration,
        /// Sets [`Policy::keeps_drafts`].
        drafts: bool,
        /// Sets [`Policy::remember_me`].
        remember_me: Option<RememberMe>,
    }

    /// Checks the values against each other and against the preset.
    ///
    /// # Errors
    /// Every contradiction at once, so that a configuration is mended in one go.
    pub fn build(self) -> Result<Policy, Vec<Finding>> {
        let mut findings = super::preset::contradictions(&self);
        if self.preset != Preset::Custom {
            findings.extend(super::preset::advice(&self));
        }
        if findings.is_empty() { Ok(Policy(self)) } else { Err(findings) }
    }
}
