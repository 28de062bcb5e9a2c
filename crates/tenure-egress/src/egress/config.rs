//! A valid configuration of the egress.

use std::collections::HashMap;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::keys::TABLES;
use crate::exit::Echo;
use crate::pool::{Entry, Local, Protocol, Tags, Upstream, Via};
use crate::settings::value::network;
use crate::settings::{ConfigError, Item, Place, Problem, Settings, Source, Value};
use crate::{Family, Host, Secret, Target};

/// A valid configuration.
#[derive(Debug)]
pub struct Config {
    /// Where applications connect.
    pub listen: SocketAddr,
    /// Certificate chain and key for TLS in front.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Where tethers connect.
    pub tunnel_listen: Option<SocketAddr>,
    /// The folder of the state.
    pub state: PathBuf,
    /// The file of accounts.
    pub accounts: PathBuf,
    /// The socket of the commands.
    pub control: PathBuf,
    /// Where Prometheus reads.
    pub metrics_listen: Option<SocketAddr>,
    /// The families that accounts get addresses of, the preferred one first.
    pub families: Vec<Family>,
    /// How long an address is nobody else's.
    pub cool_off: Duration,
    /// Networks that are allowed.
    pub allow: Vec<ipnet::IpNet>,
    /// Ports that are allowed.
    pub allow_ports: Vec<u16>,
    /// The echo.
    pub echo: Option<Echo>,
    /// How often each address is tried.
    pub probe_every: Duration,
    /// How long a site may take.
    pub connect_timeout: Duration,
    /// How many connections an account may have.
    pub max_connections: u64,
    /// How long a client may take.
    pub handshake_timeout: Duration,
    /// Whether the log says where accounts go.
    pub log_destinations: bool,
    /// The authorities that vouch for upstream proxies.
    pub ca_file: Option<PathBuf>,
    /// The pool.
    pub pool: Vec<Entry>,
    /// What is worth a word, though nothing is wrong.
    pub warnings: Vec<Problem>,
    settings: Settings,
}

const TABLE: &str = "egress";
const ADDRESS: &str = "egress.address";
const UPSTREAM: &str = "egress.upstream";

impl Config {
    /// Reads the configuration from a file and the environment of the process.
    ///
    /// # Errors
    /// Everything that is wrong, at once.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        Self::read(&Source::load(file)?)
    }

    /// Reads the configuration.
    ///
    /// # Errors
    /// Everything that is wrong, at once.
    pub fn read(source: &Source) -> Result<Self, ConfigError> {
        let (settings, problems) = Settings::read(TABLES, source);
        let mut builder = Builder { settings: &settings, problems, warnings: Vec::new() };
        let config = builder.config();
        let Builder { problems, warnings, .. } = builder;
        match config {
            Some(config) if problems.is_empty() => Ok(Self { warnings, settings, ..config }),
            _ => Err(ConfigError::of(problems)),
        }
    }

    /// Whether anybody set anything for the egress.
    pub fn is_there(&self) -> bool {
        !self.settings.is_empty()
    }

    /// The settings that it was made of, for reports.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The file of leases.
    pub fn leases(&self) -> PathBuf {
        self.state.join("leases")
    }
}

struct Builder<'a> {
    settings: &'a Settings,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
}

