//! Joins the browser client's modules into the one classic script that the gateway serves, so that a page
//! loads it with a single tag under the strictest policy.
//!
//! The modules keep to a form that makes this a matter of lines: imports are one line each, exports are
//! prefixes of declarations, comments stand on lines of their own, and no two modules share a top-level name.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// In the order of their dependencies.
const MODULES: [&str; 9] =
    ["words", "clock", "activity", "state", "link", "sync", "dialog", "session", "main"];

fn main() -> io::Result<()> {
    let client = Path::new(&env::var("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../../client");
    let mut script = String::from("(()=>{'use strict';\n");
    for module in MODULES {
        let path = client.join(module).with_extension("js");
        println!("cargo::rerun-if-changed={}", path.display());
        join(&fs::read_to_string(&path)?, &mut script);
    }
    script.push_str("})();\n");
    let out = PathBuf::from(env::var("OUT_DIR").unwrap_or_default()).join("client.js");
    fs::write(out, script)
}

/// Appends `source` without its comments, indentation, imports and `export` keywords.
fn join(source: &str, script: &mut String) {
    let mut in_comment = false;
    for line in source.lines().map(str::trim) {
        if in_comment || line.starts_with("/*") {
            in_comment = !line.ends_with("*/");
        } else if !(line.is_empty() || line.starts_with("//") || line.starts_with("import ")) {
            script.push_str(line.strip_prefix("export ").unwrap_or(line));
            script.push('\n');
        }
    }
}
