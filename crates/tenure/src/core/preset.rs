//! Presets: named sets of limits, and the requirement of a standard behind each number.

use std::fmt;
use std::time::Duration;

use super::policy::PolicyBuilder;

/// A named set of limits that refuses anything weaker than its standard asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// Ordinary business applications.
    General,
    /// Applications with sensitive data (OWASP Session Management Cheat Sheet).
    Sensitive,
    /// Card data (PCI DSS v4.0.1).
    PciDss,
    /// Health data in the United States (HIPAA Security Rule).
    Hipaa,
    /// NIST SP 800-63B-4, authentication assurance level 1.
    NistAal1,
    /// NIST SP 800-63B-4, authentication assurance level 2.
    NistAal2,
    /// NIST SP 800-63B-4, authentication assurance level 3.
    NistAal3,
    /// Any value from one second up, with warnings: for tests and demonstrations.
    Custom,
}

/// The requirement of a standard.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Requirement {
    /// The document and its clause.
    pub source: &'static str,
    /// What it asks for, in our words.
    pub asks: &'static str,
}

/// A value that contradicts another one or a requirement.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Finding {
    /// The key of the configuration, such as `idle_timeout`.
    pub key: &'static str,
    /// What is wrong and which value would be right, as one sentence.
    pub message: String,
    /// The standard behind it, if it is one.
    pub requirement: Option<Requirement>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.message)?;
        match self.requirement {
            Some(requirement) => write!(f, " ({}: {})", requirement.source, requirement.asks),
            None => Ok(()),
        }
    }
}

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// The shortest time in which a person can be expected to react to a warning.
const SHORTEST_WARNING: Duration = Duration::from_secs(20);

const WARNING: Requirement = Requirement {
    source: "WCAG 2.2, success criterion 2.2.1",
    asks: "people are warned and have at least 20 seconds to extend",
};
const KEPT_WORK: Requirement = Requirement {
    source: "WCAG 2.2, success criterion 2.2.6",
    asks: "work is kept for more than 20 hours, or people are told how soon it is lost",
};
const COOKIE_AGE: Requirement =
    Requirement { source: "RFC 6265bis, section 5.5", asks: "no cookie lives for more than 400 days" };

pub(super) struct Defaults {
    pub(super) idle_timeout: Duration,
    pub(super) absolute_timeout: Duration,
    pub(super) warn_before: Duration,
}

/// The longest time that a preset allows, and why.
type Bound = Option<(Duration, Requirement)>;

impl Preset {
    /// Every preset.
    pub const ALL: [Self; 8] = [
        Self::General,
        Self::Sensitive,
        Self::PciDss,
        Self::Hipaa,
        Self::NistAal1,
        Self::NistAal2,
        Self::NistAal3,
        Self::Custom,
    ];

