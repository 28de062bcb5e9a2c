//! The application, asked as the gateway asks it.

use std::collections::BTreeSet;
use std::time::Duration;

use tenure::clock::{Clock as _, SteadyClock};
use tenure::core::Timestamp;
use tenure_gateway::config::Config;

use super::Report;
use super::wire::{Answer, Ask, Site};

const CLOCK_TOLERANCE: Duration = Duration::from_secs(30);

pub(super) fn examine(config: &Config, report: &mut Report) {
    let mut upstreams: BTreeSet<String> =
        config.routes.iter().map(|route| route.upstream.to_string()).collect();
    upstreams.insert(config.upstream().to_string());
    let (mut cached, mut answered) = (None, false);
    for upstream in &upstreams {
        let answer = Site::of_upstream(upstream).and_then(|site| site.ask(&Ask::get("/")));
        match answer {
            Ok(answer) => {
                answered = true;
                clock(upstream, &answer, report);
                cached = cached.or_else(|| shared(&answer).map(|value| (upstream, value)));
            }
            Err(error) => {
                report.problem(
                    "upstream",
                    format_args!("{upstream} does not answer: {error}"),
                    "Start the application, or mend gateway.upstream or the upstream of its route.",
                );
            }
        }
    }
    report.ok(
        "upstream",
        format_args!("{} answers", upstreams.iter().cloned().collect::<Vec<_>>().join(" and ")),
    );
    match cached {
        Some((upstream, value)) => report.warning(
            "upstream_caching",
            format_args!("{upstream} lets caches hand its front page to everybody (Cache-Control: {value})"),
            "Have it send `Cache-Control: private` or `no-store` for pages that differ from person to person.",
        ),
        None if !answered => report.not_tried("upstream_caching", "the application does not answer"),
        None => report.ok("upstream_caching", "the front page is not marked for shared caches"),
    }
    report.ok("clock", "no clock that could be asked disagrees");
}

/// The value that lets a shared cache keep an answer (RFC 9111, section 3).
fn shared(answer: &Answer) -> Option<String> {
    let value = answer.header("cache-control")?.to_ascii_lowercase();
    let says = |word: &str| value.split(',').any(|part| part.trim().starts_with(word));
    let kept = !says("private") && !says("no-store") && !says("no-cache");
    (kept && (says("public") || says("s-maxage"))).then_some(value)
}

/// A machine whose clock differs judges other limits than this one.
fn clock(upstream: &str, answer: &Answer, report: &mut Report) {
    let Some(there) = answer.header("date").and_then(|date| httpdate::parse_http_date(date).ok()) else {
        return;
    };
    let Ok(there) = there.duration_since(std::time::UNIX_EPOCH) else { return };
    let here = Duration::from_millis(SteadyClock::start(Timestamp::EPOCH).now().as_millis());
    let apart = here.abs_diff(there);
    if apart > CLOCK_TOLERANCE {
        report.problem(
            "clock",
            format_args!("the clocks of this machine and of {upstream} are {} s apart", apart.as_secs()),
            "Keep both with NTP (chrony, systemd-timesyncd): times that one signs, the other refuses.",
        );
    }
}
