//! The commands, one a file.

pub(crate) mod check;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod egress;
pub(crate) mod explain;
pub(crate) mod keys;
pub(crate) mod serve;
pub(crate) mod sessions;
pub(crate) mod support_bundle;
pub(crate) mod user;

use std::path::{Path, PathBuf};

use clap::Args;
use tenure_gateway::config::{Config, Environment};

use crate::failure::Failure;

/// Where the configuration is.
#[derive(Debug, Args)]
pub(crate) struct ConfigFile {
    /// The configuration [default: tenure.toml, if it is there].
    #[arg(long, short, value_name = "FILE", env = "TENURE_CONFIG")]
    config: Option<PathBuf>,
}

impl ConfigFile {
    const USUAL: &str = "tenure.toml";

    /// The file to read, if there is one.
    fn path(&self) -> Option<&Path> {
        match &self.config {
            Some(path) => Some(path),
            None => Some(Path::new(Self::USUAL)).filter(|path| path.exists()),
        }
    }

    /// Reads the configuration.
    pub(crate) fn load(&self) -> Result<Config, Failure> {
        Config::load(self.path(), &Environment::of_process())
            .map_err(|error| Failure::new(format_args!("the configuration cannot be used:\n{error}")))
    }
}

/// Prints a JSON document.
pub(crate) fn print_json(document: &impl serde::Serialize) -> Result<(), Failure> {
    println!("{}", serde_json::to_string_pretty(document)?);
    Ok(())
}
