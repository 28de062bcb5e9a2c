//! Collecting settings from a file and the environment, each with where it comes from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{self, Key, Table};
use super::problem::{Place, Problem};
use super::value::{Kind, Value};

/// The variables of the environment that begin with `TENURE_`.
#[derive(Clone, Default, Debug)]
pub struct Environment(BTreeMap<String, String>);

/// Variables that are no settings.
const NOT_SETTINGS: [&str; 7] = [
    "TENURE_CONFIG",
    "TENURE_LOG",
    // Of the tests.
    "TENURE_BIN",
    "TENURE_CHROMIUM",
    "TENURE_HISTORIES",
    "TENURE_SCREENSHOTS",
    "TENURE_SEED",
];

/// Tables that other programs read, and check as strictly: the egress and the tether.
pub const ELSEWHERE: [&str; 2] = ["egress", "tether"];

impl Environment {
    /// That of the process.
    pub fn of_process() -> Self {
        Self::of(
            std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
        )
    }

    /// These variables.
    pub fn of(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let is_ours = |name: &str| {
            name.starts_with("TENURE_")
                && !name.starts_with("TENURE_TEST_")
                && !name.starts_with("TENURE_EGRESS_")
                && !name.starts_with("TENURE_TETHER_")
                && !NOT_SETTINGS.contains(&name)
        };
        Self(variables.into_iter().filter(|(name, _)| is_ours(name)).collect())
    }
}

/// Where the value of a setting comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Origin {
    /// A line of the file.
    File(usize),
    /// A variable of the environment.
    Environment(String),
}

/// A setting that somebody made.
#[derive(Clone, PartialEq, Debug)]
pub struct Setting {
    /// Its value.
    pub value: Value,
    /// Where it comes from.
    pub origin: Origin,
}

/// The settings of one table.
pub type Section = BTreeMap<&'static str, Setting>;

/// All settings that somebody made.
#[derive(Clone, Default, Debug)]
pub struct Settings {
    file: Option<PathBuf>,
    tables: BTreeMap<Table, Section>,
    /// Each `[[route]]` with its line.
    pub(super) routes: Vec<(usize, Section)>,
    /// The lines of tables that are there though they may be empty.
    pub(super) headings: BTreeMap<Table, usize>,
}

impl Settings {
    /// The settings of a table.
    pub fn table(&self, table: Table) -> &Section {
        static NONE: Section = Section::new();
        self.tables.get(&table).unwrap_or(&NONE)
    }

    /// A setting.
    pub fn get(&self, table: Table, name: &str) -> Option<&Setting> {
        self.table(table).get(name)
    }

    /// The place of a setting, for messages.
    pub(super) fn place(&self, setting: Option<&Setting>) -> Place {
        match setting.map(|setting| &setting.origin) {
            Some(Origin::Environment(name)) => Place::Environment(name.clone()),
            Some(Origin::File(line)) => self.line(*line),
            None => Place::Nowhere,
        }
    }

    pub(super) fn line(&self, line: usize) -> Place {
        match &self.file {
            Some(file) => Place::File { file: file.clone(), line },
            None => Place::Nowhere,
        }
    }
}

/// Reads settings. What is wrong with one does not keep the others from being read.
pub(super) fn read(
    name: Option<&Path>,
    text: Option<&str>,
    environment: &Environment,
) -> (Settings, Vec<Problem>) {
    let mut reader = Reader {
        text: text.unwrap_or_default(),
        settings: Settings { file: name.map(Path::to_owned), ..Settings::default() },
        problems: Vec::new(),
    };
    reader.read_file();
    reader.read_environment(environment);
    (reader.settings, reader.problems)
}

