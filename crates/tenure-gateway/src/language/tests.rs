//! The languages held against each other, against the code that asks for messages, and against the client.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{env, fs};

use fluent_bundle::FluentResource;
use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement, Variant, VariantKey};

use super::{ENTRIES, Language, client};
use crate::pages::words;

/// The plural forms of a language (CLDR), which every choice by number has to have.
const FORMS: [(&str, &[&str]); 3] = [
    ("en", &["one", "other"]),
    ("de", &["one", "other"]),
    ("ar", &["few", "many", "one", "other", "two", "zero"]),
];

/// What reads the same in several languages.
const SAME: [&str; 7] = [
    "size-kib",
    "size-mib",
    "status-title",
    "status-incident",
    "kept-goes-to-by",
    "error-status",
    "kept-field-file",
];

/// What a message is made of, as far as it matters here.
#[derive(Default, PartialEq, Eq, Debug, Clone)]
struct Shape {
    /// The values it asks for.
    values: BTreeSet<String>,
    /// The words by which it chooses, for each choice.
    choices: Vec<BTreeSet<String>>,
    /// Its text, without values.
    text: String,
}

impl Shape {
    fn of(pattern: &Pattern<String>) -> Self {
        let mut shape = Self::default();
        shape.add(pattern);
        shape
    }

    fn add(&mut self, pattern: &Pattern<String>) {
        for element in &pattern.elements {
            match element {
                PatternElement::TextElement { value } => self.text.push_str(value),
                PatternElement::Placeable { expression: Expression::Inline(inline) } => self.inline(inline),
                PatternElement::Placeable { expression: Expression::Select { selector, variants } } => {
                    self.inline(selector);
                    self.choices.push(variants.iter().map(key).collect());
                    variants.iter().for_each(|variant| self.add(&variant.value));
                }
            }
        }
    }

    fn inline(&mut self, inline: &InlineExpression<String>) {
        match inline {
            InlineExpression::VariableReference { id } => {
                self.values.insert(id.name.clone());
            }
            InlineExpression::TermReference { arguments: None, attribute: None, .. } => {}
            InlineExpression::StringLiteral { .. } => {}
            other => panic!("messages use values, terms and choices only: {other:?}"),
        }
    }
}

fn key(variant: &Variant<String>) -> String {
    match &variant.key {
        VariantKey::Identifier { name } => name.clone(),
        VariantKey::NumberLiteral { value } => value.clone(),
    }
}

/// Every message, term and attribute of a language.
fn shapes(language: Language) -> BTreeMap<String, Shape> {
    let entry = &ENTRIES[usize::from(language.0)];
    let mut shapes = BTreeMap::new();
    let mut add = |key: String, pattern: &Pattern<String>| {
        let double = shapes.insert(key.clone(), Shape::of(pattern));
        assert!(double.is_none(), "{key} is there twice in {language:?}");
    };
    for file in entry.files {
        let resource = fluent_syntax::parser::parse(file.to_owned())
            .unwrap_or_else(|(_, errors)| panic!("{}: {errors:?}", entry.tag));
        for entry in resource.body {
            let (id, value, attributes) = match entry {
                Entry::Message(message) => (message.id.name, message.value, message.attributes),
                Entry::Term(term) => (format!("-{}", term.id.name), Some(term.value), term.attributes),
                Entry::Junk { content } => panic!("{language:?}: {content}"),
                _ => continue,
            };
            add(id.clone(), &value.expect("every message has a text of its own"));
            for attribute in attributes {
                add(format!("{id}.{}", attribute.id.name), &attribute.value);
            }
        }
    }
    shapes
}

fn other_languages() -> impl Iterator<Item = Language> {
    Language::all().filter(|language| *language != Language::ENGLISH)
}

#[test]
fn every_language_has_the_messages_of_english_and_each_asks_for_the_same_values() {
    let english = shapes(Language::ENGLISH);
    let keys = |shapes: &BTreeMap<String, Shape>| shapes.keys().cloned().collect::<Vec<_>>();
    for language in other_languages() {
        let others = shapes(language);
        assert_eq!(keys(&others), keys(&english), "{language:?}");
        for (key, shape) in &others {
            assert_eq!(shape.values, english[key].values, "{key} in {language:?}");
        }
    }
}

#[test]
fn every_message_is_translated_and_written_in_the_script_of_its_language() {
    let english = shapes(Language::ENGLISH);
    for language in other_languages() {
        for (key, shape) in shapes(language) {
            let id = key.split('.').next().unwrap_or_default();
            if SAME.contains(&id) || !english[&key].text.contains(|c: char| c.is_alphabetic()) {
                continue;
            }
            assert_ne!(shape.text, english[&key].text, "{key} in {language:?}");
            if language.direction() == "rtl" {
                let arabic = shape.text.contains(|c: char| ('\u{600}'..'\u{700}').contains(&c));
                assert!(arabic, "{key} in {language:?}");
            }
        }
    }
}

