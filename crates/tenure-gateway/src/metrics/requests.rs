//! What is counted at each request: judgements, answers and how long they took. Each worker has its own numbers, and no
//! map is looked into; they are added up when somebody asks.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::StatusCode;
use tenure::core::{EndReason, LockReason, MissingReason};
use tenure::service::Outcome;

use crate::per_thread::PerThread;

/// What is counted at each request.
#[derive(Debug, Default)]
pub(super) struct Requests(PerThread<Counts>);

#[derive(Debug, Default)]
struct Counts {
    judged: Judgements,
    by_application: Answers,
    by_gateway: Answers,
}

#[derive(Debug, Default)]
struct Judgements {
    passed: AtomicU64,
    step_up: AtomicU64,
    unknown: AtomicU64,
    locked: [AtomicU64; LockReason::ALL.len() + 1],
    ended: [AtomicU64; EndReason::ALL.len() + 1],
    missing: [AtomicU64; MissingReason::ALL.len() + 1],
}

#[derive(Debug, Default)]
struct Answers {
    classes: [AtomicU64; CLASSES.len()],
    /// How many took as long as each bucket says and longer than the one before; the last is for those beyond.
    durations: [AtomicU64; BUCKETS.len() + 1],
    nanos: AtomicU64,
}

const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];
/// From a fraction of a millisecond to the longest that people wait: milliseconds, and how they are written in seconds.
const BUCKETS: [(f64, &str); 12] = [
    (0.5, "0.0005"),
    (1.0, "0.001"),
    (2.5, "0.0025"),
    (5.0, "0.005"),
    (10.0, "0.01"),
    (25.0, "0.025"),
    (50.0, "0.05"),
    (100.0, "0.1"),
    (250.0, "0.25"),
    (1000.0, "1.0"),
    (5000.0, "5.0"),
    (30_000.0, "30.0"),
];

type Part = fn(&Counts) -> &Answers;

impl Requests {
    pub(super) fn judged(&self, outcome: &Outcome) {
        let judged = &self.0.here().judged;
        let counter = match outcome {
            Outcome::Pass { .. } => &judged.passed,
            Outcome::StepUp { .. } => &judged.step_up,
            Outcome::Locked { reason, .. } => &judged.locked[usize::from(reason.number())],
            Outcome::Ended { reason, .. } => &judged.ended[usize::from(reason.number())],
            Outcome::Missing(reason) => &judged.missing[usize::from(reason.number())],
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn unknown(&self) {
        self.0.here().judged.unknown.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn answered(&self, status: StatusCode, by_application: bool, took: Duration) {
        let counts = self.0.here();
        let answers = if by_application { &counts.by_application } else { &counts.by_gateway };
        let class = usize::from(status.as_u16() / 100).clamp(1, CLASSES.len()) - 1;
        let millis = took.as_secs_f64() * 1000.0;
        let bucket = BUCKETS.iter().position(|(limit, _)| millis <= *limit).unwrap_or(BUCKETS.len());
        answers.classes[class].fetch_add(1, Ordering::Relaxed);
        answers.durations[bucket].fetch_add(1, Ordering::Relaxed);
        answers.nanos.fetch_add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Appends all of it in the text format of OpenMetrics.
    pub(super) fn write(&self, text: &mut String) {
        self.write_answers(text);
        self.write_judgements(text);
    }

    fn write_answers(&self, text: &mut String) {
        let by: [(&str, Part); 2] =
            [("application", |counts| &counts.by_application), ("gateway", |counts| &counts.by_gateway)];
        head(text, "answers", "counter", "Answers by class of status and by who gave them");
        for (by, answers) in by {
            for (index, class) in CLASSES.iter().enumerate() {
                let count = self.sum(|counts| &answers(counts).classes[index]);
                let _ = writeln!(text, "tenure_answers_total{{class=\"{class}\",by=\"{by}\"}} {count}");
            }
        }
        head(text, "request_duration_seconds", "histogram", "Time to the head of the answer");
        for (by, answers) in by {
            let mut so_far = 0;
            let limits = BUCKETS.iter().map(|(_, seconds)| *seconds).chain(["+Inf"]);
            for (index, limit) in limits.enumerate() {
                so_far += self.sum(|counts| &answers(counts).durations[index]);
                let name = "tenure_request_duration_seconds_bucket";
                let _ = writeln!(text, "{name}{{le=\"{limit}\",by=\"{by}\"}} {so_far}");
            }
            let seconds = self.sum(|counts| &answers(counts).nanos) as f64 / 1e9;
            let _ = writeln!(text, "tenure_request_duration_seconds_sum{{by=\"{by}\"}} {seconds:?}");
            let _ = writeln!(text, "tenure_request_duration_seconds_count{{by=\"{by}\"}} {so_far}");
        }
    }

    fn write_judgements(&self, text: &mut String) {
        head(text, "judgements", "counter", "Judged requests by verdict");
        let mut line = |verdict: &str, reason: &str, count: u64| {
            let _ = writeln!(
                text,
                "tenure_judgements_total{{verdict=\"{verdict}\",reason=\"{reason}\"}} {count}"
            );
        };
        line("pass", "", self.sum(|counts| &counts.judged.passed));
        line("step_up", "", self.sum(|counts| &counts.judged.step_up));
        line("unknown", "", self.sum(|counts| &counts.judged.unknown));
        for reason in LockReason::ALL {
            let count = self.sum(|counts| &counts.judged.locked[usize::from(reason.number())]);
            line("locked", reason.code(), count);
        }
        for reason in EndReason::ALL {
            let count = self.sum(|counts| &counts.judged.ended[usize::from(reason.number())]);
            line("ended", reason.code(), count);
        }
        for reason in MissingReason::ALL {
            let count = self.sum(|counts| &counts.judged.missing[usize::from(reason.number())]);
            line("none", reason.code(), count);
        }
    }

    fn sum(&self, of: impl Fn(&Counts) -> &AtomicU64) -> u64 {
        self.0.all().map(|counts| of(counts).load(Ordering::Relaxed)).fold(0, u64::wrapping_add)
    }
}

fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = write!(text, "# HELP tenure_{name} {help}.\n# TYPE tenure_{name} {kind}\n");
}
