//! Which process has a store open, for whoever finds it in use. The lock itself is the engine's.

use std::path::Path;
use std::{fs, io};

/// The file in which it says so.
const FILE: &str = "owner";

/// Notes that this process has the store open.
pub(super) fn write(folder: &Path) -> io::Result<()> {
    let program = std::env::current_exe().ok();
    let name = program.as_deref().and_then(Path::file_name).unwrap_or_default();
    fs::write(folder.join(FILE), format!("process {} ({})\n", std::process::id(), name.display()))
}

/// The process that has the store open.
pub(super) fn read(folder: &Path) -> Option<String> {
    let text = fs::read_to_string(folder.join(FILE)).ok()?;
    let line = text.lines().next()?;
    (!line.is_empty() && line.len() < 256 && !line.contains(char::is_control)).then(|| line.to_owned())
}
