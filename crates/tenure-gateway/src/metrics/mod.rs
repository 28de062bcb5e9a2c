//! What is counted, for Prometheus.

mod requests;

use std::fmt::Write as _;
use std::time::Duration;

use http::StatusCode;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use tenure::service::Outcome;
use tenure::store::Counts;

use crate::accounts::Refused;
use crate::kept::Totals;
use crate::proxy::UpstreamError;
use requests::Requests;

/// What is counted. Labels have few values, all known beforehand: no path, no name, no address.
#[derive(Debug, Default)]
pub struct Metrics {
    requests: Requests,
    sign_ins_refused: Family<Cause, Counter>,
    upstream_failures: Family<Cause, Counter>,
    events: Family<Cause, Counter>,
    kept_requests: Family<Cause, Counter>,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Cause {
    cause: &'static str,
}

impl Metrics {
    /// A request was judged.
    pub fn judged(&self, outcome: &Outcome) {
        self.requests.judged(outcome);
    }

    /// A request could not be judged.
    pub fn unknown(&self) {
        self.requests.unknown();
    }

    /// A request was answered, by the application or by the gateway itself.
    pub fn answered(&self, status: StatusCode, by_application: bool, took: Duration) {
        self.requests.answered(status, by_application, took);
    }

    /// A sign-in, unlock or step-up was refused.
    pub fn sign_in_refused(&self, refused: &Refused) {
        let cause = match refused {
            Refused::WrongCredentials => "wrong_credentials",
            Refused::Throttled { .. } => "throttled",
            Refused::Busy => "busy",
            Refused::Unavailable(_) => "unavailable",
        };
        self.sign_ins_refused.get_or_create(&Cause { cause }).inc();
    }

    /// There was no answer of the application.
    pub fn upstream_failed(&self, error: UpstreamError) {
        let cause = match error {
            UpstreamError::Unreachable => "unreachable",
            UpstreamError::ConnectTimedOut => "connect_timed_out",
            UpstreamError::TimedOut => "timed_out",
            UpstreamError::BodyTooLarge => "body_too_large",
            UpstreamError::Reset => "reset",
            UpstreamError::InvalidResponse => "invalid_response",
            UpstreamError::ClientAborted => "client_aborted",
            _ => "refused",
        };
        self.upstream_failures.get_or_create(&Cause { cause }).inc();
    }

    /// Something happened to a session.
    pub fn event(&self, name: &'static str) {
        self.events.get_or_create(&Cause { cause: name }).inc();
    }

    /// Something became of a request that met a lock: `kept`, `sent`, `discarded`, `expired`, or why it was not kept.
    pub fn kept_request(&self, what: &'static str) {
        self.kept_requests.get_or_create(&Cause { cause: what }).inc();
    }

    /// As many kept requests have expired or gone with their sessions.
    pub fn kept_requests_gone(&self, count: usize) {
        self.kept_requests.get_or_create(&Cause { cause: "expired" }).inc_by(count as u64);
    }

    /// Everything in the text format of OpenMetrics.
    pub fn render(&self, counts: Counts, kept: Totals, clock_offset_millis: i64) -> String {
        let mut registry = Registry::with_prefix("tenure");
        registry.register(
            "sign_ins_refused",
            "Refused sign-ins, unlocks and step-ups",
            self.sign_ins_refused.clone(),
        );
        registry.register(
            "upstream_failures",
            "Requests without an answer of the application",
            self.upstream_failures.clone(),
        );
        registry.register("session_events", "What happened to sessions", self.events.clone());
        registry.register(
            "kept_requests",
            "What became of requests that met a lock",
            self.kept_requests.clone(),
        );
        for (name, help, count) in [
            ("kept_waiting", "Requests that are kept", kept.requests),
            ("kept_bytes", "Bytes that they take", kept.bytes),
        ] {
            let gauge = Gauge::<i64>::default();
            gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
            registry.register(name, help, gauge);
        }
        let clock = Gauge::<i64>::default();
        clock.set(clock_offset_millis);
        registry.register("clock_offset_milliseconds", "How far the wall clock is ahead of ours", clock);
        let mut text = String::new();
        if encode(&mut text, &registry).is_err() {
            tracing::error!("the metrics could not be written");
        }
        let body = text.strip_suffix("# EOF\n").map(str::to_owned).unwrap_or(text);
        self.append_plain(body, counts)
    }

    fn append_plain(&self, mut text: String, counts: Counts) -> String {
        text.push_str("# HELP tenure_sessions Sessions by state.\n# TYPE tenure_sessions gauge\n");
        for (state, count) in [("active", counts.active), ("locked", counts.locked), ("ended", counts.ended)]
        {
            let _ = writeln!(text, "tenure_sessions{{state=\"{state}\"}} {count}");
        }
        self.requests.write(&mut text);
        text.push_str("# EOF\n");
        text
    }
}

#[cfg(test)]
mod tests {
    use tenure::core::MissingReason;

    use super::*;

    #[test]
    fn judgements_are_counted_by_verdict_and_reason() {
        let metrics = Metrics::default();
        metrics.judged(&Outcome::Missing(MissingReason::CookieForged));
        metrics.answered(StatusCode::FOUND, false, Duration::from_millis(2));
        let text =
            metrics.render(Counts { active: 3, locked: 2, ended: 1 }, Totals { requests: 4, bytes: 5 }, -7);
        for line in [
            "tenure_judgements_total{verdict=\"none\",reason=\"cookie_forged\"} 1\n",
            "tenure_sessions{state=\"locked\"} 2\n",
            "tenure_answers_total{class=\"3xx\",by=\"gateway\"} 1\n",
            "tenure_answers_total{class=\"3xx\",by=\"application\"} 0\n",
            "tenure_request_duration_seconds_bucket{le=\"0.001\",by=\"gateway\"} 0\n",
            "tenure_request_duration_seconds_bucket{le=\"0.0025\",by=\"gateway\"} 1\n",
            "tenure_request_duration_seconds_bucket{le=\"+Inf\",by=\"gateway\"} 1\n",
            "tenure_request_duration_seconds_sum{by=\"gateway\"} 0.002\n",
            "tenure_request_duration_seconds_count{by=\"gateway\"} 1\n",
            "tenure_kept_waiting 4\n",
            "tenure_kept_bytes 5\n",
            "tenure_clock_offset_milliseconds -7\n",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }
}
