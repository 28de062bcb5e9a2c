//! Collecting settings from a file and the environment, each with where it comes from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use toml::de::{DeTable, DeValue};

use super::keys::{Key, Table, nearest};
use super::problem::{ConfigError, Place, Problem};
use super::value::{Kind, Value};

/// Where configurations come from.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// The file, for messages.
    pub file: Option<PathBuf>,
    /// What is in it.
    pub text: String,
    /// The variables of the environment.
    pub environment: BTreeMap<String, String>,
}

impl Source {
    /// A file, or none, and the environment of the process.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let text = match file {
            Some(path) => {
                std::fs::read_to_string(path).map_err(|error| ConfigError::unreadable(path, &error))?
            }
            None => String::new(),
        };
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Ok(Self { file: file.map(Path::to_owned), text, environment: environment.collect() })
    }

    /// A text and no environment, as `tenure.toml`.
    #[must_use]
    pub fn of_text(text: &str) -> Self {
        Self { file: Some("tenure.toml".into()), text: text.into(), environment: BTreeMap::new() }
    }

    /// With a variable of the environment.
    #[must_use]
    pub fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.into(), value.into());
        self
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
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Setting {
    /// Its value.
    pub value: Value,
    /// Where it comes from.
    pub origin: Origin,
}

type Section = BTreeMap<&'static str, Setting>;

/// One of the tables that there may be several of.
#[derive(Clone, Debug)]
pub struct Item {
    /// The line of its heading.
    pub line: usize,
    section: Section,
}

impl Item {
    /// A setting of it.
    pub fn get(&self, name: &str) -> Option<&Setting> {
        self.section.get(name)
    }

    /// The text of a setting.
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(|setting| setting.value.to_string())
    }
}

/// All settings that somebody made in some tables.
#[derive(Debug)]
pub struct Settings {
    file: Option<PathBuf>,
    tables: &'static [Table],
    sections: BTreeMap<&'static str, Section>,
    items: BTreeMap<&'static str, Vec<Item>>,
}

impl Settings {
    /// Reads the settings of some tables, the first of which is the outer one; every other table of the file is somebody
    /// else's. What is wrong with one setting does not keep the others from being read.
    pub fn read(tables: &'static [Table], source: &Source) -> (Self, Vec<Problem>) {
        let settings =
            Self { file: source.file.clone(), tables, sections: BTreeMap::new(), items: BTreeMap::new() };
        let ends =
            source.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(offset, _)| offset);
        let ends = ends.collect();
        let mut reader = Reader { text: &source.text, ends, settings, problems: Vec::new() };
        reader.read_file();
        reader.read_environment(&source.environment);
        (reader.settings, reader.problems)
    }

    /// No settings, of no tables.
    pub(crate) const fn none() -> Self {
        Self { file: None, tables: &[], sections: BTreeMap::new(), items: BTreeMap::new() }
    }

    /// Whether anybody set anything here.
    pub fn is_empty(&self) -> bool {
        self.sections.values().all(Section::is_empty) && self.items.is_empty()
    }

    /// A setting that somebody made.
    pub fn get(&self, table: &str, name: &str) -> Option<&Setting> {
        self.sections.get(table)?.get(name)
    }

    /// The value of a setting, or its default.
    pub fn value(&self, table: &str, name: &str) -> Option<Value> {
        if let Some(setting) = self.get(table, name) {
            return Some(setting.value.clone());
        }
        let key = self.tables.iter().find(|each| each.name == table)?.find(name)?;
        key.kind.read_text(&bare(key.default?)).ok()
    }

    /// The value of a setting as text, or its default; empty where there is none.
    pub fn text(&self, table: &str, name: &str) -> String {
        self.value(table, name).map(|value| value.to_string()).unwrap_or_default()
    }

    /// The value of a time; zero where there is none.
    pub fn duration(&self, table: &str, name: &str) -> Duration {
        match self.value(table, name) {
            Some(Value::Duration(duration)) => duration,
            _ => Duration::ZERO,
        }
    }

    /// The value of a number or size; zero where there is none.
    pub fn number(&self, table: &str, name: &str) -> u64 {
        match self.value(table, name) {
            Some(Value::Number(number)) => number,
            _ => 0,
        }
    }

    /// Whether something is so.
    pub fn is(&self, table: &str, name: &str) -> bool {
        matches!(self.value(table, name), Some(Value::Boolean(true)))
    }

    /// The values of a list.
    pub fn list(&self, table: &str, name: &str) -> Vec<String> {
        match self.value(table, name) {
            Some(Value::Texts(texts)) => texts,
            _ => Vec::new(),
        }
    }

    /// The tables of this name, of which there may be several.
    pub fn items(&self, table: &str) -> &[Item] {
        self.items.get(table).map_or(&[], Vec::as_slice)
    }

    /// The place of a setting, for messages.
    pub fn place(&self, setting: Option<&Setting>) -> Place {
        match setting.map(|setting| &setting.origin) {
            Some(Origin::Environment(name)) => Place::Environment(name.clone()),
            Some(Origin::File(line)) => self.line(*line),
            None => Place::Nowhere,
        }
    }

    /// A line of the file, for messages.
    pub fn line(&self, line: usize) -> Place {
        match &self.file {
            Some(file) => Place::File { file: file.clone(), line },
            None => Place::Nowhere,
        }
    }
}

