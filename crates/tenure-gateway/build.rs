//! Joins the browser client's modules into the scripts that the gateway serves: the one classic script that every
//! page loads with a single tag under the strictest policy, and the parts that it imports when they are needed.
//!
//! The modules keep to a form that makes this a matter of lines and spaces: imports are one line each, exports are
//! prefixes of declarations, comments stand on lines of their own, no two modules of a part share a top-level name,
//! every statement ends with its semicolon or brace, and there is no regular expression with a space or a quote in it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// A script to serve.
struct Part {
    /// Its file name, without `.js`.
    name: &'static str,
    /// In the order of their dependencies, below `client/`.
    modules: &'static [&'static str],
    /// Whether it is a module, which keeps the exports of its last module, or a classic script.
    is_module: bool,
}

const PARTS: [Part; 5] = [
    Part {
        name: "client",
        modules: &[
            "clock", "activity", "state", "link", "sync", "curtain", "keeper", "session", "calls", "page", "main",
        ],
        is_module: false,
    },
    Part {
        name: "unlock",
        modules: &[
            "unlock/words",
            "unlock/dialog",
            "unlock/faces",
            "unlock/queue",
            "unlock/streams",
            "unlock/frame",
            "unlock/unlock",
        ],
        is_module: true,
    },
    Part {
        name: "drafts",
        modules: &[
            "drafts/merge",
            "drafts/fields",
            "drafts/values",
            "drafts/seal",
            "drafts/store",
            "drafts/drafts",
        ],
        is_module: true,
    },
    Part {
        name: "drafts-offer",
        modules: &[
            "drafts/words",
            "drafts/judge",
            "drafts/clear",
            "drafts/write",
            "drafts/offer",
            "drafts/finder",
        ],
        is_module: true,
    },
    Part { name: "drafts-list", modules: &["drafts/list"], is_module: false },
];

fn main() -> io::Result<()> {
    let client = Path::new(&env::var("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../../client");
    let out = PathBuf::from(env::var("OUT_DIR").unwrap_or_default());
    for part in &PARTS {
        let mut imports = BTreeMap::new();
        let mut script = String::new();
        for module in part.modules {
            let path = client.join(module).with_extension("js");
            println!("cargo::rerun-if-changed={}", path.display());
            join(&fs::read_to_string(&path)?, module, part, &mut imports, &mut script);
        }
        let imports: String = imports
            .iter()
            .map(|(other, names)| {
                format!(
                    "import{{{}}}from'./{other}.js';",
                    names.iter().cloned().collect::<Vec<_>>().join(",")
                )
            })
            .collect();
        let script = squeeze(&script);
        let script = if part.is_module {
            imports + &script
        } else {
            format!("(()=>{{'use strict';\n{script}}})();\n")
        };
        fs::write(out.join(part.name).with_extension("js"), script)?;
    }
    Ok(())
}

/// What a part imports from others: names by part.
type Imports = BTreeMap<&'static str, BTreeSet<String>>;

/// Appends `source` without its comments and indentation. A module of the same part is not imported; in a
/// classic script nothing is exported.
fn join(source: &str, module: &str, part: &Part, imports: &mut Imports, script: &mut String) {
    let mut in_comment = false;
    for line in source.lines().map(str::trim) {
        if in_comment || line.starts_with("/*") {
            in_comment = !line.ends_with("*/");
        } else if let Some((names, from)) = imported(line, module) {
            let other = PARTS.iter().find(|other| other.modules.contains(&from.as_str()));
            if let Some(other) = other.filter(|other| other.name != part.name) {
                let names = names.split(',').map(|name| name.trim().to_owned());
                imports.entry(other.name).or_default().extend(names);
            }
        } else if !(line.is_empty() || line.starts_with("//")) {
            let kept = if part.is_module { line } else { line.strip_prefix("export ").unwrap_or(line) };
            script.push_str(kept);
            script.push('\n');
        }
    }
}

/// What a line of `module` imports, and from which module.
fn imported<'a>(line: &'a str, module: &str) -> Option<(&'a str, String)> {
    let (names, from) = line.strip_prefix("import {")?.split_once("} from './")?;
    let folder = module.rfind('/').map_or("", |end| &module[..=end]);
    Some((names, format!("{folder}{}", from.strip_suffix(".js';")?)))
}

/// Takes out the spaces and line ends around operators and brackets, except in strings and templates; in the
/// template of a `STYLE`, those that a stylesheet does not need.
fn squeeze(script: &str) -> String {
    const TIGHT: &str = "{}()[];,=<>?:&|!*+-/'\"`";
    const TIGHT_AFTER: &str = "{};,:";
    let mut output = String::with_capacity(script.len());
    let mut characters = script.chars().peekable();
    let mut quote = None;
    let mut is_style = false;
    while let Some(character) = characters.next() {
        let is_space = matches!(character, ' ' | '\n');
        if quote.is_some() {
            if is_style && is_space {
                let ends = output.ends_with(|before| TIGHT_AFTER.contains(before) || before == '`');
                if ends || characters.peek().is_some_and(|after| "{}`".contains(*after)) {
                    continue;
                }
            }
            output.push(character);
            if character == '\\' {
                output.extend(characters.next());
            } else if quote == Some(character) {
                quote = None;
            }
            continue;
        }
        match character {
            '\'' | '"' | '`' => {
                quote = Some(character);
                is_style = output.ends_with("STYLE=");
            }
            ' ' if output.ends_with(|before| TIGHT.contains(before))
                || characters.peek().is_some_and(|after| TIGHT.contains(*after)) =>
            {
                continue;
            }
            '\n' if output.ends_with(|before| "{};,([".contains(before)) => continue,
            _ => {}
        }
        output.push(character);
    }
    output
}
