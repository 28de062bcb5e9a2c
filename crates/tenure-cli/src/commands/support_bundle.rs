//! `tenure support-bundle`

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};
use tenure::clock::{Clock as _, SteadyClock};
use tenure::core::Timestamp;
use tenure_gateway::config::Config;

use super::ConfigFile;
use crate::doctor::{self, Way};
use crate::failure::Failure;

/// Gathers in one file what somebody who helps needs to know: versions, the configuration in effect, what
/// `tenure doctor` finds, metrics, and the events of the last while.
///
/// There is no password, token, key or cookie in it, and nothing that people sent. Names of people, session ids and
/// addresses are: read it before you hand it on.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  tenure support-bundle --config /etc/tenure/tenure.toml --output bundle.json"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    file: ConfigFile,
    /// The file to write; it must not be there yet.
    #[arg(long, short, value_name = "FILE", default_value = "tenure-support.json")]
    output: PathBuf,
    /// Leave out the events, and with them names of people, session ids and addresses.
    #[arg(long)]
    without_events: bool,
}

/// Events that were kept come at once.
const EVENTS_PATIENCE: Duration = Duration::from_secs(1);

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let config = arguments.file.load()?;
    let mut configuration = serde_json::to_value(config.report())?;
    mask(&mut configuration);
    let mut doctor = serde_json::to_value(doctor::examine(&config, &Way::default()))?;
    mask(&mut doctor);
    let events = if arguments.without_events { Value::Null } else { events(&config).into() };
    let bundle = json!({
        "tenure_support_bundle": 1,
        "made_at": SteadyClock::start(Timestamp::EPOCH).now(),
        "version": env!("CARGO_PKG_VERSION"),
        "system": system(),
        "configuration": configuration,
        "doctor": doctor,
        "metrics": doctor::metrics(&config).unwrap_or_default().lines().collect::<Vec<_>>(),
        "events": events,
    });
    let path = &arguments.output;
    write(path, &serde_json::to_vec_pretty(&bundle)?)
        .map_err(|error| Failure::new(format_args!("{}: {error}", path.display())))?;
    println!(
        "{} is written. Names of people and addresses are in it, no secrets: read it before you hand it on.",
        path.display()
    );
    Ok(())
}

/// It is about people, so only its owner may read it.
fn write(path: &std::path::Path, text: &[u8]) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    file.write_all(text)?;
    file.write_all(b"\n")
}

fn system() -> Value {
    let file = |path: &str| std::fs::read_to_string(path).map(|text| text.trim().to_owned()).ok();
    let release = file("/etc/os-release");
    let named =
        release.as_deref().and_then(|text| text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME=")));
    json!({
        "system": named.map(|name| name.trim_matches('"')),
        "kernel": file("/proc/sys/kernel/osrelease"),
        "architecture": std::env::consts::ARCH,
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
    })
}

/// The events that the gateway still keeps, oldest first.
fn events(config: &Config) -> Vec<Value> {
    let stream = doctor::stream(config, "/v1/events", EVENTS_PATIENCE).unwrap_or_default();
    let data = stream.lines().filter_map(|line| line.strip_prefix("data: "));
    data.filter_map(|line| serde_json::from_str(line).ok()).filter(|event| *event != json!({})).collect()
}

/// Takes names and passwords out of addresses, wherever they stand.
fn mask(value: &mut Value) {
    match value {
        Value::String(text) => *text = masked(text),
        Value::Array(values) => values.iter_mut().for_each(mask),
        Value::Object(members) => members.values_mut().for_each(mask),
        _ => {}
    }
}

/// A text with `***` in the place of what stands before an `@` in addresses.
fn masked(text: &str) -> String {
    let mut parts = text.split("://");
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(['/', '?', '#', ' ', '"', ',']).unwrap_or(part.len());
        let (authority, rest) = part.split_at(end);
        let authority =
            authority.rsplit_once('@').map_or(authority.to_owned(), |(_, host)| format!("***@{host}"));
        result.push_str("://");
        result.push_str(&authority);
        result.push_str(rest);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_passwords_are_taken_out_of_addresses() {
        assert_eq!(masked("redis://user:pa@ss@host:1/0, http://a/b@c"), "redis://***@host:1/0, http://a/b@c");
        assert_eq!(masked("nothing of that"), "nothing of that");
    }
}
