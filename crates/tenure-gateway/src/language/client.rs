//! The browser client's words, as the module that its parts import.

use std::sync::LazyLock;

use fluent_syntax::ast::{Entry, Expression, InlineExpression, PatternElement};
use serde_json::{Map, Value};

use super::{ENTRIES, Language};

/// `words.js` of every language.
static SCRIPTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    Language::all()
        .map(|language| {
            let mut words = words(language);
            words.insert("lang".into(), language.tag().into());
            words.insert("dir".into(), language.direction().into());
            // Strings of JSON are strings of JavaScript.
            format!("export default {};\n", Value::Object(words))
        })
        .collect()
});

/// The module with the client's words: `export default {…}`, key to text, values as `{name}`; and `lang` and `dir`.
pub fn script(language: Language) -> &'static str {
    SCRIPTS.get(usize::from(language.0)).map_or("export default {};\n", String::as_str)
}

/// The client puts in values itself, and counted words are spelt by `Intl` there. So its messages are plain text
/// with named values, and nothing else of Fluent.
pub(super) fn words(language: Language) -> Map<String, Value> {
    let file = ENTRIES[usize::from(language.0)].client;
    let resource = fluent_syntax::parser::parse(file).unwrap_or_else(|(resource, _)| resource);
    let messages = resource.body.into_iter().filter_map(|entry| match entry {
        Entry::Message(message) => Some((message.id.name, message.value?)),
        _ => None,
    });
    messages
        .map(|(key, pattern)| {
            let text: String = pattern.elements.into_iter().map(|part| element(language, part)).collect();
            (key.to_owned(), text.into())
        })
        .collect()
}

/// The client sets texts without elements, so values are isolated by marks where text runs from right to left.
fn element(language: Language, element: PatternElement<&str>) -> String {
    match element {
        PatternElement::TextElement { value } => value.to_owned(),
        PatternElement::Placeable {
            expression: Expression::Inline(InlineExpression::VariableReference { id }),
        } => language.isolated(&format!("{{{}}}", id.name)),
        other => {
            debug_assert!(false, "more than a named value: {other:?}");
            String::new()
        }
    }
}
