//! Names a browser and its operating system from a `User-Agent` header, well enough to say "Firefox 153 on
//! Windows" in a list and to give advice that fits the browser at hand. Nothing is ever decided by it: the
//! header is whatever the client likes to send.

use std::fmt;

use crate::language::Language;

/// The browsers that get advice of their own; the others share general words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Family {
    /// Google Chrome and plain Chromium.
    Chrome,
    /// Microsoft Edge.
    Edge,
    /// Mozilla Firefox.
    Firefox,
    /// Apple Safari.
    Safari,
    /// Opera.
    Opera,
    /// Samsung Internet.
    Samsung,
    /// Anything else, command-line tools included.
    Other,
}

/// The operating system a browser says it runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum System {
    /// Windows.
    Windows,
    /// macOS (an iPad that asks for desktop pages says so too).
    MacOs,
    /// iPhone.
    Ios,
    /// iPad.
    IpadOs,
    /// Android.
    Android,
    /// ChromeOS.
    ChromeOs,
    /// Linux on a desktop.
    Linux,
    /// Not told.
    Unknown,
}

/// What a `User-Agent` header says about its sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Browser {
    /// Which browser.
    pub family: Family,
    /// The major version, when it is told.
    pub version: Option<u32>,
    /// Which operating system.
    pub system: System,
}

/// Token in the header, and whose it is. The order matters: everybody claims to be Safari, most claim to be
/// Chrome as well.
const TOKENS: [(&str, Family); 12] = [
    ("EdgiOS/", Family::Edge),
    ("EdgA/", Family::Edge),
    ("Edg/", Family::Edge),
    ("OPR/", Family::Opera),
    ("SamsungBrowser/", Family::Samsung),
    ("FxiOS/", Family::Firefox),
    ("Firefox/", Family::Firefox),
    ("CriOS/", Family::Chrome),
    ("HeadlessChrome/", Family::Chrome),
    ("Chromium/", Family::Chrome),
    ("Chrome/", Family::Chrome),
    ("Version/", Family::Safari),
];

const SYSTEMS: [(&str, System); 7] = [
    ("iPad", System::IpadOs),
    ("iPhone", System::Ios),
    ("Android", System::Android),
    ("Windows", System::Windows),
    ("Mac OS X", System::MacOs),
    ("CrOS", System::ChromeOs),
    ("Linux", System::Linux),
];

impl Browser {
    /// Reads a `User-Agent` header; an absent or unknown one gives `Other` on `Unknown`.
    pub fn from_user_agent(header: &str) -> Self {
        let system = SYSTEMS
            .iter()
            .find(|(word, _)| header.contains(word))
            .map_or(System::Unknown, |(_, system)| *system);
        let found = TOKENS.iter().find_map(|(token, family)| {
            let at = header.find(token)?;
            (*family != Family::Safari || header.contains("Safari/"))
                .then(|| (*family, major(&header[at + token.len()..])))
        });
        let (family, version) = found.unwrap_or((Family::Other, None));
        Self { family, version, system }
    }
}

impl Browser {
    /// What people are told: `Chrome 156 on Windows`.
    pub fn words(&self, language: Language) -> String {
        let mut name = match self.family {
            Family::Other => language.say("device-other-browser").plain(),
            family => family.name().to_owned(),
        };
        if let Some(version) = self.version {
            name.push_str(&format!(" {version}"));
        }
        match self.system {
            System::Unknown => name,
            system => language.say("device").text("browser", name).text("system", system.name()).plain(),
        }
    }
}

fn major(rest: &str) -> Option<u32> {
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().ok().filter(|version| *version < 10_000)
}

impl Family {
    /// The name people know it by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Chrome => "Chrome",
            Self::Edge => "Edge",
            Self::Firefox => "Firefox",
            Self::Safari => "Safari",
            Self::Opera => "Opera",
            Self::Samsung => "Samsung Internet",
            Self::Other => "Another browser",
        }
    }
}

impl System {
    /// The name people know it by; empty when not told.
    pub fn name(self) -> &'static str {
        match self {
            Self::Windows => "Windows",
            Self::MacOs => "macOS",
            Self::Ios => "iPhone",
            Self::IpadOs => "iPad",
            Self::Android => "Android",
            Self::ChromeOs => "ChromeOS",
            Self::Linux => "Linux",
            Self::Unknown => "",
        }
    }
}

/// `Chrome 156 on Windows`
impl fmt::Display for Browser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words(Language::ENGLISH))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(header: &str) -> String {
        Browser::from_user_agent(header).to_string()
    }

    #[test]
    fn common_browsers_are_named() {
        let webkit = "AppleWebKit/537.36 (KHTML, like Gecko)";
        for (header, name) in [
            (format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) {webkit} Chrome/156.0.0.0 Safari/537.36"), "Chrome 156 on Windows"),
            (format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) {webkit} Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0"), "Edge 156 on Windows"),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0".into(), "Firefox 153 on Linux"),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15".into(), "Safari 26 on macOS"),
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 26_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1".into(), "Safari 26 on iPhone"),
            ("Mozilla/5.0 (iPad; CPU OS 26_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/156.0.1 Mobile/15E148 Safari/604.1".into(), "Chrome 156 on iPad"),
            (format!("Mozilla/5.0 (Linux; Android 15; K) {webkit} SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36"), "Samsung Internet 29 on Android"),
            (format!("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {webkit} Chrome/156.0.0.0 Safari/537.36"), "Chrome 156 on ChromeOS"),
            ("curl/8.9.1".into(), "Another browser"),
            (String::new(), "Another browser"),
        ] {
            assert_eq!(named(&header), name, "{header}");
        }
    }

    #[test]
    fn hostile_headers_give_no_version_and_no_panic() {
        assert_eq!(named("Chrome/99999999999999999999"), "Chrome");
        assert_eq!(named("Firefox/"), "Firefox");
        assert_eq!(named("Chrome/é156"), "Chrome");
        assert_eq!(named("Version/12 <script>"), "Another browser");
    }
}
