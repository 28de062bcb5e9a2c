//! The configuration: `tenure.toml`, overridden by the environment.
//!
//! [`keys`] is the one table of everything that can be set; reading, checking, the reference in docs/ and the
//! JSON Schema all come from it. [`read`] collects settings with where they come from, [`build`] makes a valid
//! [`Config`] of them, and [`routes`] finds the route of a request.

mod build;
pub mod keys;
mod path;
mod problem;
mod read;
pub mod reference;
mod report;
pub mod routes;
#[cfg(test)]
mod tests;
pub mod value;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use tenure::core::Policy;

pub use problem::{ConfigError, Place, Problem};
pub use read::{ELSEWHERE, Environment, Origin, Section, Setting, Settings};
pub use report::{Report, RouteReport, SettingReport};
pub use routes::{Access, Route, RouteTable};

use crate::net::TrustedProxies;

/// A valid configuration.
#[derive(Debug)]
pub struct Config {
    /// `[gateway]`
    pub gateway: Gateway,
    /// `[tls]`; `None` serves plain HTTP.
    pub tls: Option<Tls>,
    /// `[store]`
    pub store: Store,
    /// `[admin]`
    pub admin: Admin,
    /// `[accounts]`
    pub accounts: Accounts,
    /// `[log]`
    pub log: Log,
    /// `[policy]`
    pub policy: Arc<Policy>,
    /// `[[route]]`
    pub routes: RouteTable,
    /// What is worth a word, though nothing is wrong.
    pub warnings: Vec<Problem>,
    settings: Settings,
}

/// `[gateway]`
#[derive(Debug)]
pub struct Gateway {
    /// Where browsers or front proxies connect.
    pub listen: SocketAddr,
    /// The origin that browsers use, without a trailing slash.
    pub public_url: String,
    /// Whether that is HTTPS, so that cookies are `Secure`.
    pub secure: bool,
    /// The proxies that are believed.
    pub trusted_proxies: TrustedProxies,
    /// The largest body of a request, in bytes.
    pub max_body: Option<u64>,
    /// How much is kept of requests that met a lock.
    pub kept: crate::kept::Limits,
    /// Where the gateway's own paths begin, without a trailing slash.
    pub base_path: String,
    /// The languages of pages and dialogs.
    pub languages: crate::language::Languages,
    /// How many workers serve; 0 is one for each core.
    pub workers: usize,
    /// How long an application may take to accept a connection.
    pub connect_timeout: Duration,
    /// How long an application may take to begin an answer.
    pub upstream_timeout: Duration,
}

/// `[tls]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The certificate chain.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// `[store]`
#[derive(Debug)]
pub struct Store {
    /// The folder of the embedded store; key ring and accounts are in it too.
    pub path: PathBuf,
}

/// `[admin]`
#[derive(Debug)]
pub struct Admin {
    /// Where administration listens.
    pub listen: SocketAddr,
    /// The file with its bearer token.
    pub token_file: PathBuf,
}

/// `[accounts]`
#[derive(Debug)]
pub struct Accounts {
    /// The file of local accounts.
    pub file: PathBuf,
}

/// `[log]`
#[derive(Debug)]
pub struct Log {
    /// Whether each line is a JSON object.
    pub json: bool,
    /// The filter, such as `info` or `tenure=debug`.
    pub level: String,
}

impl Config {
    /// Reads the configuration from a file and the environment. Without a file there are only defaults and the
    /// environment.
    ///
    /// # Errors
    /// Everything that is wrong, at once.
    pub fn load(file: Option<&Path>, environment: &Environment) -> Result<Self, ConfigError> {
        let text = match file {
            Some(path) => {
                Some(std::fs::read_to_string(path).map_err(|source| ConfigError::unreadable(path, &source))?)
            }
            None => None,
        };
        Self::parse(file, text.as_deref(), environment)
    }

    /// Reads the configuration from the text of a file; `name` is for messages.
    ///
    /// # Errors
    /// Everything that is wrong, at once.
    pub fn parse(
        name: Option<&Path>,
        text: Option<&str>,
        environment: &Environment,
    ) -> Result<Self, ConfigError> {
        let (settings, problems) = read::read(name, text, environment);
        build::build(settings, problems)
    }

    /// Every setting with where it comes from, and the effective policy of each route: for `tenure check`.
    pub fn report(&self) -> Report {
        Report::of(self)
    }

    /// The folder of kept requests.
    pub fn kept_folder(&self) -> PathBuf {
        self.store.path.join("kept")
    }

    /// Where problem reports are kept.
    pub fn reports_folder(&self) -> PathBuf {
        self.store.path.join("reports")
    }

    /// The file of the key ring.
    pub fn key_file(&self) -> PathBuf {
        self.store.path.join("keys")
    }

    pub(crate) const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The upstream where no route names one.
    pub fn upstream(&self) -> &Uri {
        &self.routes.fallback().upstream
    }
}