    /// The name in configurations.
    pub const fn name(self) -> &'static str {
        match self {
            Self::General => "general",
            Self::Sensitive => "sensitive",
            Self::PciDss => "pci_dss",
            Self::Hipaa => "hipaa",
            Self::NistAal1 => "nist_aal1",
            Self::NistAal2 => "nist_aal2",
            Self::NistAal3 => "nist_aal3",
            Self::Custom => "custom",
        }
    }

    /// The values that hold where a configuration says nothing.
    pub(super) const fn defaults(self) -> Defaults {
        let (idle_timeout, absolute_timeout) = match self {
            Self::General | Self::Custom => (minutes(30), hours(12)),
            Self::Sensitive | Self::PciDss | Self::Hipaa => (minutes(15), hours(8)),
            Self::NistAal1 => (hours(1), hours(24 * 30)),
            Self::NistAal2 => (hours(1), hours(24)),
            Self::NistAal3 => (minutes(15), hours(12)),
        };
        Defaults { idle_timeout, absolute_timeout, warn_before: minutes(2) }
    }

    /// The longest idle timeout that the preset allows.
    pub const fn idle_bound(self) -> Bound {
        match self {
            Self::General => Some((
                hours(24),
                Requirement {
                    source: "OWASP ASVS 5.0, 7.3.1",
                    asks: "an idle timeout is enforced; this preset stops at a day",
                },
            )),
            Self::Sensitive => Some((
                minutes(30),
                Requirement {
                    source: "OWASP Session Management Cheat Sheet, idle timeout",
                    asks: "2 to 5 minutes for applications of high value, 15 to 30 for those of low",
                },
            )),
            Self::PciDss => Some((
                minutes(15),
                Requirement {
                    source: "PCI DSS v4.0.1, requirement 8.2.8",
                    asks: "after more than 15 idle minutes the person authenticates again",
                },
            )),
            Self::Hipaa => Some((
                minutes(30),
                Requirement {
                    source: "HIPAA, 45 CFR 164.312(a)(2)(iii)",
                    asks: "sessions stop after a predetermined time; it gives no number, 30 minutes is this preset's",
                },
            )),
            Self::NistAal1 | Self::Custom => None,
            Self::NistAal2 => Some((
                hours(1),
                Requirement {
                    source: "NIST SP 800-63B-4, section 2.2.3",
                    asks: "at most 1 hour idle at AAL2",
                },
            )),
            Self::NistAal3 => Some((
                minutes(15),
                Requirement {
                    source: "NIST SP 800-63B-4, section 2.3.3",
                    asks: "at most 15 minutes idle at AAL3",
                },
            )),
        }
    }

    /// The longest absolute timeout that the preset allows.
    pub const fn absolute_bound(self) -> Bound {
        match self {
            Self::General => Some((
                hours(24 * 30),
                Requirement {
                    source: "OWASP ASVS 5.0, 7.3.2",
                    asks: "an absolute lifetime is enforced; this preset stops at 30 days",
                },
            )),
            Self::Sensitive | Self::PciDss | Self::Hipaa => Some((
                hours(12),
                Requirement {
                    source: "OWASP Session Management Cheat Sheet, absolute timeout",
                    asks: "4 to 8 hours for an office day; this preset stops at 12",
                },
            )),
            Self::NistAal1 => Some((
                hours(24 * 30),
                Requirement {
                    source: "NIST SP 800-63B-4, section 2.1.3",
                    asks: "authentication is repeated at least every 30 days at AAL1",
                },
            )),
            Self::NistAal2 => Some((
                hours(24),
                Requirement {
                    source: "NIST SP 800-63B-4, section 2.2.3",
                    asks: "authentication is repeated at least every 24 hours at AAL2",
                },
            )),
            Self::NistAal3 => Some((
                hours(12),
                Requirement {
                    source: "NIST SP 800-63B-4, section 2.3.3",
                    asks: "authentication is repeated at least every 12 hours at AAL3",
                },
            )),
            Self::Custom => None,
        }
    }
}

const fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

const fn hours(count: u64) -> Duration {
    Duration::from_secs(count * 3600)
}

/// What cannot be meant, whatever the preset.
pub(super) fn contradictions(policy: &PolicyBuilder) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut refuse = |key, message: String| findings.push(Finding { key, message, requirement: None });

    let times = [
        ("idle_timeout", policy.idle_timeout),
        ("absolute_timeout", policy.absolute_timeout),
        ("keep_work_for", policy.keep_work_for),
        ("explain_for", policy.explain_for),
    ];
    for (key, value) in times {
        if value < Duration::from_secs(1) {
            refuse(key, "must be at least 1s".into());
        }
        if value > 400 * DAY {
            refuse(key, "must be at most 400d, which is as long as a browser keeps a cookie".into());
        }
    }
    if policy.idle_timeout > policy.absolute_timeout {
        let absolute = Human(policy.absolute_timeout);
        refuse("idle_timeout", format!("is longer than absolute_timeout; set it to {absolute} or less"));
    }
    if policy.warn_before >= policy.idle_timeout {
        let idle = Human(policy.idle_timeout);
        refuse("warn_before", format!("must be shorter than idle_timeout, which is {idle}"));
    }
    if policy.rotation_overlap > 5 * MINUTE {
        refuse("rotation_overlap", "must be at most 5m: a replaced token should not live long".into());
    }
    if let Some(remembered) = policy.remember_me {
        if remembered.idle_timeout < Duration::from_secs(1) || remembered.absolute_timeout > 400 * DAY {
            refuse("remember_me.idle_timeout", "must lie between 1s and 400d".into());
        }
        if remembered.idle_timeout > remembered.absolute_timeout {
            refuse("remember_me.idle_timeout", "is longer than remember_me.absolute_timeout".into());
        }
        if remembered.idle_timeout < policy.idle_timeout
            || remembered.absolute_timeout < policy.absolute_timeout
        {
            refuse("remember_me", "a remembered session may not be shorter than an ordinary one".into());
        }
    }
    findings
}