struct Reader<'a> {
    text: &'a str,
    settings: Settings,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn line_of(&self, offset: usize) -> usize {
        self.text.as_bytes()[..offset.min(self.text.len())].iter().filter(|&&byte| byte == b'\n').count() + 1
    }

    fn wrong(&mut self, line: usize, key: String, message: String) {
        let place = self.settings.line(line);
        self.problems.push(Problem { place, key, message });
    }

    fn read_file(&mut self) {
        let (document, errors) = DeTable::parse_recoverable(self.text);
        let broken = !errors.is_empty();
        for error in errors {
            let line = error.span().map_or(0, |span| self.line_of(span.start));
            self.wrong(line, String::new(), format!("this is not TOML: {}", error.message()));
        }
        // What was read of a broken file is not to be trusted to be what was meant.
        if !broken {
            self.read_tables(document.get_ref());
        }
    }

    fn read_tables(&mut self, document: &DeTable<'_>) {
        for (name, value) in document {
            let line = self.line_of(name.span().start);
            let known = Table::ALL
                .into_iter()
                .find(|table| *table != Table::RememberMe && table.name() == name.get_ref());
            match (known, value.get_ref()) {
                (Some(table), DeValue::Table(entries)) if !table.is_array() => {
                    self.read_table(table, line, entries);
                }
                (Some(table), DeValue::Array(items)) if table.is_array() => {
                    for item in items {
                        self.read_item(table, item);
                    }
                }
                (Some(table), _) => {
                    let heading = if table.is_array() {
                        format!("[[{}]]", table.name())
                    } else {
                        format!("[{}]", table.name())
                    };
                    self.wrong(
                        line,
                        table.name().into(),
                        format!("expected a table: write {heading} on a line of its own"),
                    );
                }
                (None, _) if ELSEWHERE.contains(&name.get_ref().as_ref()) => {}
                (None, _) => {
                    let names = Table::ALL.iter().map(|table| table.name()).chain(ELSEWHERE);
                    let message = match keys::nearest(name.get_ref(), names) {
                        Some(near) => format!("unknown table; did you mean [{near}]?"),
                        None => "unknown table".into(),
                    };
                    self.wrong(line, name.get_ref().to_string(), message);
                }
            }
        }
    }

    fn read_item(&mut self, table: Table, item: &Spanned<DeValue<'_>>) {
        let line = self.line_of(item.span().start);
        let DeValue::Table(entries) = item.get_ref() else {
            return self.wrong(
                line,
                table.name().into(),
                format!("expected a table: write [[{}]]", table.name()),
            );
        };
        let mut section = Section::new();
        self.read_entries(table, entries, &mut section);
        if table == Table::Route {
            self.settings.routes.push((line, section));
        } else {
            let message = "identity providers are not available in this version yet; remove the table, accounts are local";
            self.wrong(line, table.name().into(), message.into());
        }
    }

    fn read_table(&mut self, table: Table, line: usize, entries: &DeTable<'_>) {
        self.settings.headings.insert(table, line);
        let mut section = Section::new();
        self.read_entries(table, entries, &mut section);
        self.settings.tables.entry(table).or_default().extend(section);
    }

    fn read_entries(&mut self, table: Table, entries: &DeTable<'_>, section: &mut Section) {
        for (name, value) in entries {
            let line = self.line_of(name.span().start);
            if table == Table::Policy && name.get_ref() == "remember_me" {
                match value.get_ref() {
                    DeValue::Table(entries) => self.read_table(Table::RememberMe, line, entries),
                    _ => self.wrong(
                        line,
                        "policy.remember_me".into(),
                        "expected a table: write [policy.remember_me]".into(),
                    ),
                }
                continue;
            }
            let full_name = format!("{}.{}", table.name(), name.get_ref());
            let Some(key) = keys::find(table, name.get_ref()) else {
                let message = unknown(table, name.get_ref());
                self.wrong(line, full_name, message);
                continue;
            };
            match read_value(key.kind, value.get_ref()) {
                Ok(value) => self.take(key, full_name, value, Origin::File(line), section),
                Err(message) => self.wrong(line, full_name, message),
            }
        }
    }

    fn take(
        &mut self,
        key: &'static Key,
        full_name: String,
        value: Value,
        origin: Origin,
        section: &mut Section,
    ) {
        let setting = Setting { value, origin };
        if key.later && key.default != Some(setting.value.to_string().as_str()) {
            let instead = key.default.map_or_else(
                || "remove it".into(),
                |default| format!("remove it, or set it to \"{default}\""),
            );
            let place = self.settings.place(Some(&setting));
            let message = format!("is not available in this version yet; {instead}");
            self.problems.push(Problem { place, key: full_name, message });
            return;
        }
        section.insert(key.name, setting);
    }

    /// `TENURE_POLICY_IDLE_TIMEOUT` is `policy.idle_timeout`. Routes stand in the file only.
    fn read_environment(&mut self, environment: &Environment) {
        for (name, text) in &environment.0 {
            let settable = || keys::KEYS.iter().filter(|key| !key.table.is_array());
            let Some(key) = settable().find(|key| variable(key) == *name) else {
                let names: Vec<_> = settable().map(variable).collect();
                let message = match keys::nearest(name, names.iter().map(String::as_str)) {
                    Some(near) => format!("unknown setting; did you mean {near}?"),
                    None => "unknown setting; see docs/configuration.md for the names".into(),
                };
                self.problems.push(Problem {
                    place: Place::Environment(name.clone()),
                    key: String::new(),
                    message,
                });
                continue;
            };
            let full_name = format!("{}.{}", key.table.name(), key.name);
            match key.kind.read_text(text) {
                Ok(value) => {
                    let mut section = std::mem::take(self.settings.tables.entry(key.table).or_default());
                    self.take(key, full_name, value, Origin::Environment(name.clone()), &mut section);
                    self.settings.tables.insert(key.table, section);
                }
                Err(message) => {
                    let place = Place::Environment(name.clone());
                    self.problems.push(Problem { place, key: full_name, message });
                }
            }
        }
    }
}

/// The environment variable of a key.
pub(super) fn variable(key: &Key) -> String {
    format!("TENURE_{}_{}", key.table.name(), key.name).replace('.', "_").to_ascii_uppercase()
}

fn unknown(table: Table, name: &str) -> String {
    if let Some(near) = keys::nearest(name, keys::of_table(table).map(|key| key.name)) {
        return format!("unknown key; did you mean `{near}`?");
    }
    match keys::KEYS.iter().find(|key| key.name == name) {
        Some(elsewhere) => format!("unknown key here; it belongs into [{}]", elsewhere.table.name()),
        None => "unknown key; see docs/configuration.md for the names".into(),
    }
}

fn read_value(kind: Kind, value: &DeValue<'_>) -> Result<Value, String> {
    match (kind, value) {
        (Kind::Integer | Kind::Size, DeValue::Integer(number)) => kind.read_text(&number.to_string()),
        (Kind::Boolean, DeValue::Boolean(boolean)) => Ok(Value::Boolean(*boolean)),
        (Kind::Texts | Kind::Networks | Kind::Languages, DeValue::Array(items)) => {
            let texts: Option<Vec<_>> = items.iter().map(|item| item.get_ref().as_str()).collect();
            let texts = texts.ok_or_else(|| format!("expected {}", kind.expects()))?;
            kind.read_text(&texts.join(","))
        }
        (Kind::Texts | Kind::Networks | Kind::Languages | Kind::Integer | Kind::Boolean, _) => {
            Err(format!("expected {}", kind.expects()))
        }
        (Kind::Duration, DeValue::Integer(number)) => {
            Err(format!("a time needs a unit: did you mean \"{number}s\" or \"{number}m\"?"))
        }
        (_, DeValue::String(text)) => kind.read_text(text),
        _ => Err(format!("expected {}", kind.expects())),
    }
}
