//! Values of settings, and how they are written.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use crate::language::Language;

/// What values a key takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Any text.
    Text,
    /// Texts.
    Texts,
    /// A path of a file or folder.
    File,
    /// A time: `90s`, `30m`, `12h`, `7d`, `1500ms`.
    Duration,
    /// A number of bytes: `512KiB`, `32MiB`, `1GiB`, or a plain number.
    Size,
    /// A whole number, not negative.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// An address and a port.
    Address,
    /// The origin of a site: scheme, host, port.
    Origin,
    /// The address of an application: `http://host:port`.
    Upstream,
    /// Addresses and networks.
    Networks,
    /// Languages that there are messages in.
    Languages,
    /// A path such as `/.tenure`.
    BasePath,
    /// A host without a port.
    Host,
    /// A path, exact or with everything below it.
    RoutePath,
}

/// A value that has the form that its key asks for.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// Text.
    Text(String),
    /// Texts.
    Texts(Vec<String>),
    /// A time.
    Duration(Duration),
    /// A number.
    Number(u64),
    /// Yes or no.
    Boolean(bool),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Texts(texts) => write!(f, "[{}]", texts.join(", ")),
            Self::Duration(duration) => f.write_str(&write_duration(*duration)),
            Self::Number(number) => number.fmt(f),
            Self::Boolean(boolean) => boolean.fmt(f),
        }
    }
}

impl Kind {
    /// What to write, for messages and the reference.
    pub fn expects(self) -> String {
        match self {
            Self::Text => "a text".into(),
            Self::Texts => "a list of texts".into(),
            Self::File => "a path".into(),
            Self::Duration => "a time such as \"90s\", \"30m\", \"12h\" or \"7d\"".into(),
            Self::Size => "a size such as \"512KiB\", \"32MiB\" or \"1GiB\"".into(),
            Self::Integer => "a whole number, 0 or more".into(),
            Self::Boolean => "true or false".into(),
            Self::Choice(words) => format!("one of {}", quoted(words)),
            Self::Address => "an address and a port, such as \"127.0.0.1:8080\"".into(),
            Self::Origin => "an address such as \"https://wiki.example.com\", without a path".into(),
            Self::Upstream => "an address such as \"http://127.0.0.1:3000\", without a path".into(),
            Self::Networks => "a list of addresses and networks, such as [\"10.0.0.0/8\", \"::1\"]".into(),
            Self::Languages => format!("a list of languages: {}", quoted(&languages())),
            Self::BasePath => "a path such as \"/.tenure\"".into(),
            Self::Host => "a host such as \"wiki.example.com\", without a port".into(),
            Self::RoutePath => "a path such as \"/admin\" or \"/admin/*\"".into(),
        }
    }

    /// Reads a value from text, as the environment gives it. Lists are separated by commas.
    ///
    /// # Errors
    /// What is wrong, as the rest of a sentence.
    pub fn read_text(self, text: &str) -> Result<Value, String> {
        let wrong = || format!("{text:?} is not {}", self.expects());
        let kept = || Value::Text(text.to_owned());
        match self {
            Self::Text | Self::File if text.is_empty() => Err("is empty".into()),
            Self::Text | Self::File => Ok(kept()),
            Self::Texts => Ok(Value::Texts(split(text))),
            Self::Duration => parse_duration(text).map(Value::Duration).ok_or_else(wrong),
            Self::Size => parse_size(text).map(Value::Number).ok_or_else(wrong),
            Self::Integer => text.parse().map(Value::Number).map_err(|_| wrong()),
            Self::Boolean => text.parse().map(Value::Boolean).map_err(|_| wrong()),
            Self::Choice(words) if words.contains(&text) => Ok(kept()),
            Self::Choice(words) => Err(match super::keys::nearest(text, words.iter().copied()) {
                Some(near) => format!("{text:?} is not known; did you mean \"{near}\"? ({})", self.expects()),
                None => wrong(),
            }),
            Self::Address => text.parse::<SocketAddr>().map(|_| kept()).map_err(|_| wrong()),
            Self::Origin => origin(text).map(Value::Text).ok_or_else(wrong),
            Self::Upstream => {
                let uri = text.parse().map_err(|_| wrong())?;
                match crate::proxy::Upstream::new(&uri, crate::proxy::UpstreamLimits::default()) {
                    Ok(_) => Ok(kept()),
                    Err(invalid) => Err(format!("{text:?} is not {}: {}", self.expects(), invalid.problem)),
                }
            }
            Self::Networks => {
                let texts = split(text);
                match crate::net::TrustedProxies::parse(&texts) {
                    Ok(_) => Ok(Value::Texts(texts)),
                    Err(invalid) => Err(format!("{:?} is not an address or network", invalid.text)),
                }
            }
            Self::Languages => {
                let tags = split(text);
                match tags.iter().find(|tag| Language::from_tag(tag).is_none()) {
                    Some(tag) => Err(format!("{tag:?} is not one of {}", quoted(&languages()))),
                    None => Ok(Value::Texts(tags)),
                }
            }
            Self::BasePath => {
                let good =
                    text.len() > 1 && text.starts_with('/') && !text.ends_with('/') && !text.contains("//");
                let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-~".contains(&byte));
                if good && plain { Ok(kept()) } else { Err(wrong()) }
            }
            Self::Host => {
                let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-[]:".contains(&byte));
                let has_port = crate::web::requests::host_of(text) != text;
                if plain && !text.is_empty() && !has_port {
                    Ok(Value::Text(text.to_ascii_lowercase()))
                } else {
                    Err(wrong())
                }
            }
            Self::RoutePath => {
                let stars = text.matches('*').count();
                let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#\\%".contains(&byte));
                let good = text.starts_with('/') && (stars == 0 || (stars == 1 && text.ends_with("/*")));
                if good && plain && !text.contains("//") { Ok(kept()) } else { Err(wrong()) }
            }
        }
    }
}

