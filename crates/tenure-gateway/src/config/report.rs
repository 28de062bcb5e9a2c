//! The effective configuration, with where each value comes from and which requirement stands behind it.

use std::fmt;

use serde::Serialize;
use tenure::core::{Policy, Requirement};

use super::Config;
use super::keys::{self, Table};
use super::read::{Origin, Section, Setting};
use super::routes::Route;
use super::value::write_duration;

/// What `tenure check` tells.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Settings outside of policies.
    pub settings: Vec<SettingReport>,
    /// The effective policy of each route, the most specific first; the last one holds everywhere else.
    pub routes: Vec<RouteReport>,
    /// What is worth a word.
    pub warnings: Vec<String>,
}

/// A value.
#[derive(Debug, Serialize)]
pub struct SettingReport {
    /// The key.
    pub key: String,
    /// Its value, as it would be written; `None` where there is none.
    pub value: Option<String>,
    /// Where it comes from.
    pub from: String,
    /// The requirement of a standard that bounds it.
    pub requirement: Option<Requirement>,
}

/// A route.
#[derive(Debug, Serialize)]
pub struct RouteReport {
    /// The host, or `*`.
    pub host: String,
    /// The path.
    pub path: String,
    /// Who may pass.
    pub access: super::Access,
    /// The application.
    pub upstream: String,
    /// Its policy.
    pub policy: Vec<SettingReport>,
}

impl Report {
    pub(super) fn of(config: &Config) -> Self {
        let settings = config.settings();
        let once = [Table::Gateway, Table::Store, Table::Admin, Table::Accounts, Table::Log];
        let plain = once
            .into_iter()
            .flat_map(|table| keys::of_table(table).map(move |key| (table, key)))
            .filter(|(_, key)| !key.later);
        let settings_report = plain
            .map(|(table, key)| {
                let setting = settings.get(table, key.name);
                SettingReport {
                    key: format!("{}.{}", table.name(), key.name),
                    value: setting
                        .map(|setting| setting.value.to_string())
                        .or_else(|| key.default.map(str::to_owned)),
                    from: setting.map_or_else(|| "default".into(), from),
                    requirement: None,
                }
            })
            .collect();
        let base = settings.table(Table::Policy);
        let none = Section::new();
        let mut routes: Vec<_> = config
            .routes
            .iter()
            .map(|route| {
                let own = settings
                    .routes
                    .iter()
                    .find(|(_, section)| is_section_of(section, route))
                    .map_or(&none, |(_, section)| section);
                route_report(route, own, base)
            })
            .collect();
        routes.push(route_report(config.routes.fallback(), &none, base));
        Self {
            settings: settings_report,
            routes,
            warnings: config.warnings.iter().map(ToString::to_string).collect(),
        }
    }
}

fn is_section_of(section: &Section, route: &Route) -> bool {
    let text = |name: &str| section.get(name).map(|setting| setting.value.to_string());
    text("host") == route.host && text("path").unwrap_or_else(|| "/*".into()) == route.pattern.to_string()
}

fn from(setting: &Setting) -> String {
    match &setting.origin {
        Origin::File(line) => format!("line {line}"),
        Origin::Environment(name) => name.clone(),
    }
}

fn route_report(route: &Route, own: &Section, base: &Section) -> RouteReport {
    let policy = &*route.policy;
    let preset = policy.preset();
    let entry = |name: &str, value: String| {
        let from = match (own.get(name), base.get(name)) {
            (Some(setting), _) | (None, Some(setting)) => from(setting),
            _ if name == "preset" => "default".into(),
            _ => format!("preset {}", preset.name()),
        };
        let requirement = match name {
            "idle_timeout" => preset.idle_bound(),
            "absolute_timeout" => preset.absolute_bound(),
            _ => None,
        };
        SettingReport {
            key: name.into(),
            value: Some(value),
            from,
            requirement: requirement.map(|(_, requirement)| requirement),
        }
    };
    let mut entries: Vec<_> = values(policy).into_iter().map(|(name, value)| entry(name, value)).collect();
    if let Some(within) = route.step_up_within {
        entries.push(entry("step_up_within", write_duration(within)));
    }
    entries.push(entry("cover_when_locked", route.cover_when_locked.to_string()));
    RouteReport {
        host: route.host.clone().unwrap_or_else(|| "*".into()),
        path: route.pattern.to_string(),
        access: route.access,
        upstream: route.upstream.to_string(),
        policy: entries,
    }
}

fn values(policy: &Policy) -> Vec<(&'static str, String)> {
    vec![
        ("preset", policy.preset().name().into()),
        ("idle_timeout", write_duration(policy.idle_timeout())),
        ("absolute_timeout", write_duration(policy.absolute_timeout())),
        ("warn_before", write_duration(policy.warn_before())),
        ("on_idle", word(policy.on_idle())),
        ("on_absolute", word(policy.on_absolute())),
        ("keep_work_for", write_duration(policy.keep_work_for())),
        ("explain_for", write_duration(policy.explain_for())),
        ("max_sessions", policy.max_sessions().map_or_else(|| "0".into(), |limit| limit.to_string())),
        ("on_excess", word(policy.on_excess())),
        ("rotation_overlap", write_duration(policy.rotation_overlap())),
        ("drafts", if policy.keeps_drafts() { "on" } else { "off" }.into()),
    ]
}

/// The word that configurations use for a choice.
fn word(choice: impl Serialize) -> String {
    serde_json::to_value(choice).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for setting in &self.settings {
            line(f, "", setting)?;
        }
        for route in &self.routes {
            writeln!(
                f,
                "\nroute {}{}  ({}, to {})",
                route.host,
                route.path,
                word(route.access),
                route.upstream
            )?;
            for setting in &route.policy {
                line(f, "  ", setting)?;
            }
        }
        if !self.warnings.is_empty() {
            writeln!(f)?;
        }
        self.warnings.iter().try_for_each(|warning| writeln!(f, "warning: {warning}"))
    }
}

fn line(f: &mut fmt::Formatter<'_>, indent: &str, setting: &SettingReport) -> fmt::Result {
    let value = setting.value.as_deref().unwrap_or("-");
    let name = format!("{indent}{}", setting.key);
    write!(f, "{name:<28} {value:<28} {}", setting.from)?;
    match setting.requirement {
        Some(requirement) => writeln!(f, "  [{}: {}]", requirement.source, requirement.asks),
        None => writeln!(f),
    }
}