/// A value in effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The key.
    pub key: String,
    /// Its value, as it would be written; `None` where there is none.
    pub value: Option<String>,
    /// Where it comes from.
    pub from: String,
}

impl Settings {
    /// Every value of the tables that are there once, and where it comes from.
    pub fn report(&self) -> Vec<Row> {
        let row = |table: &Table, key: &Key| Row {
            key: format!("{}.{}", table.name, key.name),
            value: self.value(table.name, key.name).map(|value| value.to_string()),
            from: match self.get(table.name, key.name).map(|setting| &setting.origin) {
                Some(Origin::File(line)) => format!("line {line}"),
                Some(Origin::Environment(name)) => name.clone(),
                None => "default".into(),
            },
        };
        let once = self.tables.iter().filter(|table| !table.is_array);
        once.flat_map(|table| table.keys.iter().map(move |key| row(table, key))).collect()
    }
}

struct Reader<'a> {
    text: &'a str,
    /// Where each line ends; there may be ten thousand addresses.
    ends: Vec<usize>,
    settings: Settings,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    /// The line of an offset, counted from one.
    fn line_of(&self, offset: usize) -> usize {
        self.ends.partition_point(|&end| end < offset) + 1
    }

    fn wrong(&mut self, line: usize, key: &str, message: impl Into<String>) {
        let place = self.settings.line(line);
        self.problems.push(Problem { place, key: key.into(), message: message.into() });
    }

    fn read_file(&mut self) {
        let (document, errors) = DeTable::parse_recoverable(self.text);
        let broken = !errors.is_empty();
        for error in errors {
            let line = error.span().map_or(0, |span| self.line_of(span.start));
            self.wrong(line, "", format!("this is not TOML: {}", error.message()));
        }
        let Some(outer) = self.settings.tables.first() else { return };
        // What was read of a broken file is not to be trusted to be what was meant.
        let found = document.get_ref().iter().find(|(name, _)| name.get_ref() == outer.name);
        if let Some((name, value)) = found
            && !broken
        {
            match value.get_ref() {
                DeValue::Table(entries) if !outer.is_array => self.read_table(outer, entries),
                _ => {
                    let line = self.line_of(name.span().start);
                    self.wrong(line, outer.name, format!("expected a table: write {}", outer.heading()));
                }
            }
        }
    }

    fn read_table(&mut self, table: &'static Table, entries: &DeTable<'_>) {
        let section = self.read_entries(table, entries);
        self.settings.sections.entry(table.name).or_default().extend(section);
    }

    fn read_entries(&mut self, table: &'static Table, entries: &DeTable<'_>) -> Section {
        let mut section = Section::new();
        for (name, value) in entries {
            let line = self.line_of(name.span().start);
            let full_name = format!("{}.{}", table.name, name.get_ref());
            let inner = self.settings.tables.iter().find(|inner| inner.name == full_name);
            match (inner, value.get_ref()) {
                (Some(inner), DeValue::Table(entries)) if !inner.is_array => self.read_table(inner, entries),
                (Some(inner), DeValue::Array(items)) if inner.is_array => {
                    for item in items {
                        let line = self.line_of(item.span().start);
                        match item.get_ref() {
                            DeValue::Table(entries) => {
                                let section = self.read_entries(inner, entries);
                                let items = self.settings.items.entry(inner.name).or_default();
                                items.push(Item { line, section });
                            }
                            _ => self.wrong(
                                line,
                                inner.name,
                                format!("expected a table: write {}", inner.heading()),
                            ),
                        }
                    }
                }
                (Some(inner), _) => {
                    self.wrong(line, inner.name, format!("expected a table: write {}", inner.heading()));
                }
                (None, value) => match table.find(name.get_ref()) {
                    None => {
                        let message = self.unknown(table, name.get_ref());
                        self.wrong(line, &full_name, message);
                    }
                    Some(key) => match read_value(key.kind, value) {
                        Ok(value) => {
                            section.insert(key.name, Setting { value, origin: Origin::File(line) });
                        }
                        Err(message) => self.wrong(line, &full_name, message),
                    },
                },
            }
        }
        section
    }

    fn unknown(&self, table: &Table, name: &str) -> String {
        let inner = self
            .settings
            .tables
            .iter()
            .filter_map(|inner| inner.name.strip_prefix(table.name)?.strip_prefix('.'));
        if let Some(near) = nearest(name, table.keys.iter().map(|key| key.name).chain(inner)) {
            return format!("unknown key; did you mean `{near}`?");
        }
        match self.settings.tables.iter().find(|other| other.find(name).is_some()) {
            Some(elsewhere) => format!("unknown key here; it belongs into {}", elsewhere.heading()),
            None => "unknown key; see docs/egress-configuration.md for the names".into(),
        }
    }

    /// `TENURE_EGRESS_LISTEN` is `egress.listen`. Tables that there may be several of stand in the file only.
    fn read_environment(&mut self, environment: &BTreeMap<String, String>) {
        let tables = self.settings.tables;
        let Some(outer) = tables.first() else { return };
        let prefix = format!("TENURE_{}_", outer.name.to_ascii_uppercase());
        let settable: Vec<(String, &Table, &Key)> = tables
            .iter()
            .filter(|table| !table.is_array)
            .flat_map(|table| table.keys.iter().map(move |key| (table.variable(key), table, key)))
            .collect();
        for (name, text) in environment.iter().filter(|(name, _)| name.starts_with(&prefix)) {
            let place = Place::Environment(name.clone());
            let Some((_, table, key)) = settable.iter().find(|(variable, _, _)| variable == name) else {
                let message = match nearest(name, settable.iter().map(|(variable, _, _)| variable.as_str())) {
                    Some(near) => format!("unknown setting; did you mean {near}?"),
                    None => "unknown setting; see docs/egress-configuration.md for the names".into(),
                };
                self.problems.push(Problem { place, key: String::new(), message });
                continue;
            };
            match key.kind.read_text(text) {
                Ok(value) => {
                    let setting = Setting { value, origin: Origin::Environment(name.clone()) };
                    self.settings.sections.entry(table.name).or_default().insert(key.name, setting);
                }
                Err(message) => {
                    let key = format!("{}.{}", table.name, key.name);
                    self.problems.push(Problem { place, key, message });
                }
            }
        }
    }
}

