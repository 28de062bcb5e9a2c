//! `tenure check`

use clap::Args;
use tenure_egress::egress::keys::TABLES;
use tenure_gateway::config::reference;

use super::{ConfigFile, print_json};
use crate::failure::Failure;

/// Reads the configuration as `tenure serve` would, and prints every value in effect, where it comes from, and
/// which requirement of a standard stands behind it.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tenure check --config /etc/tenure/tenure.toml")]
pub(crate) struct Arguments {
    #[command(flatten)]
    file: ConfigFile,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Print the JSON Schema of the configuration instead, for editors.
    #[arg(long)]
    schema: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.schema {
        let mut schema = reference::schema();
        schema["properties"]["egress"] = tenure_egress::settings::reference::schema(TABLES);
        return print_json(&schema);
    }
    let config = arguments.file.load()?;
    if let Some(tls) = &config.tls {
        tenure_tls::Certificate::load(&tls.certificate, &tls.key)
            .map_err(|error| Failure::new(format!("{error}; see [tls]")))?;
    }
    let report = config.report();
    super::egress::load_egress(arguments.file.path())?;
    if arguments.json {
        return print_json(&report);
    }
    print!("{report}");
    Ok(())
}
