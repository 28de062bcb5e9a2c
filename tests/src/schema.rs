//! A small check of JSON against the schemas of an OpenAPI document: as much of JSON Schema as ours use. Members that a
//! schema does not name are wrong, so that nothing is answered that is not written down.

use serde_json::Value;

/// Says what in a value does not fit a schema; nothing if it fits.
pub fn misfits(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(document, schema, value, "$", &mut found);
    found
}

fn check(document: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let pointer = reference.trim_start_matches('#');
        match document.pointer(pointer) {
            Some(schema) => check(document, schema, value, at, found),
            None => found.push(format!("{at}: there is no schema {reference}")),
        }
        return;
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let fits = |choice: &&Value| misfits(document, choice, value).is_empty();
        if choices.iter().filter(fits).count() != 1 {
            found.push(format!("{at}: {value} fits not just one of {choices:?}"));
        }
        return;
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => return,
    };
    if !types.iter().any(|kind| is_of(kind, value)) {
        return found.push(format!("{at}: {value} is not of type {types:?}"));
    }
    if schema["enum"].as_array().is_some_and(|words| !words.contains(value)) {
        found.push(format!("{at}: {value} is not in the list"));
    }
    if schema["format"] == "date-time" && value.as_str().is_some_and(|text| !is_date_time(text)) {
        found.push(format!("{at}: {value} is no time"));
    }
    for (number, item) in value.as_array().into_iter().flatten().enumerate() {
        check(document, &schema["items"], item, &format!("{at}[{number}]"), found);
    }
    let Some(members) = value.as_object() else { return };
    for (name, member) in members {
        match schema["properties"].get(name) {
            Some(schema) => check(document, schema, member, &format!("{at}.{name}"), found),
            None => found.push(format!("{at}.{name} is not in the schema")),
        }
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !members.contains_key(name) {
            found.push(format!("{at}.{name} is missing"));
        }
    }
}

fn is_of(kind: &str, value: &Value) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}

/// As RFC 3339 writes them, in UTC.
fn is_date_time(text: &str) -> bool {
    text.len() >= 20
        && text.ends_with('Z')
        && text.as_bytes()[10] == b'T'
        && text[..4].chars().all(|digit| digit.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_missing_unknown_or_of_another_type_is_said() {
        let schema =
            json!({ "type": "object", "required": ["a"], "properties": { "a": { "type": "integer" } } });
        let misfits = |value| misfits(&json!({}), &schema, &value);
        assert!(misfits(json!({ "a": 1 })).is_empty());
        assert_eq!(misfits(json!({})), ["$.a is missing"]);
        assert_eq!(misfits(json!({ "a": 1, "b": 2 })), ["$.b is not in the schema"]);
        assert_eq!(misfits(json!({ "a": "1" })).len(), 1);
    }
}
