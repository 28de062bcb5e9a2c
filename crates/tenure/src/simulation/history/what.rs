//! What is tried in a history.

/// What can be done to a session; the number is its place among the accounts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum What {
    Request { session: usize, token: usize, active: bool },
    Extend { session: usize, token: usize },
    SignIn { who: usize },
    Unlock { session: usize, token: usize, who: usize },
    Rotate { session: usize, token: usize },
    StepUp { session: usize, token: usize },
    Lock { session: usize },
    End { session: usize },
    EndOthers { session: usize },
    Sweep,
}

impl What {
    pub(super) const fn session(self) -> Option<usize> {
        match self {
            Self::Request { session, .. }
            | Self::Extend { session, .. }
            | Self::Unlock { session, .. }
            | Self::Rotate { session, .. }
            | Self::StepUp { session, .. }
            | Self::Lock { session }
            | Self::End { session }
            | Self::EndOthers { session } => Some(session),
            Self::SignIn { .. } | Self::Sweep => None,
        }
    }

    pub(super) const fn token(self) -> Option<usize> {
        match self {
            Self::Request { token, .. }
            | Self::Extend { token, .. }
            | Self::Unlock { token, .. }
            | Self::Rotate { token, .. }
            | Self::StepUp { token, .. } => Some(token),
            _ => None,
        }
    }

    pub(super) const fn is_active(self) -> bool {
        matches!(
            self,
            Self::Request { active: true, .. }
                | Self::Extend { .. }
                | Self::Unlock { .. }
                | Self::StepUp { .. }
        )
    }
}
