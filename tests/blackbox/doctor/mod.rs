//! `tenure doctor`: each mistake is made for real, and found.

mod files;
mod front;
mod running;
mod tls;

use serde_json::Value;
use tenure_tests::Setup;

/// The report of `tenure doctor --json`.
pub(crate) struct Report(Value);

pub(crate) fn examine(setup: &Setup, more: &[&str]) -> Report {
    let output = setup.run(&[&["doctor", "--json"], more].concat());
    let text = String::from_utf8_lossy(&output.stdout);
    let report = serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{error}: {text}{}", String::from_utf8_lossy(&output.stderr)));
    let report = Report(report);
    let problems = report.findings().filter(|finding| finding["status"] == "problem").count();
    assert_eq!(output.status.code(), Some(i32::from(problems > 0)), "{:#}", report.0);
    report
}

impl Report {
    fn findings(&self) -> impl Iterator<Item = &Value> {
        self.0["findings"].as_array().unwrap().iter()
    }

    fn finding(&self, check: &str) -> &Value {
        self.findings()
            .find(|finding| finding["check"] == check)
            .unwrap_or_else(|| panic!("{check}: {:#}", self.0))
    }

    /// That a check came out so, with these words, and with advice if something is wrong.
    pub(crate) fn says(&self, check: &str, status: &str, words: &str) {
        let finding = self.finding(check);
        assert_eq!(finding["status"], status, "{:#}", self.0);
        assert!(finding["what"].as_str().unwrap().contains(words), "{finding}");
        assert_eq!(finding["advice"].is_string(), ["warning", "problem"].contains(&status), "{finding}");
    }

    /// That nothing but these checks came out as a problem or warning.
    pub(crate) fn is_all_well_but(&self, checks: &[&str]) {
        for finding in self.findings() {
            let status = finding["status"].as_str().unwrap();
            let named = checks.iter().any(|check| finding["check"] == *check);
            assert_eq!(["warning", "problem"].contains(&status), named, "{finding}\n{:#}", self.0);
        }
    }
}
