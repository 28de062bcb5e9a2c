//! Writes the reference of the egress's configuration to docs/.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/egress-configuration.md");
    std::fs::write(path, tenure_egress::egress::keys::markdown())
}
