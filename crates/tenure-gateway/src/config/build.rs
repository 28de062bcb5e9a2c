//! Making a valid configuration of settings.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tenure::core::{Finding, OnExcess, OnLimit, Policy, PolicyBuilder, Preset, RememberMe};

use super::keys::{self, Table};
use super::problem::{ConfigError, Place, Problem};
use super::read::{Section, Setting, Settings};
use super::routes::{Access, Pattern, Route, RouteTable};
use super::value::Value;
use super::{Accounts, Admin, Config, Gateway, Log, Store, Tls};
use crate::kept::Limits;
use crate::language::{Language, Languages};
use crate::net::TrustedProxies;

/// Makes a configuration, or says everything that is wrong.
pub(super) fn build(settings: Settings, problems: Vec<Problem>) -> Result<Config, ConfigError> {
    let mut builder = Builder { settings: &settings, problems, warnings: Vec::new() };
    let parts = builder.parts();
    let (mut problems, warnings) = (builder.problems, builder.warnings);
    problems.sort_by_key(Problem::line);
    match parts {
        Some((gateway, tls, store, admin, accounts, log, policy, routes)) if problems.is_empty() => {
            Ok(Config { gateway, tls, store, admin, accounts, log, policy, routes, warnings, settings })
        }
        _ => Err(ConfigError { problems }),
    }
}

type Parts = (Gateway, Option<Tls>, Store, Admin, Accounts, Log, Arc<Policy>, RouteTable);

struct Builder<'a> {
    settings: &'a Settings,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
}