impl Builder<'_> {
    fn wrong(&mut self, place: Place, key: impl Into<String>, message: impl Into<String>) {
        self.problems.push(Problem { place, key: key.into(), message: message.into() });
    }

    /// About a key of `[egress]`.
    fn wrong_here(&mut self, name: &str, message: impl Into<String>) {
        let place = self.settings.place(self.settings.get(TABLE, name));
        self.wrong(place, format!("{TABLE}.{name}"), message);
    }

    fn address(&self, name: &str) -> Option<SocketAddr> {
        self.settings.text(TABLE, name).parse().ok()
    }

    fn file(&self, name: &str) -> Option<PathBuf> {
        self.settings.get(TABLE, name).map(|setting| setting.value.to_string().into())
    }

    fn config(&mut self) -> Option<Config> {
        let settings = self.settings;
        let state = PathBuf::from(settings.text(TABLE, "state"));
        let echo = self.echo();
        let pool = self.pool(echo.is_some());
        let families = self.families();
        let tls = self.tls();
        let listen = self.address("listen")?;
        if tls.is_none() && !listen.ip().is_loopback() {
            self.warn_here("listen", "is not loopback and has no TLS in front: names and secrets are open to everybody on the way; set egress.certificate and egress.key, or use the tunnel");
        }
        let metrics_listen = self.address("metrics_listen");
        if metrics_listen.is_some_and(|address| !address.ip().is_loopback()) {
            self.wrong_here("metrics_listen", "is for loopback only: it says which accounts there are");
        }
        for name in ["probe_every", "connect_timeout", "handshake_timeout"] {
            if settings.duration(TABLE, name) < Duration::from_millis(100) {
                self.wrong_here(name, "is at least 100ms");
            }
        }
        if self.address("tunnel_listen").is_some() {
            self.wrong_here("tunnel_listen", "is not available in this version yet; remove it");
        }
        if settings.number(TABLE, "max_connections") == 0 {
            self.wrong_here("max_connections", "is at least 1");
        }
        Some(Config {
            listen,
            tls,
            tunnel_listen: self.address("tunnel_listen"),
            accounts: self.file("accounts").unwrap_or_else(|| state.join("accounts")),
            control: self.file("control").unwrap_or_else(|| state.join("control")),
            state,
            metrics_listen,
            families,
            cool_off: settings.duration(TABLE, "cool_off"),
            allow: settings.list(TABLE, "allow").iter().filter_map(|text| network(text)).collect(),
            allow_ports: settings
                .list(TABLE, "allow_ports")
                .iter()
                .filter_map(|text| text.parse().ok())
                .collect(),
            echo,
            probe_every: settings.duration(TABLE, "probe_every"),
            connect_timeout: settings.duration(TABLE, "connect_timeout"),
            max_connections: settings.number(TABLE, "max_connections"),
            handshake_timeout: settings.duration(TABLE, "handshake_timeout"),
            log_destinations: settings.is(TABLE, "log_destinations"),
            ca_file: self.file("ca_file"),
            pool,
            warnings: Vec::new(),
            // Put in its place by the caller, who still lends it here.
            settings: Settings::none(),
        })
    }

    fn warn_here(&mut self, name: &str, message: &str) {
        let place = self.settings.place(self.settings.get(TABLE, name));
        self.warnings.push(Problem { place, key: format!("{TABLE}.{name}"), message: message.into() });
    }

    fn families(&mut self) -> Vec<Family> {
        let names = self.settings.list(TABLE, "families");
        let mut families: Vec<_> =
            names.iter().map(|name| if name == "ipv6" { Family::Ipv6 } else { Family::Ipv4 }).collect();
        families.dedup();
        if families.is_empty() {
            self.wrong_here("families", "is empty: nobody could go anywhere");
        }
        families
    }

    fn tls(&mut self) -> Option<(PathBuf, PathBuf)> {
        match (self.file("certificate"), self.file("key")) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            (Some(_), None) => {
                self.wrong_here("key", "is needed with egress.certificate");
                None
            }
            (None, Some(_)) => {
                self.wrong_here("certificate", "is needed with egress.key");
                None
            }
        }
    }

    fn echo(&mut self) -> Option<Echo> {
        let text = self.settings.get(TABLE, "echo")?.value.to_string();
        let echo = Echo::parse(&text);
        if echo.is_none() {
            self.wrong_here(
                "echo",
                format!("{text:?} is not an address such as \"http://echo.example.com:8099/\""),
            );
        }
        echo
    }

    fn pool(&mut self, has_echo: bool) -> Vec<Entry> {
        let settings = self.settings;
        let mut entries = Vec::new();
        for item in settings.items(ADDRESS) {
            entries.extend(self.local(item, has_echo).map(|entry| (item.line, entry)));
        }
        for item in settings.items(UPSTREAM) {
            entries.extend(self.upstream(item, has_echo).map(|entry| (item.line, entry)));
        }
        let (mut names, mut exits) = (HashMap::new(), HashMap::new());
        for (line, entry) in &entries {
            if let Some(first) = names.insert(entry.name.clone(), *line) {
                let message = format!("{:?} is the name of the one of line {first} already", entry.name);
                self.wrong(settings.line(*line), "egress", message);
            }
            if let Some(first) = exits.insert(entry.exit, *line) {
                let message = format!(
                    "sites see {} for the one of line {first} already; an exit is one account's alone",
                    entry.exit
                );
                self.wrong(settings.line(*line), "egress", message);
            }
        }
        entries.into_iter().map(|(_, entry)| entry).collect()
    }

    fn local(&mut self, item: &Item, has_echo: bool) -> Option<Entry> {
        let Some(address) = ip(item, "address") else {
            self.wrong(self.settings.line(item.line), ADDRESS, "has no address: add `address = \"...\"`");
            return None;
        };
        if address.is_unspecified() || address.is_multicast() {
            self.wrong_in(
                item,
                ADDRESS,
                "address",
                format!("{address} is not an address that anything can leave by"),
            );
            return None;
        }
        let exit = ip(item, "expected_exit").unwrap_or(address);
        if Family::of(exit) != Family::of(address) {
            self.wrong_in(item, ADDRESS, "expected_exit", "is of another family than the address");
        }
        if exit != address && !has_echo {
            self.wrong_in(
                item,
                ADDRESS,
                "expected_exit",
                "takes egress.echo: without it nobody can tell what sites see",
            );
        }
        let mark = match item.get("mark").map(|setting| &setting.value) {
            Some(Value::Number(mark)) => match u32::try_from(*mark) {
                Ok(mark) => Some(mark),
                Err(_) => {
                    self.wrong_in(item, ADDRESS, "mark", "is at most 4294967295");
                    None
                }
            },
            _ => None,
        };
        let via = Via::Local(Local { address, device: item.text("device"), mark });
        Some(entry(item, exit, via))
    }

    fn upstream(&mut self, item: &Item, has_echo: bool) -> Option<Entry> {
        let line = self.settings.line(item.line);
        let (Some(url), Some(exit)) = (item.text("url"), ip(item, "expected_exit")) else {
            self.wrong(line, UPSTREAM, "takes `url = \"...\"` and `expected_exit = \"...\"`");
            return None;
        };
        if !has_echo {
            self.wrong(
                line,
                UPSTREAM,
                "takes egress.echo: an upstream proxy is not used before it is known what sites see of it",
            );
        }
        let Some((protocol, proxy)) = proxy(&url) else {
            let message = format!(
                "{url:?} is not an address such as \"http://host:port\", \"https://host:port\" or \"socks5://host:port\"; credentials belong into credentials_file"
            );
            self.wrong_in(item, UPSTREAM, "url", message);
            return None;
        };
        let credentials = match item.text("credentials_file") {
            None => None,
            Some(path) => match credentials(Path::new(&path)) {
                Ok(credentials) => Some(credentials),
                Err(message) => {
                    self.wrong_in(item, UPSTREAM, "credentials_file", format!("{path}: {message}"));
                    return None;
                }
            },
        };
        Some(entry(item, exit, Via::Upstream(Upstream { protocol, proxy, credentials })))
    }

    fn wrong_in(&mut self, item: &Item, table: &str, name: &str, message: impl Into<String>) {
        let place = self.settings.place(item.get(name));
        self.wrong(place, format!("{table}.{name}"), message);
    }
}

