//! Tables for people, as Markdown, and for editors, as JSON Schema.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::keys::{Key, Table};
use super::read::bare;
use super::value::Kind;

/// The reference of some tables in Markdown.
pub fn markdown(tables: &[Table]) -> String {
    let mut text = String::new();
    for table in tables {
        let _ = write!(text, "\n## `{}`\n\n{}\n\n", table.heading(), table.about);
        text.push_str("| key | value | default | what it does |\n|---|---|---|---|\n");
        for key in table.keys {
            let default = key.default.map_or_else(|| "-".into(), |default| format!("`{default}`"));
            let environment = if table.is_array {
                String::new()
            } else {
                format!(" Environment: `{}`.", table.variable(key))
            };
            let _ = writeln!(
                text,
                "| `{}` | {} | {default} | {}{environment} |",
                key.name,
                key.kind.expects(),
                key.about
            );
        }
    }
    text
}

/// The JSON Schema (draft 2020-12) of the first of some tables, with the others in it.
pub fn schema(tables: &[Table]) -> Value {
    let Some((outer, inner)) = tables.split_first() else { return Value::Null };
    let mut schema = table_schema(outer);
    for table in inner {
        let Some(name) = table.name.strip_prefix(outer.name).and_then(|name| name.strip_prefix('.')) else {
            continue;
        };
        let object = table_schema(table);
        schema["properties"][name] =
            if table.is_array { json!({ "type": "array", "items": object }) } else { object };
    }
    schema
}

fn table_schema(table: &Table) -> Value {
    let properties: Map<_, _> = table.keys.iter().map(|key| (key.name.to_owned(), key_schema(key))).collect();
    json!({ "type": "object", "description": table.about, "properties": properties, "additionalProperties": false })
}

fn key_schema(key: &Key) -> Value {
    let mut schema = match key.kind {
        Kind::Integer => json!({ "type": "integer", "minimum": 0 }),
        Kind::Boolean => json!({ "type": "boolean" }),
        Kind::Texts | Kind::Networks => json!({ "type": "array", "items": { "type": "string" } }),
        Kind::Choices(words) => json!({ "type": "array", "items": { "type": "string", "enum": words } }),
        Kind::Ports => {
            json!({ "type": "array", "items": { "type": "integer", "minimum": 1, "maximum": 65535 } })
        }
        Kind::Size => json!({ "type": ["string", "integer"] }),
        Kind::Choice(words) => json!({ "type": "string", "enum": words }),
        Kind::Duration => json!({ "type": "string", "pattern": "^[0-9]+ *(ms|s|m|h|d)$" }),
        Kind::Text | Kind::File | Kind::Address | Kind::Ip => json!({ "type": "string" }),
    };
    schema["description"] = key.about.into();
    if let Some(default) = key.default {
        schema["default"] = match key.kind {
            Kind::Integer => default.parse::<u64>().map_or(Value::Null, Value::from),
            Kind::Boolean => Value::Bool(default == "true"),
            kind if kind.is_list() => {
                bare(default).split(',').map(str::trim).filter(|part| !part.is_empty()).collect()
            }
            _ => default.into(),
        };
    }
    schema
}