#[test]
fn every_choice_by_number_has_all_plural_forms_of_the_language() {
    let forms: BTreeSet<_> = FORMS[2].1.iter().map(ToString::to_string).collect();
    for language in Language::all() {
        let (_, own) =
            FORMS.iter().find(|(tag, _)| *tag == language.tag()).expect("its plural forms are listed above");
        let own: BTreeSet<_> = own.iter().map(ToString::to_string).collect();
        for (key, shape) in shapes(language) {
            for choice in shape.choices.iter().filter(|choice| choice.is_subset(&forms)) {
                assert_eq!(*choice, own, "{key} in {language:?}");
            }
        }
    }
}

#[test]
fn every_message_is_asked_for_and_every_message_that_is_asked_for_exists() {
    let code = code();
    for part in code.split("say(\"").skip(1) {
        let key = part.split('"').next().unwrap_or_default();
        assert!(Language::ENGLISH.has(key), "{key} is asked for");
    }
    let mut reasons = BTreeSet::new();
    for words in words::all().chain([words::UNKNOWN]) {
        reasons.insert(format!("reason-{}", words.code));
    }
    for key in shapes(Language::ENGLISH).keys().filter(|key| !key.starts_with('-')) {
        let (id, attribute) = key.split_once('.').map_or((key.as_str(), None), |(id, of)| (id, Some(of)));
        let by_name = code.contains(&format!("\"{key}\""));
        let by_parts = (reasons.contains(id) || code.contains(&format!("\"{id}\"")))
            && attribute.is_none_or(|attribute| code.contains(&format!(".{attribute}\"")));
        assert!(by_name || by_parts, "nobody asks for {key}");
    }
}

/// The templates, and the code of this crate without this module.
fn code() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut code = String::new();
    let mut folders = vec![root.join("templates"), root.join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with("language/tests.rs") {
                code.push_str(&fs::read_to_string(path).unwrap());
            }
        }
    }
    code
}

#[test]
fn the_files_are_read_without_a_complaint() {
    for entry in &ENTRIES {
        for file in entry.files.iter().chain([&entry.client]) {
            assert!(FluentResource::try_new((*file).to_owned()).is_ok(), "{}", entry.tag);
            assert!(!file.contains('\t') && !file.contains(super::message::MARKS), "{}", entry.tag);
        }
    }
}

#[test]
fn the_client_has_the_same_words_in_every_language_with_the_same_values() {
    let values = |text: &str| -> BTreeSet<String> {
        text.split('{').skip(1).map(|part| part.split('}').next().unwrap_or_default().to_owned()).collect()
    };
    let english = client::words(Language::ENGLISH);
    for language in other_languages() {
        let others = client::words(language);
        assert_eq!(others.keys().collect::<Vec<_>>(), english.keys().collect::<Vec<_>>(), "{language:?}");
        for (key, text) in &others {
            let (text, english) = (text.as_str().unwrap(), english[key].as_str().unwrap());
            assert_eq!(values(text), values(english), "{key} in {language:?}");
            assert_ne!(text, english, "{key} in {language:?}");
        }
    }
}

#[test]
fn the_english_words_of_the_client_are_those_that_it_has_itself() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../client/words.js");
    let mut own = literals(&fs::read_to_string(path).unwrap());
    own.remove("lang");
    own.remove("dir");
    let served: BTreeMap<_, _> = client::words(Language::ENGLISH)
        .into_iter()
        .map(|(key, text)| (key, text.as_str().unwrap().to_owned()))
        .collect();
    assert!(!own.is_empty());
    assert_eq!(served, own);
}

/// The entries `key: 'text'` of an object in JavaScript; a text may be joined of several by `+`.
fn literals(script: &str) -> BTreeMap<String, String> {
    let code: String = script
        .lines()
        .filter(|line| !line.trim_start().starts_with(['/', '*']))
        .collect::<Vec<_>>()
        .join("\n");
    let mut found = BTreeMap::new();
    let (mut key, mut word, mut last) = (String::new(), String::new(), ' ');
    let mut characters = code.chars();
    while let Some(character) = characters.next() {
        match character {
            '\'' | '"' | '`' => {
                let mut text = String::new();
                while let Some(next) = characters.next().filter(|next| *next != character) {
                    text.extend(if next == '\\' { characters.next() } else { Some(next) });
                }
                if last == ':' || last == '+' {
                    found.entry(key.clone()).or_insert_with(String::new).push_str(&text);
                } else {
                    word = text;
                }
                last = ' ';
            }
            ':' => (key, last) = (std::mem::take(&mut word), ':'),
            '+' => last = '+',
            character if character.is_alphanumeric() => word.push(character),
            character if character.is_whitespace() => {}
            _ => {
                word.clear();
                last = ' ';
            }
        }
    }
    found
}

#[test]
fn the_clients_module_is_one_object_with_the_language_and_its_direction() {
    let script = super::client_script(Language::from_tag("ar").unwrap());
    let object = script.strip_prefix("export default ").and_then(|rest| rest.strip_suffix(";\n")).unwrap();
    let words: serde_json::Value = serde_json::from_str(object).unwrap();
    assert_eq!((words["lang"].as_str(), words["dir"].as_str()), (Some("ar"), Some("rtl")));
    assert!(words["left"].as_str().is_some_and(|text| text.ends_with("\u{2068}{time}\u{2069}")), "{words}");
}