impl Builder<'_> {
    fn parts(&mut self) -> Option<Parts> {
        let tls = self.tls();
        let gateway = self.gateway();
        let store = self.store();
        let admin = Admin {
            listen: self.text(Table::Admin, "listen").parse().ok()?,
            token_file: self.file(Table::Admin, "token_file", &store.path, "admin-token"),
        };
        let accounts = Accounts { file: self.file(Table::Accounts, "file", &store.path, "accounts") };
        let log =
            Log { json: self.text(Table::Log, "format") == "json", level: self.text(Table::Log, "level") };
        let policy = self.policy(None);
        let routes = policy.as_ref().and_then(|policy| self.routes(policy));
        Some((gateway?, tls, store, admin, accounts, log, policy?, routes?))
    }

    fn wrong(&mut self, setting: Option<&Setting>, key: &str, message: impl Into<String>) {
        let place = self.settings.place(setting);
        self.problems.push(Problem { place, key: key.into(), message: message.into() });
    }

    /// A setting of a table that is there once, or its default.
    fn value(&self, table: Table, name: &str) -> Option<Value> {
        if let Some(setting) = self.settings.get(table, name) {
            return Some(setting.value.clone());
        }
        keys::find(table, name)?.default_value()
    }

    fn text(&self, table: Table, name: &str) -> String {
        self.value(table, name).map(|value| value.to_string()).unwrap_or_default()
    }

    fn duration(&self, table: Table, name: &str) -> Option<Duration> {
        as_duration(&self.value(table, name)?)
    }

    fn number(&self, table: Table, name: &str) -> Option<u64> {
        as_number(&self.value(table, name)?)
    }

    fn file(&self, table: Table, name: &str, folder: &Path, default: &str) -> PathBuf {
        self.settings
            .get(table, name)
            .map_or_else(|| folder.join(default), |setting| setting.value.to_string().into())
    }

    fn gateway(&mut self) -> Option<Gateway> {
        let listen = self.text(Table::Gateway, "listen").parse().ok()?;
        let (public_url, secure) = self.public_url(listen)?;
        let networks = match self.value(Table::Gateway, "trusted_proxies") {
            Some(Value::Texts(texts)) => texts,
            _ => Vec::new(),
        };
        let languages = match self.value(Table::Gateway, "languages") {
            Some(Value::Texts(tags)) => tags.iter().filter_map(|tag| Language::from_tag(tag)).collect(),
            _ => Vec::new(),
        };
        Some(Gateway {
            listen,
            public_url,
            secure,
            trusted_proxies: TrustedProxies::parse(networks).ok()?,
            max_body: self.number(Table::Gateway, "max_body"),
            kept: self.kept()?,
            base_path: self.text(Table::Gateway, "base_path"),
            languages: Languages::new(languages),
            workers: self
                .number(Table::Gateway, "workers")
                .and_then(|count| usize::try_from(count).ok())
                .unwrap_or(0),
            connect_timeout: self.duration(Table::Gateway, "connect_timeout")?,
            upstream_timeout: self.duration(Table::Gateway, "upstream_timeout")?,
        })
    }

    /// The files of the certificate, if there are any.
    fn tls(&mut self) -> Option<Tls> {
        let of = |name| self.settings.get(Table::Tls, name).cloned();
        match (of("certificate"), of("key")) {
            (Some(certificate), Some(key)) => Some(Tls {
                certificate: certificate.value.to_string().into(),
                key: key.value.to_string().into(),
            }),
            (None, None) => None,
            (Some(given), None) => {
                self.wrong(
                    Some(&given),
                    "tls.key",
                    "is needed with tls.certificate: name the file of its private key",
                );
                None
            }
            (None, Some(given)) => {
                self.wrong(
                    Some(&given),
                    "tls.certificate",
                    "is needed with tls.key: name the file of the certificate chain",
                );
                None
            }
        }
    }

    /// How much is kept. What the application would not take is not kept for it either.
    fn kept(&self) -> Option<Limits> {
        let body = self.number(Table::Gateway, "max_kept_body")?;
        let most = self.number(Table::Gateway, "max_body").unwrap_or(u64::MAX);
        Some(Limits {
            body: body.min(most),
            person: self.number(Table::Gateway, "max_kept_per_person")?,
            total: self.number(Table::Gateway, "max_kept")?,
        })
    }

    /// The public address, and whether it is HTTPS. Over plain HTTP, a session could be read and taken on the
    /// way; so that is for loopback only.
    fn public_url(&mut self, listen: std::net::SocketAddr) -> Option<(String, bool)> {
        let Some(setting) = self.settings.get(Table::Gateway, "public_url").cloned() else {
            let speaks_tls = self.settings.get(Table::Tls, "certificate").is_some();
            if listen.ip().is_loopback() {
                let scheme = if speaks_tls { "https" } else { "http" };
                return Some((format!("{scheme}://{listen}"), speaks_tls));
            }
            let place = self.settings.get(Table::Gateway, "listen").cloned();
            let message = format!(
                "is needed because gateway.listen ({listen}) is not loopback: write the address that browsers use, such as \"https://wiki.example.com\""
            );
            self.wrong(place.as_ref(), "gateway.public_url", message);
            return None;
        };
        let url = setting.value.to_string();
        if let Some(authority) = url.strip_prefix("http://") {
            let host = crate::web::requests::host_of(authority).trim_matches(['[', ']']);
            let loopback = host == "localhost"
                || host.ends_with(".localhost")
                || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
            if !loopback {
                let message = "plain http would let everybody on the way read session cookies; use https, with TLS in front of the gateway, or a loopback address for development";
                self.wrong(Some(&setting), "gateway.public_url", message);
                return None;
            }
            if self.settings.get(Table::Tls, "certificate").is_some() {
                let message = "is plain http, but the gateway speaks TLS ([tls]): write https";
                self.wrong(Some(&setting), "gateway.public_url", message);
                return None;
            }
            let place = self.settings.place(Some(&setting));
            let message = "is plain http: cookies have no __Host- prefix and are not Secure. That is for development only".into();
            self.warnings.push(Problem { place, key: "gateway.public_url".into(), message });
            return Some((url, false));
        }
        Some((url, true))
    }

    fn store(&mut self) -> Store {
        let kind = self.text(Table::Store, "kind");
        if kind != "embedded" {
            let setting = self.settings.get(Table::Store, "kind").cloned();
            self.wrong(
                setting.as_ref(),
                "store.kind",
                format!("\"{kind}\" is not available in this version yet; set it to \"embedded\""),
            );
        }
        Store { path: self.text(Table::Store, "path").into() }
    }

    /// The policy of `[policy]`, or of a route that changes some of its values.
    fn policy(&mut self, route: Option<(usize, &Section)>) -> Option<Arc<Policy>> {
        let base = self.settings.table(Table::Policy);
        let merged: Section = match route {
            Some((_, section)) => {
                base.iter().chain(section).map(|(&name, setting)| (name, setting.clone())).collect()
            }
            None => base.clone(),
        };
        let preset = merged.get("preset").map_or(Preset::General, |setting| {
            let name = setting.value.to_string();
            Preset::ALL.into_iter().find(|preset| preset.name() == name).unwrap_or(Preset::General)
        });
        let remembered = self.settings.table(Table::RememberMe).clone();
        let offered = self.settings.headings.contains_key(&Table::RememberMe) || !remembered.is_empty();
        let builder = policy_builder(preset, &merged, offered.then_some(&remembered));
        match builder.build() {
            Ok(policy) => {
                for finding in policy.warnings() {
                    self.note(&finding, route, &merged, &remembered, true);
                }
                Some(Arc::new(policy))
            }
            Err(findings) => {
                for finding in findings {
                    self.note(&finding, route, &merged, &remembered, false);
                }
                None
            }
        }
    }

    fn note(
        &mut self,
        finding: &Finding,
        route: Option<(usize, &Section)>,
        merged: &Section,
        remembered: &Section,
        warning: bool,
    ) {
        let setting = match finding.key.strip_prefix("remember_me") {
            Some(rest) => remembered.get(rest.trim_start_matches('.')),
            None => merged.get(finding.key),
        };
        let place = match (setting, route) {
            (Some(setting), _) => self.settings.place(Some(setting)),
            (None, Some((line, _))) => self.settings.line(line),
            (None, None) => self
                .settings
                .headings
                .get(&Table::Policy)
                .map_or(Place::Nowhere, |&line| self.settings.line(line)),
        };
        let table = if route.is_some() { "route" } else { "policy" };
        let source =
            finding.requirement.map_or_else(String::new, |of| format!(" ({}: {})", of.source, of.asks));
        let problem = Problem {
            place,
            key: format!("{table}.{}", finding.key),
            message: format!("{}{source}", finding.message),
        };
        if warning {
            if !self.warnings.contains(&problem) {
                self.warnings.push(problem);
            }
        } else {
            self.problems.push(problem);
        }
    }

    fn routes(&mut self, policy: &Arc<Policy>) -> Option<RouteTable> {
        let upstream = self.text(Table::Gateway, "upstream");
        let client = !matches!(self.value(Table::Gateway, "client"), Some(Value::Boolean(false)));
        let fallback = Route {
            host: None,
            pattern: Pattern::parse("/*"),
            access: Access::Protected,
            policy: Arc::clone(policy),
            upstream: upstream.parse().ok()?,
            step_up_within: None,
            inject_client: client,
            cover_when_locked: !matches!(
                self.value(Table::Policy, "cover_when_locked"),
                Some(Value::Boolean(false))
            ),
        };
        let mut seen = HashMap::new();
        let mut routes = Vec::new();
        let settings = self.settings;
        for (line, section) in &settings.routes {
            let Some(route) = self.route(*line, section, &fallback) else { continue };
            if let Some(first) = seen.insert((route.host.clone(), route.pattern.clone()), *line) {
                let message =
                    format!("the route of line {first} is for the same host and path; remove one of them");
                self.problems.push(Problem {
                    place: self.settings.line(*line),
                    key: "route".into(),
                    message,
                });
            }
            routes.push(route);
        }
        Some(RouteTable::new(routes, fallback))
    }

    fn route(&mut self, line: usize, section: &Section, fallback: &Route) -> Option<Route> {
        let text = |name: &str| section.get(name).map(|setting| setting.value.to_string());
        let changes_policy = section.keys().any(|name| keys::find(Table::Policy, name).is_some());
        let policy =
            if changes_policy { self.policy(Some((line, section)))? } else { Arc::clone(&fallback.policy) };
        // A route that is empty because what stood in it was wrong has been told of.
        if section.is_empty() && self.problems.is_empty() {
            let message = "this route changes nothing; give it a path or a host, and what is different there";
            self.problems.push(Problem {
                place: self.settings.line(line),
                key: "route".into(),
                message: message.into(),
            });
        }
        Some(Route {
            host: text("host"),
            pattern: Pattern::parse(text("path").as_deref().unwrap_or("/*")),
            access: match text("access").as_deref() {
                Some("public") => Access::Public,
                Some("passive") => Access::Passive,
                _ => Access::Protected,
            },
            policy,
            upstream: match text("upstream") {
                Some(upstream) => upstream.parse().ok()?,
                None => fallback.upstream.clone(),
            },
            step_up_within: section.get("step_up_within").and_then(|setting| as_duration(&setting.value)),
            inject_client: boolean(section, "client").unwrap_or(fallback.inject_client),
            cover_when_locked: boolean(section, "cover_when_locked").unwrap_or(fallback.cover_when_locked),
        })
    }
}