/// A default without the brackets and quotes of a list.
pub(super) fn bare(default: &str) -> String {
    default.trim_matches(['[', ']']).replace('"', "")
}

fn read_value(kind: Kind, value: &DeValue<'_>) -> Result<Value, String> {
    match (kind, value) {
        (Kind::Integer | Kind::Size, DeValue::Integer(number)) => kind.read_text(&number.to_string()),
        (Kind::Boolean, DeValue::Boolean(boolean)) => Ok(Value::Boolean(*boolean)),
        (_, DeValue::Array(items)) if kind.is_list() => {
            let text = |item: &DeValue<'_>| match item {
                DeValue::String(text) => Some(text.to_string()),
                DeValue::Integer(number) if kind == Kind::Ports => Some(number.to_string()),
                _ => None,
            };
            let texts: Option<Vec<_>> = items.iter().map(|item| text(item.get_ref())).collect();
            kind.read_text(&texts.ok_or_else(|| format!("expected {}", kind.expects()))?.join(","))
        }
        (Kind::Duration, DeValue::Integer(number)) => {
            Err(format!("a time needs a unit: did you mean \"{number}s\" or \"{number}m\"?"))
        }
        (Kind::Integer | Kind::Boolean, _) => Err(format!("expected {}", kind.expects())),
        (_, DeValue::String(text)) if !kind.is_list() => kind.read_text(text),
        _ => Err(format!("expected {}", kind.expects())),
    }
}
