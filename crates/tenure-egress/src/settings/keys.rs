//! A table and its keys.

use super::value::Kind;

/// A table of the configuration.
#[derive(Debug)]
pub struct Table {
    /// Its name in files, such as `egress` or `egress.address`.
    pub name: &'static str,
    /// Whether there may be several, as `[[name]]`.
    pub is_array: bool,
    /// What it is about.
    pub about: &'static str,
    /// What can be set in it.
    pub keys: &'static [Key],
}

/// Something that can be set.
#[derive(Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What values it takes.
    pub kind: Kind,
    /// The value where nothing is set, as it would be written; `None` where there is none.
    pub default: Option<&'static str>,
    /// What it does.
    pub about: &'static str,
}

impl Key {
    /// A key.
    pub const fn new(
        name: &'static str,
        kind: Kind,
        default: Option<&'static str>,
        about: &'static str,
    ) -> Self {
        Self { name, kind, default, about }
    }
}

impl Table {
    /// The key of this name.
    pub fn find(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// The environment variable of a key; those of tables that there may be several of have none.
    pub fn variable(&self, key: &Key) -> String {
        format!("TENURE_{}_{}", self.name, key.name).replace('.', "_").to_ascii_uppercase()
    }

    /// How its heading is written.
    pub fn heading(&self) -> String {
        if self.is_array { format!("[[{}]]", self.name) } else { format!("[{}]", self.name) }
    }
}

/// Of some names, the one nearest to what was written, if it is near enough to be what was meant.
pub fn nearest<'a>(written: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names
        .map(|name| (strsim::damerau_levenshtein(written, name), name))
        .filter(|(distance, name)| *distance <= name.len().max(written.len()) / 3 + 1)
        .min()
        .map(|(_, name)| name)
}
