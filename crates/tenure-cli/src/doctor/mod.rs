//! `tenure doctor`: the usual mistakes of a deployment, found by really trying.
//!
//! [`files`] looks at what is on disk, [`running`] at the process, [`front`] at what browsers meet on their way, and
//! [`upstream`] at the application. Each of [`CHECKS`] comes to exactly one [`Finding`].

mod files;
mod front;
mod running;
mod upstream;
mod wire;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use tenure_gateway::config::Config;

use wire::{Ask, Site};

/// Every check, in the order of the report.
pub(crate) const CHECKS: [&str; 28] = [
    "configuration",
    "store_folder",
    "store_space",
    "store_owner",
    "key_ring",
    "accounts_file",
    "admin_token",
    "tls_key",
    "gateway",
    "admin_listener",
    "file_descriptors",
    "clock",
    "upstream",
    "upstream_caching",
    "public_url",
    "tls",
    "base_path",
    "protection",
    "refusals",
    "proxy_headers",
    "proxy_spoofing",
    "proxy_host",
    "http_version",
    "cookie",
    "caching",
    "body_limit",
    "websockets",
    "streams",
];

/// How a check came out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// As it should be.
    Ok,
    /// Worth a look.
    Warning,
    /// Something does not work, or is not safe.
    Problem,
    /// It could not be tried.
    NotTried,
}

/// What a check found.
#[derive(Debug, Serialize)]
pub(crate) struct Finding {
    /// The name of the check: it stays the same in all versions.
    pub(crate) check: &'static str,
    pub(crate) status: Status,
    /// What is the case.
    pub(crate) what: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) advice: Option<String>,
}

/// What all checks found.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    pub(crate) findings: Vec<Finding>,
}

/// How the way of browsers is tried.
#[derive(Debug, Default)]
pub(crate) struct Way {
    /// Where to connect instead of the address that the name of `public_url` stands for.
    pub(crate) connect: Option<SocketAddr>,
    /// Certificates that are trusted besides those of the system.
    pub(crate) authorities: Option<PathBuf>,
}

/// The metrics of a gateway that runs, as it gives them.
pub(crate) fn metrics(config: &Config) -> Option<String> {
    let answer = Site::plain(config.admin.listen).ask(&Ask::get("/metrics")).ok()?;
    Some(String::from_utf8_lossy(&answer.body).into_owned())
}

/// What a stream of the administration gives from its beginning until it is silent for so long.
pub(crate) fn stream(config: &Config, path: &str, patience: Duration) -> Option<String> {
    let token = std::fs::read_to_string(&config.admin.token_file).ok()?;
    let ask = Ask::get(path)
        .with("Authorization", format!("Bearer {}", token.trim()))
        .with("Last-Event-ID", "0")
        .until_silent_for(patience);
    let answer = Site::plain(config.admin.listen).ask(&ask).ok().filter(|answer| answer.status == 200)?;
    Some(String::from_utf8_lossy(&answer.body).into_owned())
}

/// Tries everything.
pub(crate) fn examine(config: &Config, way: &Way) -> Report {
    let mut report = Report::default();
    match config.warnings.first() {
        None => report.ok("configuration", "it is valid"),
        // The first stands for all.
        Some(warning) => report.warning("configuration", warning, "See `tenure check` for all warnings."),
    }
    files::examine(config, &mut report);
    let running = running::examine(config, &mut report);
    upstream::examine(config, &mut report);
    front::examine(config, way, running.as_ref(), &mut report);
    report.complete();
    report
}

impl Report {
    pub(crate) fn ok(&mut self, check: &'static str, what: impl fmt::Display) {
        self.note(check, Status::Ok, &what, None);
    }

    pub(crate) fn warning(
        &mut self,
        check: &'static str,
        what: impl fmt::Display,
        advice: impl fmt::Display,
    ) {
        self.note(check, Status::Warning, &what, Some(&advice));
    }

    pub(crate) fn problem(
        &mut self,
        check: &'static str,
        what: impl fmt::Display,
        advice: impl fmt::Display,
    ) {
        self.note(check, Status::Problem, &what, Some(&advice));
    }

    pub(crate) fn not_tried(&mut self, check: &'static str, why: impl fmt::Display) {
        self.note(check, Status::NotTried, &why, None);
    }

    /// The first finding of a check counts.
    fn note(
        &mut self,
        check: &'static str,
        status: Status,
        what: &dyn fmt::Display,
        advice: Option<&dyn fmt::Display>,
    ) {
        debug_assert!(CHECKS.contains(&check), "{check} is in the list");
        if !self.has(check) {
            let advice = advice.map(ToString::to_string);
            self.findings.push(Finding { check, status, what: what.to_string(), advice });
        }
    }

    fn has(&self, check: &str) -> bool {
        self.findings.iter().any(|finding| finding.check == check)
    }

    /// Names what was not reached, and brings everything into its order.
    fn complete(&mut self) {
        for check in CHECKS {
            self.not_tried(check, "something that it needs was not in order: see above");
        }
        self.findings.sort_by_key(|finding| CHECKS.iter().position(|check| *check == finding.check));
    }

    /// How many checks came out so.
    pub(crate) fn count(&self, status: Status) -> usize {
        self.findings.iter().filter(|finding| finding.status == status).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Finding { check, status, what, advice } in &self.findings {
            let status = match status {
                Status::Ok => "ok",
                Status::Warning => "WARNING",
                Status::Problem => "PROBLEM",
                Status::NotTried => "not tried",
            };
            writeln!(f, "{status:<9}  {check:<17} {what}")?;
            if let Some(advice) = advice {
                writeln!(f, "{:<29}{advice}", "")?;
            }
        }
        let count = |status| self.count(status);
        writeln!(
            f,
            "\n{} problems, {} warnings, {} in order, {} not tried",
            count(Status::Problem),
            count(Status::Warning),
            count(Status::Ok),
            count(Status::NotTried)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_comes_to_one_finding_in_the_order_of_the_list() {
        let mut report = Report::default();
        report.problem("tls", "first", "do");
        report.ok("tls", "second");
        report.complete();
        let checks: Vec<_> = report.findings.iter().map(|finding| finding.check).collect();
        assert_eq!(checks, CHECKS);
        assert_eq!(report.count(Status::Problem), 1);
        assert_eq!(report.count(Status::NotTried), CHECKS.len() - 1);
    }
}