fn boolean(section: &Section, name: &str) -> Option<bool> {
    match section.get(name)?.value {
        Value::Boolean(value) => Some(value),
        _ => None,
    }
}

const fn as_duration(value: &Value) -> Option<Duration> {
    match value {
        Value::Duration(duration) => Some(*duration),
        _ => None,
    }
}

const fn as_number(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => Some(*number),
        _ => None,
    }
}

fn policy_builder(preset: Preset, section: &Section, remembered: Option<&Section>) -> PolicyBuilder {
    let duration = |name: &str| section.get(name).and_then(|setting| as_duration(&setting.value));
    let word = |name: &str| section.get(name).map(|setting| setting.value.to_string());
    let mut builder = Policy::builder(preset);
    if let Some(value) = duration("idle_timeout") {
        builder = builder.idle_timeout(value);
        // Unless asked otherwise, a short limit is warned of at its half.
        if duration("warn_before").is_none() && value <= Duration::from_secs(120) {
            builder = builder.warn_before(value / 2);
        }
    }
    if let Some(value) = duration("absolute_timeout") {
        builder = builder.absolute_timeout(value);
    }
    if let Some(value) = duration("warn_before") {
        builder = builder.warn_before(value);
    }
    if let Some(value) = duration("keep_work_for") {
        builder = builder.keep_work_for(value);
    }
    if let Some(value) = duration("explain_for") {
        builder = builder.explain_for(value);
    }
    if let Some(value) = duration("rotation_overlap") {
        builder = builder.rotation_overlap(value);
    }
    if let Some(value) = section.get("max_sessions").and_then(|setting| as_number(&setting.value)) {
        builder = builder.max_sessions(NonZeroU32::new(u32::try_from(value).unwrap_or(u32::MAX)));
    }
    if let Some(value) = word("keep_requests") {
        builder = builder.keep_requests(value == "on");
    }
    if let Some(value) = word("drafts") {
        builder = builder.drafts(value == "on");
    }
    let on_limit = |word: String| if word == "end" { OnLimit::End } else { OnLimit::Lock };
    if let Some(value) = word("on_idle") {
        builder = builder.on_idle(on_limit(value));
    }
    if let Some(value) = word("on_absolute") {
        builder = builder.on_absolute(on_limit(value));
    }
    if let Some(value) = word("on_excess") {
        builder = builder.on_excess(match value.as_str() {
            "end_oldest" => OnExcess::EndOldest,
            "refuse" => OnExcess::Refuse,
            _ => OnExcess::Ask,
        });
    }
    if let Some(remembered) = remembered {
        let of = |name: &str| remembered.get(name).and_then(|setting| as_duration(&setting.value));
        let day = Duration::from_secs(24 * 3600);
        let limits = RememberMe {
            idle_timeout: of("idle_timeout").unwrap_or(14 * day),
            absolute_timeout: of("absolute_timeout").unwrap_or(30 * day),
        };
        builder = builder.remember_me(Some(limits));
    }
    builder
}
