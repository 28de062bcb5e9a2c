//! `tenure egress leases`, `move`, `release`, `doctor`: through the running egress, or else on its files.

use std::net::IpAddr;

use clap::{Args, ValueEnum};
use serde_json::json;
use tenure_egress::Family;
use tenure_egress::egress::operate::{AddressRow, Answer, Listing, Moved, Request, perform};
use tenure_egress::egress::{Config, control, server};

use super::super::{ConfigFile, print_json};
use super::{load, runtime};
use crate::failure::Failure;

/// Whose lease.
#[derive(Debug, Args)]
pub(crate) struct Lease {
    /// The name of the account.
    account: String,
    /// Of which family.
    #[arg(long, value_enum, default_value_t = FamilyName::Ipv4)]
    family: FamilyName,
    #[command(flatten)]
    file: ConfigFile,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Another address.
#[derive(Debug, Args)]
pub(crate) struct Move {
    #[command(flatten)]
    lease: Lease,
    /// The new address; else the first free one that has the account's tags.
    #[arg(long, value_name = "ADDRESS")]
    to: Option<IpAddr>,
}

/// No address.
#[derive(Debug, Args)]
pub(crate) struct Release {
    #[command(flatten)]
    lease: Lease,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FamilyName {
    Ipv4,
    Ipv6,
}

impl From<FamilyName> for Family {
    fn from(name: FamilyName) -> Self {
        match name {
            FamilyName::Ipv4 => Self::Ipv4,
            FamilyName::Ipv6 => Self::Ipv6,
        }
    }
}

pub(super) fn list(file: &ConfigFile, json: bool) -> Result<(), Failure> {
    let listing = listing(&load(file)?, &Request::Leases)?;
    if json {
        return print_json(&listing);
    }
    println!(
        "{:<24} {:<16} {:<24} {:<12} {:>6} {:>12} {:>12}",
        "account", "person", "address", "state", "open", "sent", "received"
    );
    for lease in &listing.leases {
        println!(
            "{:<24} {:<16} {:<24} {:<12} {:>6} {:>12} {:>12}",
            lease.account,
            lease.person.as_deref().unwrap_or("-"),
            lease.address.to_string(),
            lease.state,
            lease.open,
            lease.sent,
            lease.received
        );
    }
    let free =
        listing.addresses.iter().filter(|address| address.account.is_none() && address.cooling.is_none());
    println!(
        "{} leases; {} of {} addresses are free",
        listing.leases.len(),
        free.count(),
        listing.addresses.len()
    );
    Ok(())
}

pub(super) fn relocate(arguments: &Move) -> Result<(), Failure> {
    let Lease { account, family, file, json } = &arguments.lease;
    change(
        file,
        *json,
        &Request::Move { account: account.clone(), family: (*family).into(), to: arguments.to },
    )
}

pub(super) fn release(arguments: &Release) -> Result<(), Failure> {
    let Lease { account, family, file, json } = &arguments.lease;
    change(file, *json, &Request::Release { account: account.clone(), family: (*family).into() })
}

fn change(file: &ConfigFile, json: bool, request: &Request) -> Result<(), Failure> {
    match ask(&load(file)?, request)? {
        Answer::Moved(moved) if json => print_json(&moved),
        Answer::Moved(Moved { account, from, to: Some(to) }) => {
            println!("{account} leaves by {to} now, and no more by {from}.");
            Ok(())
        }
        Answer::Moved(Moved { account, from, to: None }) => {
            println!("{account} has {from} no more.");
            Ok(())
        }
        Answer::Refused(why) => Err(Failure::new(why)),
        Answer::Listing(_) => Err(Failure::new("the egress answered something else than was asked")),
    }
}

fn listing(config: &Config, request: &Request) -> Result<Listing, Failure> {
    match ask(config, request)? {
        Answer::Listing(listing) => Ok(listing),
        Answer::Refused(why) => Err(Failure::new(why)),
        Answer::Moved(_) => Err(Failure::new("the egress answered something else than was asked")),
    }
}

/// Asks the running egress; where none runs, its files are free to be used.
fn ask(config: &Config, request: &Request) -> Result<Answer, Failure> {
    runtime()?.block_on(async {
        let answered = control::ask(&config.control, request).await.map_err(|error| {
            Failure::new(format_args!("{} (egress.control): {error}", config.control.display()))
        })?;
        match answered {
            Some(answer) => Ok(answer),
            None => Ok(perform(&server::exit(config)?, config.cool_off, request.clone()).await),
        }
    })
}

/// What of the host is worth knowing.
fn host_findings() -> Vec<String> {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let mut findings = Vec::new();
    for family in ["ipv4", "ipv6"] {
        if read(&format!("/proc/sys/net/{family}/ip_nonlocal_bind")).trim() == "1" {
            findings.push(format!(
                "net.{family}.ip_nonlocal_bind is 1: binding to an address that is gone succeeds. The probes find out all the same; set it to 0 if nothing needs it"
            ));
        }
    }
    let ports = read("/proc/sys/net/ipv4/ip_local_port_range");
    let ports: Vec<u32> = ports.split_whitespace().filter_map(|port| port.parse().ok()).collect();
    if let [first, last] = ports[..]
        && last.saturating_sub(first) < 20_000
    {
        findings.push(format!(
            "net.ipv4.ip_local_port_range leaves {} ports for each address and site",
            last - first + 1
        ));
    }
    let limits = read("/proc/self/limits");
    let files = limits.lines().find(|line| line.starts_with("Max open files"));
    let files = files.and_then(|line| line.split_whitespace().nth(3)?.parse::<u64>().ok());
    if let Some(files) = files
        && files < 65_536
    {
        findings.push(format!(
            "a process may have {files} open files here; each connection takes two (ulimit -n, LimitNOFILE)"
        ));
    }
    findings
}

pub(super) fn doctor(file: &ConfigFile, json: bool) -> Result<(), Failure> {
    let config = load(file)?;
    let listing = listing(&config, &Request::Doctor)?;
    let host = host_findings();
    let lost: Vec<_> = listing.leases.iter().filter(|lease| lease.name.is_none()).collect();
    let is_bad = |address: &&AddressRow| matches!(address.state.as_str(), "down" | "quarantined" | "suspect");
    let bad: Vec<_> = listing.addresses.iter().filter(is_bad).collect();
    if json {
        print_json(
            &json!({ "addresses": listing.addresses, "leases_without_address": lost, "host": host, "echo": config.echo.is_some() }),
        )?;
    } else {
        println!(
            "{:<20} {:<24} {:<12} {:<20} {:>9}  trouble",
            "address", "sites should see", "state", "account", "available"
        );
        for row in &listing.addresses {
            let share =
                row.availability.map_or_else(|| "-".into(), |share| format!("{:.3} %", share * 100.0));
            println!(
                "{:<20} {:<24} {:<12} {:<20} {share:>9}  {}",
                row.name,
                row.address.to_string(),
                row.state,
                row.account.as_deref().unwrap_or("-"),
                row.trouble.as_deref().unwrap_or("-")
            );
        }
        if config.echo.is_none() {
            println!("There is no egress.echo, so what sites really see was not compared.");
        }
        for row in &lost {
            println!(
                "{} has {}, which is not in the pool: it can't go anywhere. Put it back, or `tenure egress move {}`.",
                row.account, row.address, row.account
            );
        }
        for finding in &host {
            println!("{finding}.");
        }
    }
    if bad.is_empty() && lost.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format_args!(
        "{} addresses have trouble, {} leases have no address",
        bad.len(),
        lost.len()
    )))
}
