//! The gateway as it runs: whether it does, which process it is, its limits and its clock.

use std::fs;
use std::time::Duration;

use http::Method;
use tenure_gateway::config::Config;

use super::Report;
use super::wire::{Ask, Site};
use crate::admin_client::AdminClient;

/// A busy gateway has two descriptors for each request, and one for each idle connection.
const FEW_DESCRIPTORS: u64 = 4096;
/// Further than this, codes and limits that other machines judge are wrong.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(5);

/// A gateway that answers.
#[derive(Debug)]
pub(super) struct Running {
    /// The name that requests carry to be answered by the gateway itself.
    pub(super) probe: String,
}

pub(super) fn examine(config: &Config, report: &mut Report) -> Option<Running> {
    listener(config, report);
    let owner = fs::read_to_string(config.store.path.join("sessions/owner")).ok();
    let owner = owner.and_then(|line| line.split_whitespace().nth(1)?.parse::<u32>().ok());
    let owner = owner.filter(|process| is_gateway(*process));
    let announced = AdminClient::new(config).and_then(|client| client.call(&Method::POST, "/v1/probe"));
    let announced = match announced {
        Ok(announced) => announced,
        Err(failure) => {
            let said = failure.to_string();
            if said.contains("401") {
                report.problem(
                    "admin_token",
                    "the gateway does not take the token of admin.token_file",
                    "Restart the gateway if the file has changed, or see whether another gateway answers at admin.listen.",
                );
            }
            report.problem("gateway", said, "Start it with `tenure serve` and this configuration.");
            if let Some(owner) = owner {
                report.problem(
                    "store_owner",
                    format_args!("process {owner} has the store open, but no gateway answers at admin.listen with this configuration"),
                    "Two gateways can't share a store: stop the other one, or give each a store.path of its own.",
                );
            }
            return None;
        }
    };
    report.ok("admin_token", "the gateway takes it, and only its owner may read it");
    let process = announced["process"].as_u64().and_then(|process| u32::try_from(process).ok())?;
    report.ok("gateway", format_args!("it answers (process {process})"));
    match owner {
        Some(owner) if owner != process && is_gateway(process) => report.problem(
            "store_owner",
            format_args!("process {owner} has the store of this configuration open, but process {process} answers at admin.listen"),
            "Two gateways run: stop the one that should not, or give each a store.path and admin.listen of its own.",
        ),
        Some(_) => report.ok("store_owner", "the gateway that answers has the store open"),
        None => report.not_tried("store_owner", "the process that has the store open is not to be seen from here"),
    }
    descriptors(process, report);
    clock(config, report);
    Some(Running { probe: announced["probe"].as_str()?.to_owned() })
}

/// Whether a process of this number is there and is not something else that got its number later.
fn is_gateway(process: u32) -> bool {
    fs::read(format!("/proc/{process}/cmdline")).is_ok_and(|line| !line.is_empty())
}

/// The administration listener is for this machine, and asks for its token.
fn listener(config: &Config, report: &mut Report) {
    let address = config.admin.listen;
    let site = Site::plain(address);
    match site.ask(&Ask::get("/v1/sessions")) {
        Ok(answer) if answer.status == 401 => {}
        Ok(answer) => {
            return report.problem(
                "admin_listener",
                format_args!(
                    "{address} (admin.listen) answers {} where it should ask for its token",
                    answer.status
                ),
                "Something else listens there: choose another address in admin.listen.",
            );
        }
        Err(error) => return report.not_tried("admin_listener", error),
    }
    if !address.ip().is_loopback() {
        report.warning(
            "admin_listener",
            format_args!("{address} (admin.listen) can be reached from other machines, and its token crosses the network in the clear"),
            "Let it listen on loopback, or put TLS and a firewall in front of it.",
        );
    }
}

fn descriptors(process: u32, report: &mut Report) {
    let limits = fs::read_to_string(format!("/proc/{process}/limits")).unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let most = line.and_then(|line| line.split_whitespace().next());
    match most.map(str::parse::<u64>) {
        Some(Ok(most)) if most < FEW_DESCRIPTORS => report.problem(
            "file_descriptors",
            format_args!("the gateway may have {most} files and connections open; a busy one needs more"),
            "Raise it: LimitNOFILE=65536 in the unit of the service, or `ulimit -n 65536`.",
        ),
        Some(_) => report.ok("file_descriptors", format_args!("{} may be open", most.unwrap_or("unlimited"))),
        None => report.not_tried("file_descriptors", "the limits of the process can't be read from here"),
    }
}

/// The gateway says how far the clock of the machine has leapt from its own. [`super::upstream`] compares with
/// other machines.
fn clock(config: &Config, report: &mut Report) {
    let site = Site::plain(config.admin.listen);
    let Ok(answer) = site.ask(&Ask::get("/metrics")) else { return };
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    let offset = text.lines().find_map(|line| line.strip_prefix("tenure_clock_offset_milliseconds "));
    let Some(offset) = offset.and_then(|offset| offset.trim().parse::<i64>().ok()) else { return };
    if Duration::from_millis(offset.unsigned_abs()) > CLOCK_TOLERANCE {
        report.problem(
            "clock",
            format_args!("the clock of this machine has leapt by {} s since the gateway started", offset / 1000),
            "Keep the clock with NTP (chrony, systemd-timesyncd); the gateway follows it slowly, without ending anybody's session.",
        );
    }
}