fn languages() -> Vec<&'static str> {
    Language::all().map(Language::tag).collect()
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ")
}

fn split(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// Scheme, host and port, without a trailing slash.
fn origin(text: &str) -> Option<String> {
    let uri: http::Uri = text.parse().ok()?;
    let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
    let plain = uri.path() == "/" && uri.query().is_none() && !authority.as_str().contains('@');
    (plain && matches!(scheme, "http" | "https"))
        .then(|| format!("{scheme}://{}", authority.as_str().to_ascii_lowercase()))
}

const UNITS: [(&str, u64); 5] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// Reads a time: a whole number and a unit.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let (_, millis) = UNITS.iter().find(|(name, _)| *name == unit.trim_start())?;
    number.parse::<u64>().ok()?.checked_mul(*millis).map(Duration::from_millis)
}

/// Writes a time in the largest unit that takes no fraction.
pub fn write_duration(duration: Duration) -> String {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let fits = |(_, unit): &&(&str, u64)| millis.is_multiple_of(*unit) && millis >= *unit;
    match UNITS.iter().rev().find(fits) {
        Some((name, unit)) => format!("{}{name}", millis / unit),
        None => "0s".into(),
    }
}

fn parse_size(text: &str) -> Option<u64> {
    const SIZES: [(&str, u64); 5] = [("", 1), ("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let (_, bytes) = SIZES.iter().find(|(name, _)| *name == unit.trim_start())?;
    number.parse::<u64>().ok()?.checked_mul(*bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written_in_the_same_way() {
        for (text, millis) in
            [("1500ms", 1500), ("90s", 90_000), ("30m", 1_800_000), ("12h", 43_200_000), ("7d", 604_800_000)]
        {
            assert_eq!(parse_duration(text), Some(Duration::from_millis(millis)));
            assert_eq!(write_duration(Duration::from_millis(millis)), text);
        }
        for text in ["", "30", "m", "-5m", "1.5h", "5 weeks", "99999999999999999999d"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }

    #[test]
    fn a_message_says_what_to_write() {
        let wrong = |kind: Kind, text: &str| kind.read_text(text).unwrap_err();
        assert_eq!(
            wrong(Kind::Choice(&["lock", "end"]), "lcok"),
            "\"lcok\" is not known; did you mean \"lock\"? (one of \"lock\", \"end\")"
        );
        assert_eq!(
            wrong(Kind::Duration, "5"),
            "\"5\" is not a time such as \"90s\", \"30m\", \"12h\" or \"7d\""
        );
        assert!(wrong(Kind::Upstream, "https://a").contains("plain HTTP"));
        assert_eq!(wrong(Kind::Languages, "de,tlh"), "\"tlh\" is not one of \"en\", \"de\", \"ar\"");
        assert_eq!(wrong(Kind::Networks, "10.0.0.0/8,x"), "\"x\" is not an address or network");
    }

    #[test]
    fn addresses_are_checked() {
        assert_eq!(
            Kind::Origin.read_text("https://Wiki.Example.com/"),
            Ok(Value::Text("https://wiki.example.com".into()))
        );
        for text in ["wiki.example.com", "ftp://a", "https://a/b", "https://u@a"] {
            assert!(Kind::Origin.read_text(text).is_err(), "{text}");
        }
        for text in ["admin", "/a//b", "/a*", "/*/a", "/a?b", "/%61"] {
            assert!(Kind::RoutePath.read_text(text).is_err(), "{text}");
        }
        for text in ["/", "/*", "/admin", "/admin/*", "/a.b/c-d"] {
            assert!(Kind::RoutePath.read_text(text).is_ok(), "{text}");
        }
    }
}
