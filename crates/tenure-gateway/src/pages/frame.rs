//! The pages that stand in a frame of the application's page, or in a small window beside it, while the client
//! has somebody sign in again.

use askama::Template;

use super::{FormProblem, PageContext, rendered};
use crate::language::Message;

/// `GET unlock?frame=1`. Posts `frame=1`, `form_token`, `return_to`, `username` and `password`.
#[derive(Clone, Template)]
#[template(path = "unlock_frame.html")]
pub struct UnlockFrame {
    /// What every page needs.
    pub ctx: PageContext,
    /// The path that takes the form: `unlock`, or `step-up` for a session that is active still.
    pub purpose: &'static str,
    /// Protects the form.
    pub form_token: String,
    /// Where the frame stands.
    pub return_to: String,
    /// Whose session it is.
    pub username: String,
    /// What was wrong with the form that was sent.
    pub problem: Option<FormProblem>,
}

/// What the frame shows when there is nothing to unlock any more. The client takes it away at once; a window may
/// stay until somebody closes it.
#[derive(Debug, Clone, Template)]
#[template(path = "frame_done.html")]
pub struct FrameDone {
    /// What every page needs.
    pub ctx: PageContext,
    /// Whether the session is active now.
    pub is_active: bool,
}

impl FrameDone {
    fn heading(&self) -> Message<'_> {
        self.ctx.say(if self.is_active { "frame-active" } else { "frame-ended" })
    }

    fn text(&self) -> Message<'_> {
        self.ctx.say(if self.is_active { "frame-active.text" } else { "frame-ended.text" })
    }
}

rendered!(UnlockFrame, FrameDone);

#[cfg(test)]
mod tests {
    use super::*;

    fn context() -> PageContext {
        PageContext {
            base_path: "/gate".into(),
            request_id: String::new(),
            language: crate::language::Language::ENGLISH,
        }
    }

    #[test]
    fn the_form_posts_to_itself_and_leaves_the_frame_only_for_somebody_else() {
        let page = UnlockFrame {
            ctx: context(),
            purpose: "unlock",
            form_token: "token".into(),
            return_to: "/wiki".into(),
            username: "<ada>".into(),
            problem: Some(FormProblem::WrongPassword),
        };
        let html = page.render().unwrap();
        for part in [
            "action=\"/gate/unlock\"",
            "name=\"frame\" value=\"1\"",
            "autocomplete=\"current-password\"",
            "aria-invalid=\"true\"",
            "href=\"/gate/sign-in\" target=\"_top\"",
        ] {
            assert!(html.contains(part), "{part} is missing");
        }
        assert!(!html.contains("<ada>") && html.matches("target=").count() == 1);
    }

    #[test]
    fn what_became_of_the_session_is_said_without_a_form() {
        for (is_active, text) in [(true, "You are signed in"), (false, "This session has ended")] {
            let html = FrameDone { ctx: context(), is_active }.render().unwrap();
            assert!(html.contains(text) && !html.contains("<form"));
        }
    }
}
