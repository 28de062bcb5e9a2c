//! The explanation of a lock, an ending or a missing session.

use askama::Template;

use super::advice::{self, Advice};
use super::words::{self, Kind, Words};
use super::{Moment, PageContext, SentWork, rendered};
use crate::browser::Browser;
use crate::language::{Language, Message};
use crate::reports::ReportId;

/// The sign-in that took a session's place.
#[derive(Debug, Clone)]
pub struct DisplacedBy {
    /// The device that signed in, for instance "Firefox 153 on Linux".
    pub device: String,
    /// The address it came from.
    pub address: String,
}

/// `GET why`: what happened, what became of the work, what to do now, and what to do if it was somebody else.
#[derive(Clone, Template)]
#[template(path = "why.html")]
pub struct Why {
    /// What every page needs.
    pub ctx: PageContext,
    /// The reason code of a lock, an ending or a missing session.
    pub code: String,
    /// When it happened.
    pub at: Option<Moment>,
    /// The page's own time, for the report.
    pub now: Moment,
    /// For `displaced`: by what.
    pub displaced_by: Option<DisplacedBy>,
    /// For a lock: until when it can be undone.
    pub kept_until: Option<Moment>,
    /// The browser that asks.
    pub browser: Browser,
    /// What support can look the case up by. Authenticates nothing. Empty: not shown.
    pub support_code: String,
    /// What happened to the session lately, oldest first: for the report.
    pub events: Vec<(Moment, String)>,
    /// What became of what was sent.
    pub sent_work: Option<SentWork>,
    /// Where the person wanted to go.
    pub return_to: String,
    /// Protects the clean-up form, which posts `form_token` and `return_to` to `{base}/why/clean-up`; `None`
    /// leaves the form out.
    pub form_token: Option<String>,
    /// The number of the report that has just been sent.
    pub reported: Option<ReportId>,
}

impl Why {
    pub(crate) fn words(&self) -> Words {
        words::find(&self.code).unwrap_or(words::UNKNOWN)
    }

    pub(crate) fn has_details(&self) -> bool {
        self.at.is_some() || self.kept_until.is_some() || !self.support_code.is_empty()
    }

    /// The main way on: address and label.
    pub(crate) fn way_on(&self) -> (String, Message<'_>) {
        match (self.words().kind, self.code.as_str()) {
            (Kind::Lock, "step_up") => {
                (self.ctx.link("step-up", &self.return_to), self.ctx.say("why-confirm"))
            }
            (Kind::Lock, _) => (self.ctx.link("unlock", &self.return_to), self.ctx.say("why-unlock")),
            _ => (self.ctx.link("sign-in", &self.return_to), self.ctx.say("why-sign-in")),
        }
    }

    pub(crate) fn clean_up(&self) -> Option<&str> {
        let helps = ["cookie_malformed", "cookie_forged", "cookie_unknown", "cookie_ambiguous", "corrupted"];
        self.form_token.as_deref().filter(|_| helps.contains(&self.code.as_str()))
    }

    /// What to do in the browser at hand, when its cookies are the trouble.
    fn advice(&self) -> Option<Advice<'_>> {
        match self.code.as_str() {
            "cookie_blocked" | "cookie_cleared" => {
                Some(advice::allow_cookies(&self.browser, self.ctx.language))
            }
            "cookie_malformed" | "cookie_forged" | "cookie_ambiguous" => {
                Some(advice::delete_cookies(&self.browser, self.ctx.language))
            }
            _ => None,
        }
    }

    /// The report as plain text, in English for whoever runs the site: browser, system, times, reason and codes; nothing secret.
    pub(crate) fn report(&self) -> String {
        let words = self.words();
        let at = self.at.map_or_else(|| "not recorded".to_owned(), |at| at.machine());
        let mut report = format!(
            "Reason: {} ({})\nHappened: {at}\nReport written: {}\nBrowser: {}\n",
            words.code,
            words.title(Language::ENGLISH).plain(),
            self.now.machine(),
            self.browser,
        );
        for (name, value) in [("Support code", &self.support_code), ("Request", &self.ctx.request_id)] {
            if !value.is_empty() {
                report.push_str(&format!("{name}: {value}\n"));
            }
        }
        if !self.events.is_empty() {
            report.push_str("Latest events:\n");
        }
        for (at, what) in &self.events {
            report.push_str(&format!("  {} {what}\n", at.machine()));
        }
        report
    }
}

rendered!(Why);

#[cfg(test)]
mod tests {
    use super::*;

    fn why(code: &str) -> Why {
        Why {
            ctx: PageContext {
                base_path: "/.tenure".into(),
                request_id: "req_1".into(),
                language: crate::language::Language::ENGLISH,
            },
            code: code.into(),
            at: Some(Moment(1_795_438_080_000)),
            now: Moment(1_795_438_090_000),
            displaced_by: None,
            kept_until: None,
            browser: Browser::from_user_agent(
                "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
            ),
            events: vec![(Moment(1_795_438_080_000), "locked (idle)".into())],
            sent_work: None,
            support_code: "K7F2-9QDM".into(),
            return_to: "/wiki".into(),
            form_token: Some("form".into()),
            reported: None,
        }
    }

    #[test]
    fn every_reason_renders_with_its_title_report_and_a_way_on() {
        for words in words::all() {
            let html = why(words.code).render().unwrap();
            assert!(
                html.contains(&words.title(crate::language::Language::ENGLISH).to_string()),
                "{}",
                words.code
            );
            assert!(html.contains("Support code: K7F2-9QDM") && html.contains("Firefox 153 on Linux"));
            let page = match words.kind {
                Kind::Lock if words.code == "step_up" => "step-up",
                Kind::Lock => "unlock",
                _ => "sign-in",
            };
            assert!(html.contains(&format!("/.tenure/{page}?return_to=/wiki")), "{}", words.code);
        }
    }

    #[test]
    fn cookie_trouble_gets_steps_for_the_browser_at_hand() {
        let html = why("cookie_blocked").render().unwrap();
        assert!(html.contains("Allowing cookies in <bdi>Firefox</bdi>") && html.contains("shield"));
        let html = why("cookie_malformed").render().unwrap();
        assert!(html.contains("/.tenure/why/clean-up"));
        assert!(!why("idle").render().unwrap().contains("clean-up"));
    }

    #[test]
    fn the_report_tells_of_the_latest_events_and_can_be_sent() {
        let html = why("idle").render().unwrap();
        assert!(html.contains("Latest events:") && html.contains("locked (idle)"));
        assert!(html.contains("action=\"/.tenure/why/report\"") && !html.contains("Your report was sent"));
        let mut sent = why("idle");
        sent.reported = "rep_0123456789".parse().ok();
        let html = sent.render().unwrap();
        assert!(html.contains("rep_0123456789") && !html.contains("why/report"));
    }

    #[test]
    fn an_unknown_code_is_not_echoed() {
        let html = why("<b>made-up</b>").render().unwrap();
        assert!(!html.contains("made-up") && html.contains("Reason: unknown"));
    }
}
