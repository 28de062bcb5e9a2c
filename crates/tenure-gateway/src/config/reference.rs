//! The configuration reference and the JSON Schema, made from the table of keys.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::keys::{self, Key, Table};
use super::read::variable;
use super::value::Kind;
use crate::language::Language;

/// The reference in Markdown, as docs/configuration.md has it.
pub fn markdown() -> String {
    let mut text = String::from(
        "# Configuration reference\n\n\
         <!-- Made from crates/tenure-gateway/src/config/keys.rs by `cargo run -p tenure-gateway --example config_reference`. -->\n\n\
         Tenure reads `tenure.toml`, or the file given with `--config`. An environment variable overrides the file. Unknown keys \
         are refused. Times are a whole number and a unit: `1500ms`, `90s`, `30m`, `12h`, `7d`. Sizes are `512KiB`, `32MiB`, \
         `1GiB`. `tenure check` prints what is in effect, and where each value comes from.\n",
    );
    for table in Table::ALL {
        let heading =
            if table.is_array() { format!("[[{}]]", table.name()) } else { format!("[{}]", table.name()) };
        let _ = write!(text, "\n## `{heading}`\n\n{}\n\n", table.about());
        text.push_str("| key | value | default | what it does |\n|---|---|---|---|\n");
        for key in keys::KEYS.iter().filter(|key| key.table == table) {
            let default = key.default.map_or_else(|| "-".into(), |default| format!("`{default}`"));
            let later = if key.later { " *Not available in this version yet.*" } else { "" };
            let environment =
                if table.is_array() { String::new() } else { format!(" Environment: `{}`.", variable(key)) };
            let _ = writeln!(
                text,
                "| `{}` | {} | {default} | {}{later}{environment} |",
                key.name,
                key.kind.expects(),
                key.about
            );
        }
    }
    text
}

/// The JSON Schema (draft 2020-12), as docs/tenure.schema.json has it: for editors.
pub fn schema() -> Value {
    let mut properties = Map::new();
    for table in Table::ALL.into_iter().filter(|table| *table != Table::RememberMe) {
        let mut object = table_schema(table);
        if table == Table::Policy {
            object["properties"]["remember_me"] = table_schema(Table::RememberMe);
        }
        let schema = if table.is_array() { json!({ "type": "array", "items": object }) } else { object };
        properties.insert(table.name().into(), schema);
    }
    // Those have schemas of their own, which `tenure check --schema` puts here.
    for table in super::read::ELSEWHERE {
        properties.insert(table.into(), json!({ "type": "object" }));
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "tenure.toml",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    })
}

fn table_schema(table: Table) -> Value {
    let properties: Map<_, _> =
        keys::of_table(table).map(|key| (key.name.to_owned(), key_schema(key))).collect();
    json!({ "type": "object", "description": table.about(), "properties": properties, "additionalProperties": false })
}

fn key_schema(key: &Key) -> Value {
    let mut schema = match key.kind {
        Kind::Integer => json!({ "type": "integer", "minimum": 0 }),
        Kind::Boolean => json!({ "type": "boolean" }),
        Kind::Texts | Kind::Networks => json!({ "type": "array", "items": { "type": "string" } }),
        Kind::Languages => {
            let tags: Vec<_> = Language::all().map(Language::tag).collect();
            json!({ "type": "array", "items": { "type": "string", "enum": tags } })
        }
        Kind::Size => json!({ "type": ["string", "integer"] }),
        Kind::Choice(words) => json!({ "type": "string", "enum": words }),
        Kind::Duration => json!({ "type": "string", "pattern": "^[0-9]+ *(ms|s|m|h|d)$" }),
        _ => json!({ "type": "string" }),
    };
    schema["description"] = key.about.into();
    if let Some(default) = key.default {
        schema["default"] = match key.kind {
            Kind::Integer => default.parse::<u64>().map_or(Value::Null, Value::from),
            Kind::Boolean => Value::Bool(default == "true"),
            Kind::Texts | Kind::Networks | Kind::Languages => {
                serde_json::from_str(default).unwrap_or_default()
            }
            _ => default.into(),
        };
    }
    schema
}
