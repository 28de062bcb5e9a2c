//! Files that the gateway serves as they are, compiled into the binary.

use std::sync::LazyLock;

/// The stylesheet of every page of the gateway.
pub const STYLESHEET: &str = include_str!("../assets/tenure.css");
/// The mark: favicon and image of the header.
pub const MARK_SVG: &str = include_str!("../assets/mark.svg");
/// The browser client: one classic script, made from the modules of `client/` (see `client/build.mjs`).
pub const CLIENT_JS: &str = include_str!("../../../client/dist/client.js");
/// What most pages never need of the client: a module that it imports for a warning, a lock, or something to keep.
pub const LATE_JS: &str = include_str!("../../../client/dist/late.js");
/// Fills the list of one's drafts on the page that lists what is kept.
pub const SHELF_JS: &str = include_str!("../../../client/dist/shelf.js");

/// One file to serve.
#[derive(Debug)]
pub struct Asset {
    /// Path below the gateway's base path, without a leading slash: `assets/tenure.css`, `client.js`.
    pub path: &'static str,
    /// The `Content-Type` to send; always with `X-Content-Type-Options: nosniff`.
    pub content_type: &'static str,
    /// The file.
    pub body: &'static str,
    /// Sixteen hexadecimal digits of its BLAKE3 hash.
    pub hash: String,
}

impl Asset {
    fn new(path: &'static str, content_type: &'static str, body: &'static str) -> Self {
        Self { path, content_type, body, hash: hash(body) }
    }

    /// The strong entity tag (RFC 9110 section 8.8.3), quotes included.
    pub fn etag(&self) -> String {
        format!("\"{}\"", self.hash)
    }

    /// The address to write into a page; it changes with the content, so a request whose query is this one may
    /// be answered with `Cache-Control: public, max-age=31536000, immutable`. Without it, `no-cache` and the
    /// [`etag`](Self::etag).
    pub fn url(&self, base_path: &str) -> String {
        format!("{base_path}/{}?v={}", self.path, self.hash)
    }
}

/// The strong entity tag of a text.
pub(crate) fn etag(text: &str) -> String {
    format!("\"{}\"", hash(text))
}

fn hash(text: &str) -> String {
    let mut hash = blake3::hash(text.as_bytes()).to_hex().to_string();
    hash.truncate(16);
    hash
}

static ASSETS: LazyLock<[Asset; 5]> = LazyLock::new(|| {
    const SCRIPT: &str = "text/javascript; charset=utf-8";
    [
        Asset::new("assets/tenure.css", "text/css; charset=utf-8", STYLESHEET),
        Asset::new("assets/mark.svg", "image/svg+xml", MARK_SVG),
        Asset::new("client.js", SCRIPT, CLIENT_JS),
        Asset::new("late.js", SCRIPT, LATE_JS),
        Asset::new("shelf.js", SCRIPT, SHELF_JS),
    ]
});

/// The stylesheet as an asset.
pub fn stylesheet() -> &'static Asset {
    &ASSETS[0]
}

/// The mark as an asset.
pub fn mark() -> &'static Asset {
    &ASSETS[1]
}

/// The browser client as an asset.
pub fn client() -> &'static Asset {
    &ASSETS[2]
}

/// The script of the page that lists what is kept, as an asset.
pub fn shelf() -> &'static Asset {
    &ASSETS[4]
}

/// Every asset, for the router.
pub fn all() -> &'static [Asset] {
    &*ASSETS
}

/// The asset at `path` (without the base path and its slash), if there is one.
pub fn find(path: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.path == path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::{self, Language};

    #[test]
    fn assets_are_found_by_path_and_nothing_else_is() {
        assert_eq!(find("client.js").map(|a| a.content_type), Some("text/javascript; charset=utf-8"));
        assert_eq!(find("assets/tenure.css").map(|a| a.body), Some(STYLESHEET));
        assert!(find("assets/../client.js").is_none());
    }

    #[test]
    fn the_address_of_an_asset_carries_the_hash_of_its_content() {
        let asset = Asset::new("a.css", "text/css", "p{}");
        let other = Asset::new("a.css", "text/css", "p{ }");
        assert_ne!(asset.url("/.tenure"), other.url("/.tenure"));
        assert_eq!(asset.etag().len(), 18);
        assert_eq!(asset.url("/.tenure"), format!("/.tenure/a.css?v={}", asset.hash));
    }

    #[test]
    fn the_client_is_one_classic_script_without_module_syntax() {
        assert!(CLIENT_JS.starts_with("\"use strict\";(()=>{"));
        assert!(!CLIENT_JS.contains("import{") && !CLIENT_JS.contains("export{"));
    }

    #[test]
    fn the_parts_of_the_client_stay_within_their_budgets() {
        use std::io::Write;
        let scripts = [("client.js", CLIENT_JS, 6 * 1024), ("late.js", LATE_JS, 12 * 1024)];
        let words = |language: Language| {
            // Letters outside of ASCII take two bytes, and fewer of them repeat.
            let budget = if language == Language::ENGLISH { 1280 } else { 2048 };
            (language.tag(), language::client_script(language), budget)
        };
        for (name, script, budget) in scripts.into_iter().chain(Language::all().map(words)) {
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            gzip.write_all(script.as_bytes()).unwrap();
            let size = gzip.finish().unwrap().len();
            assert!(size <= budget, "{name} is {size} bytes gzipped");
        }
    }
}