/// What a standard advises against: refused by presets, a warning for `custom`.
pub(super) fn advice(policy: &PolicyBuilder) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut advise = |key, message: String, requirement| {
        findings.push(Finding { key, message, requirement: Some(requirement) });
    };

    // A custom policy is held against the mildest preset, so that it is told what it gives up.
    let measure = if policy.preset == Preset::Custom { Preset::General } else { policy.preset };
    let mut limits = vec![
        ("idle_timeout", policy.idle_timeout, measure.idle_bound()),
        ("absolute_timeout", policy.absolute_timeout, measure.absolute_bound()),
    ];
    if let Some(remembered) = policy.remember_me
        && !matches!(measure, Preset::General)
    {
        limits.push(("remember_me.idle_timeout", remembered.idle_timeout, measure.idle_bound()));
        limits.push(("remember_me.absolute_timeout", remembered.absolute_timeout, measure.absolute_bound()));
    }
    for (key, value, bound) in limits {
        if let Some((longest, requirement)) = bound
            && value > longest
        {
            let message = format!(
                "{} is longer than {} allows; at most {}",
                Human(value),
                measure.name(),
                Human(longest)
            );
            advise(key, message, requirement);
        }
    }
    if policy.warn_before < SHORTEST_WARNING {
        advise(
            "warn_before",
            format!("{} is too short to react; at least 20s", Human(policy.warn_before)),
            WARNING,
        );
    }
    if policy.keep_work_for <= 20 * HOUR {
        advise(
            "keep_work_for",
            format!("{} loses work overnight; more than 20h", Human(policy.keep_work_for)),
            KEPT_WORK,
        );
    }
    if policy.explain_for > 400 * DAY {
        advise("explain_for", "is longer than any cookie lives".into(), COOKIE_AGE);
    }
    findings
}

/// A time as configurations write it: `90s`, `30m`, `12h`, `7d`.
struct Human(Duration);

impl fmt::Display for Human {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, millis) = (self.0.as_secs(), self.0.subsec_millis());
        match seconds {
            _ if millis > 0 => write!(f, "{}ms", self.0.as_millis()),
            s if s >= 86_400 && s % 86_400 == 0 => write!(f, "{}d", s / 86_400),
            s if s >= 3600 && s % 3600 == 0 => write!(f, "{}h", s / 3600),
            s if s >= 60 && s % 60 == 0 => write!(f, "{}m", s / 60),
            s => write!(f, "{s}s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::policy::Policy;
    use super::*;

    #[test]
    fn every_preset_accepts_its_own_defaults() {
        for preset in Preset::ALL {
            let policy =
                Policy::builder(preset).build().unwrap_or_else(|findings| panic!("{preset:?}: {findings:?}"));
            assert_eq!(policy.warnings(), [], "{preset:?}");
        }
    }

    #[test]
    fn a_preset_refuses_what_its_standard_forbids_and_names_the_clause() {
        let findings = Policy::builder(Preset::PciDss).idle_timeout(20 * MINUTE).build().unwrap_err();
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].key, "idle_timeout");
        assert_eq!(
            findings[0].to_string(),
            "idle_timeout: 20m is longer than pci_dss allows; at most 15m (PCI DSS v4.0.1, requirement 8.2.8: \
             after more than 15 idle minutes the person authenticates again)"
        );
    }

    #[test]
    fn custom_takes_a_second_and_warns() {
        let policy = Policy::builder(Preset::Custom)
            .idle_timeout(Duration::from_secs(1))
            .absolute_timeout(Duration::from_secs(2))
            .warn_before(Duration::ZERO)
            .build()
            .unwrap();
        assert_eq!(policy.warnings().iter().map(|finding| finding.key).collect::<Vec<_>>(), ["warn_before"]);
    }

    #[test]
    fn every_contradiction_is_reported_at_once() {
        let findings = Policy::builder(Preset::Custom)
            .idle_timeout(2 * HOUR)
            .absolute_timeout(HOUR)
            .warn_before(3 * HOUR)
            .keep_work_for(Duration::ZERO)
            .build()
            .unwrap_err();
        let keys: Vec<_> = findings.iter().map(|finding| finding.key).collect();
        assert_eq!(keys, ["keep_work_for", "idle_timeout", "warn_before"]);
    }

    #[test]
    fn remembered_sessions_obey_the_bounds_of_strict_presets_too() {
        let remembered = RememberMeLimits::month();
        assert!(Policy::builder(Preset::General).remember_me(Some(remembered)).build().is_ok());
        let findings = Policy::builder(Preset::PciDss).remember_me(Some(remembered)).build().unwrap_err();
        assert_eq!(findings.len(), 2);
    }

    struct RememberMeLimits;

    impl RememberMeLimits {
        fn month() -> super::super::RememberMe {
            super::super::RememberMe { idle_timeout: 30 * DAY, absolute_timeout: 90 * DAY }
        }
    }
}
