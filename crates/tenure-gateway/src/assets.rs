//! Files that the gateway serves as they are, compiled into the binary.

use std::sync::LazyLock;

/// The stylesheet of every page of the gateway.
pub const STYLESHEET: &str = include_str!("../assets/tenure.css");
/// The mark: favicon and image of the header.
pub const MARK_SVG: &str = include_str!("../assets/mark.svg");
/// The browser client: one classic script, joined from the modules of `client/` by `build.rs`.
pub const CLIENT_JS: &str = include_str!(concat!(env!("OUT_DIR"), "/client.js"));
/// The part of the client that a lock needs: a module that the client imports then.
pub const UNLOCK_JS: &str = include_str!(concat!(env!("OUT_DIR"), "/unlock.js"));
/// The part of the client that keeps drafts: a module that the client imports once there is something to keep.
pub const DRAFTS_JS: &str = include_str!(concat!(env!("OUT_DIR"), "/drafts.js"));
/// What finds, offers and restores drafts: a module that the former imports once there is one.
pub const DRAFTS_OFFER_JS: &str = include_str!(concat!(env!("OUT_DIR"), "/drafts-offer.js"));
/// Fills the list of one's drafts on the page that lists what is kept.
pub const DRAFTS_LIST_JS: &str = include_str!(concat!(env!("OUT_DIR"), "/drafts-list.js"));

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
        let mut hash = blake3::hash(body.as_bytes()).to_hex().to_string();
        hash.truncate(16);
        Self { path, content_type, body, hash }
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

static ASSETS: LazyLock<[Asset; 7]> = LazyLock::new(|| {
    [
        Asset::new("assets/tenure.css", "text/css; charset=utf-8", STYLESHEET),
        Asset::new("assets/mark.svg", "image/svg+xml", MARK_SVG),
        Asset::new("client.js", "text/javascript; charset=utf-8", CLIENT_JS),
        Asset::new("unlock.js", "text/javascript; charset=utf-8", UNLOCK_JS),
        Asset::new("drafts.js", "text/javascript; charset=utf-8", DRAFTS_JS),
        Asset::new("drafts-offer.js", "text/javascript; charset=utf-8", DRAFTS_OFFER_JS),
        Asset::new("drafts-list.js", "text/javascript; charset=utf-8", DRAFTS_LIST_JS),
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
    fn the_client_is_one_classic_script_without_comments_or_module_syntax() {
        assert!(CLIENT_JS.starts_with("(()=>{'use strict';"));
        for line in CLIENT_JS.lines() {
            let line = line.trim_start();
            assert!(!["import ", "export ", "//", "/*"].iter().any(|word| line.starts_with(word)), "{line}");
        }
    }

    #[test]
    fn the_parts_of_the_client_stay_within_their_budgets() {
        use std::io::Write;
        for (name, script, budget) in [
            ("client.js", CLIENT_JS, 6 * 1024),
            ("unlock.js", UNLOCK_JS, 6 * 1024 + 256),
            ("drafts.js", DRAFTS_JS, 4608),
            ("drafts-offer.js", DRAFTS_OFFER_JS, 5 * 1024),
            ("drafts-list.js", DRAFTS_LIST_JS, 1024),
        ] {
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            gzip.write_all(script.as_bytes()).unwrap();
            let size = gzip.finish().unwrap().len();
            assert!(size <= budget, "{name} is {size} bytes gzipped");
        }
    }

    #[test]
    fn a_part_is_one_module_that_exports_how_it_begins() {
        assert!(UNLOCK_JS.contains("export const begin="));
        assert!(!UNLOCK_JS.contains("import "));
    }
}
