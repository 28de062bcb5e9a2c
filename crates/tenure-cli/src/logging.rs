//! Logs on standard error.

use std::io::IsTerminal as _;

use tenure_gateway::config::Log;
use tracing_subscriber::EnvFilter;

use crate::failure::Failure;

/// Starts logging as the configuration says; `TENURE_LOG` overrides its filter.
pub(crate) fn start(log: &Log) -> Result<(), Failure> {
    // The engine of the store has much to say that only its authors can use.
    let filter =
        std::env::var("TENURE_LOG").unwrap_or_else(|_| format!("fjall=warn,lsm_tree=warn,{}", log.level));
    let filter = EnvFilter::try_new(&filter).map_err(|error| {
        Failure::new(format_args!("log.level: {filter:?} is not a filter for logs: {error}"))
    })?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let started = if log.json { builder.json().flatten_event(true).try_init() } else { builder.try_init() };
    started.map_err(Failure::new)
}