fn entry(item: &Item, exit: IpAddr, via: Via) -> Entry {
    let tags = Tags { country: item.text("country"), network: item.text("network") };
    let retired = item.get("retired").is_some_and(|setting| setting.value == Value::Boolean(true));
    Entry { name: item.text("name").unwrap_or_else(|| exit.to_string()), exit, via, tags, retired }
}

fn ip(item: &Item, name: &str) -> Option<IpAddr> {
    item.text(name)?.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

fn proxy(url: &str) -> Option<(Protocol, Target)> {
    let (scheme, authority) = url.trim_end_matches('/').split_once("://")?;
    let protocol = match scheme {
        "http" => Protocol::Http,
        "https" => Protocol::Https,
        "socks5" | "socks5h" => Protocol::Socks5,
        _ => return None,
    };
    let authority: http::uri::Authority = authority.parse().ok()?;
    let plain = !authority.as_str().contains('@');
    plain.then_some((
        protocol,
        Target { host: Host::parse(authority.host()).ok()?, port: authority.port_u16()? },
    ))
}

/// Reads a file of credentials. What is in it is never shown.
fn credentials(path: &Path) -> Result<(String, Secret), String> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(path).map_err(|error| error.to_string())?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(format!("others may read it (mode {:03o}); chmod 600", mode & 0o777));
    }
    let text = zeroize::Zeroizing::new(fs::read_to_string(path).map_err(|error| error.to_string())?);
    let line = text.lines().next().unwrap_or_default();
    let (name, secret) = line.split_once(':').ok_or("its first line is not `name:secret`")?;
    Ok((name.to_owned(), Secret::new(secret.as_bytes().to_vec())))
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
