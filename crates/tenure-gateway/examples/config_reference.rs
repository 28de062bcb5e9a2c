//! Writes docs/configuration.md and docs/tenure.schema.json from the table of keys.

use std::path::Path;

use tenure_gateway::config::reference;

fn main() -> std::io::Result<()> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    std::fs::write(docs.join("configuration.md"), reference::markdown())?;
    let schema = serde_json::to_string_pretty(&reference::schema())?;
    std::fs::write(docs.join("tenure.schema.json"), schema + "\n")
}
