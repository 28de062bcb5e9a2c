//! Why a session is locked, has ended, or is not there.
//!
//! The codes are stable: pages, clients, logs and `urn:tenure:reason:<code>` rely on them.

use std::fmt;

macro_rules! reasons {
    ($(#[$doc:meta])* $name:ident, $what:literal { $($(#[$variant_doc:meta])* $variant:ident = $number:literal $code:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[non_exhaustive]
        #[repr(u8)]
        pub enum $name {
            $($(#[$variant_doc])* $variant = $number,)+
        }

        impl $name {
            #[doc = concat!("Every ", $what, ".")]
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable code, as in `urn:tenure:reason:<code>`.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            #[doc = concat!("The ", $what, " with this code.")]
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)+ _ => None }
            }

            /// The number under which records keep it. Numbers are never used again.
            pub const fn number(self) -> u8 {
                self as u8
            }

            #[doc = concat!("The ", $what, " with this number.")]
            pub const fn from_number(number: u8) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)+ _ => None }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.code())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.code())
            }
        }
    };
}

reasons! {
    /// Why a session is locked: nothing passes until the same person proves it is them.
    LockReason, "lock reason" {
        /// Nothing was done for the idle timeout.
        Idle = 1 "idle",
        /// The absolute timeout since the last authentication has passed.
        Absolute = 2 "absolute",
        /// The address of the client changed.
        AddressChanged = 3 "address_changed",
        /// The place of the client changed.
        LocationChanged = 4 "location_changed",
        /// The browser or its features changed.
        ClientChanged = 5 "client_changed",
        /// The device could not prove that it holds its key.
        DeviceUnproven = 6 "device_unproven",
        /// The tokens of the identity provider could not be renewed.
        ProviderTokenExpired = 7 "provider_token_expired",
        /// What was asked for needs a fresh authentication.
        StepUp = 8 "step_up",
        /// The sign-in itself waits to be confirmed.
        ConfirmSignIn = 9 "confirm_sign_in",
    }
}

reasons! {
    /// Why a session has ended. An ended session never comes back.
    EndReason, "end reason" {
        /// The person signed out in that browser.
        SignedOut = 1 "signed_out",
        /// The person ended it from another session of theirs.
        SignedOutElsewhere = 2 "signed_out_elsewhere",
        /// A newer sign-in took its place under the limit of sessions.
        Displaced = 3 "displaced",
        /// An administrator ended it.
        EndedByAdministrator = 4 "ended_by_administrator",
        /// The password or another credential of the account changed.
        CredentialChanged = 5 "credential_changed",
        /// The identity provider signed the person out.
        ProviderSignedOut = 6 "provider_signed_out",
        /// A token that had been replaced was used again.
        TokenReplayed = 7 "token_replayed",
        /// Two places, too far apart for the time between.
        ImpossibleTravel = 8 "impossible_travel",
        /// Risk signals added up.
        Risk = 9 "risk",
        /// What was stored could not be read.
        Corrupted = 10 "corrupted",
        /// It stayed locked for longer than work is kept.
        LockExpired = 11 "lock_expired",
        /// Somebody else signed in at the same browser.
        DifferentSubject = 12 "different_subject",
        /// The policy ends where others lock (`on_idle = "end"`).
        StrictPolicy = 13 "strict_policy",
    }
}

reasons! {
    /// Why a request has no session at all.
    MissingReason, "reason for a missing session" {
        /// No cookie, and no sign that there ever was one.
        None = 1 "none",
        /// The browser does not keep our cookie.
        CookieBlocked = 2 "cookie_blocked",
        /// The cookie was there and has been removed at the browser.
        CookieCleared = 3 "cookie_cleared",
        /// The cookie does not have the form of a token.
        CookieMalformed = 4 "cookie_malformed",
        /// The cookie has the form of a token that this service never made.
        CookieForged = 5 "cookie_forged",
        /// A genuine token of a session that is no longer known.
        CookieUnknown = 6 "cookie_unknown",
        /// Two different cookies of the same name.
        CookieAmbiguous = 7 "cookie_ambiguous",
    }
}

/// Any of the reasons for which a request is not let through.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Reason {
    /// The session is locked.
    Locked(LockReason),
    /// The session has ended.
    Ended(EndReason),
    /// There is no session.
    Missing(MissingReason),
}

impl Reason {
    /// The stable code, as in `urn:tenure:reason:<code>`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Locked(reason) => reason.code(),
            Self::Ended(reason) => reason.code(),
            Self::Missing(reason) => reason.code(),
        }
    }

    /// The reason with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        LockReason::from_code(code)
            .map(Self::Locked)
            .or_else(|| EndReason::from_code(code).map(Self::Ended))
            .or_else(|| MissingReason::from_code(code).map(Self::Missing))
    }

    /// The state that clients are told: `locked`, `ended` or `none`.
    pub const fn session_state(self) -> &'static str {
        match self {
            Self::Locked(_) => "locked",
            Self::Ended(_) => "ended",
            Self::Missing(_) => "none",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_code_is_unique_and_leads_back_to_its_reason() {
        let all = LockReason::ALL
            .iter()
            .map(|&reason| Reason::Locked(reason))
            .chain(EndReason::ALL.iter().map(|&reason| Reason::Ended(reason)))
            .chain(MissingReason::ALL.iter().map(|&reason| Reason::Missing(reason)));
        let mut codes = HashSet::new();
        for reason in all {
            assert!(codes.insert(reason.code()), "{reason} is used twice");
            assert_eq!(Reason::from_code(reason.code()), Some(reason));
        }
        assert_eq!(codes.len(), 9 + 13 + 7);
    }

    #[test]
    fn every_number_leads_back_to_its_reason() {
        for &reason in EndReason::ALL {
            assert_eq!(EndReason::from_number(reason.number()), Some(reason));
        }
        for &reason in LockReason::ALL {
            assert_eq!(LockReason::from_number(reason.number()), Some(reason));
        }
    }
}
