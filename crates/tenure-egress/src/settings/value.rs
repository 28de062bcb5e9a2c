//! Values of settings, and how they are written.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use ipnet::IpNet;

use super::keys::nearest;

/// What values a key takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Any text that is not empty.
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
    /// Some of these words.
    Choices(&'static [&'static str]),
    /// An address and a port.
    Address,
    /// An address without a port.
    Ip,
    /// Addresses and networks.
    Networks,
    /// Ports.
    Ports,
}

/// A value that has the form that its key asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
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
    /// Whether it is written as a list.
    pub const fn is_list(self) -> bool {
        matches!(self, Self::Texts | Self::Choices(_) | Self::Networks | Self::Ports)
    }

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
            Self::Choices(words) => format!("a list of some of {}", quoted(words)),
            Self::Address => "an address and a port, such as \"127.0.0.1:1080\"".into(),
            Self::Ip => "an address such as \"192.0.2.7\"".into(),
            Self::Networks => "a list of addresses and networks, such as [\"10.0.0.0/8\", \"::1\"]".into(),
            Self::Ports => "a list of ports, such as [25, 587]".into(),
        }
    }

    /// Reads a value from text, as the environment gives it. Lists are separated by commas.
    ///
    /// # Errors
    /// What is wrong, as the rest of a sentence.
    pub fn read_text(self, text: &str) -> Result<Value, String> {
        let wrong = || format!("{text:?} is not {}", self.expects());
        let kept = || Value::Text(text.to_owned());
        let list = |part: &dyn Fn(&str) -> Result<(), String>| {
            let texts = split(text);
            texts.iter().try_for_each(|text| part(text))?;
            Ok(Value::Texts(texts))
        };
        match self {
            Self::Text | Self::File if text.is_empty() => Err("is empty".into()),
            Self::Text | Self::File => Ok(kept()),
            Self::Texts => list(&|_| Ok(())),
            Self::Duration => parse_duration(text).map(Value::Duration).ok_or_else(wrong),
            Self::Size => parse_size(text).map(Value::Number).ok_or_else(wrong),
            Self::Integer => text.parse().map(Value::Number).map_err(|_| wrong()),
            Self::Boolean => text.parse().map(Value::Boolean).map_err(|_| wrong()),
            Self::Choice(words) => choice(words, text).map(|()| kept()),
            Self::Choices(words) => list(&|text| choice(words, text)),
            Self::Address => text.parse::<SocketAddr>().map(|_| kept()).map_err(|_| wrong()),
            Self::Ip => text.parse::<IpAddr>().map(|_| kept()).map_err(|_| wrong()),
            Self::Networks => list(&|text| {
                network(text).map(|_| ()).ok_or_else(|| format!("{text:?} is not an address or network"))
            }),
            Self::Ports => list(&|text| {
                let port = text.parse::<u16>().ok().filter(|&port| port > 0);
                port.map(|_| ()).ok_or_else(|| format!("{text:?} is not a port"))
            }),
        }
    }
}

/// A network, or an address as the network of that address alone.
pub fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

fn choice(words: &[&str], text: &str) -> Result<(), String> {
    if words.contains(&text) {
        return Ok(());
    }
    let expected = format!("one of {}", quoted(words));
    Err(match nearest(text, words.iter().copied()) {
        Some(near) => format!("{text:?} is not known; did you mean \"{near}\"? ({expected})"),
        None => format!("{text:?} is not {expected}"),
    })
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ")
}

fn split(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

const UNITS: [(&str, u64); 5] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
const SIZES: [(&str, u64); 5] = [("", 1), ("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

/// Reads a time: a whole number and a unit.
pub fn parse_duration(text: &str) -> Option<Duration> {
    in_units(text, &UNITS).map(Duration::from_millis)
}

fn parse_size(text: &str) -> Option<u64> {
    in_units(text, &SIZES)
}

fn in_units(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit.trim_start())?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_says_what_to_write() {
        let wrong = |kind: Kind, text: &str| kind.read_text(text).unwrap_err();
        assert_eq!(
            wrong(Kind::Choices(&["ipv4", "ipv6"]), "ipv4,ip6"),
            "\"ip6\" is not known; did you mean \"ipv6\"? (one of \"ipv4\", \"ipv6\")"
        );
        assert_eq!(
            wrong(Kind::Duration, "5"),
            "\"5\" is not a time such as \"90s\", \"30m\", \"12h\" or \"7d\""
        );
        assert_eq!(wrong(Kind::Networks, "10.0.0.0/8,x"), "\"x\" is not an address or network");
        assert_eq!(wrong(Kind::Ports, "25,0"), "\"0\" is not a port");
        assert_eq!(Kind::Size.read_text("2KiB"), Ok(Value::Number(2048)));
        assert_eq!(write_duration(Duration::from_secs(90)), "90s");
    }
}
