//! `tenure doctor`

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::{ConfigFile, print_json};
use crate::doctor::{self, Status, Way};
use crate::failure::Failure;

/// Looks for the usual mistakes of a deployment, by really trying: against the configuration, the files, the
/// running gateway and the way that browsers come. Says what to do about each.
///
/// Run it on the machine of the gateway, as the user of the gateway. Nobody's session is touched.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 without problems, 1 with problems, 2 if the command itself was wrong.\n\n\
    Example:\n  tenure doctor --config /etc/tenure/tenure.toml\n  tenure doctor --connect 192.0.2.10:443 --ca company-ca.pem --json"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    file: ConfigFile,
    /// Connect here instead of to the address that the name of `public_url` stands for.
    #[arg(long, value_name = "ADDRESS:PORT")]
    connect: Option<SocketAddr>,
    /// Trust the certificates in this file (PEM) besides those of the system.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let way = Way { connect: arguments.connect, authorities: arguments.ca.clone() };
    let report = doctor::examine(&arguments.file.load()?, &way);
    if arguments.json {
        print_json(&report)?;
    } else {
        print!("{report}");
    }
    match report.count(Status::Problem) {
        0 => Ok(()),
        count => Err(Failure::new(format_args!("{count} of the checks found a problem"))),
    }
}
