//! Everything that can be set: one line each, from which all else is made.

use super::value::{Kind, Value};

/// A table of the configuration.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Table {
    /// `[gateway]`
    Gateway,
    /// `[tls]`
    Tls,
    /// `[store]`
    Store,
    /// `[admin]`
    Admin,
    /// `[policy]`
    Policy,
    /// `[policy.remember_me]`
    RememberMe,
    /// `[[route]]`
    Route,
    /// `[accounts]`
    Accounts,
    /// `[[provider]]`
    Provider,
    /// `[log]`
    Log,
}

impl Table {
    /// Every table, in the order of the reference.
    pub const ALL: [Self; 10] = [
        Self::Gateway,
        Self::Tls,
        Self::Store,
        Self::Admin,
        Self::Policy,
        Self::RememberMe,
        Self::Route,
        Self::Accounts,
        Self::Provider,
        Self::Log,
    ];

    /// The name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Tls => "tls",
            Self::Store => "store",
            Self::Admin => "admin",
            Self::Policy => "policy",
            Self::RememberMe => "policy.remember_me",
            Self::Route => "route",
            Self::Accounts => "accounts",
            Self::Provider => "provider",
            Self::Log => "log",
        }
    }

    /// Whether there may be several, as `[[name]]`.
    pub const fn is_array(self) -> bool {
        matches!(self, Self::Route | Self::Provider)
    }

    /// What it is about.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Gateway => "Where the gateway listens, and the application behind it.",
            Self::Tls => "TLS of the gateway's own listener.",
            Self::Store => "Where sessions are kept.",
            Self::Admin => "The administration listener.",
            Self::Policy => {
                "The limits of sessions. A preset refuses values that are weaker than its standard asks for."
            }
            Self::RememberMe => {
                "The longer limits of people who ask to stay signed in. Without this table it is not offered."
            }
            Self::Route => {
                "Parts of the site that differ. The most specific one wins: one with a host before one without, \
                            then the longest path. Any key of `[policy]` may stand here too."
            }
            Self::Accounts => "Who may sign in.",
            Self::Provider => "OpenID Connect providers.",
            Self::Log => "What is logged, to standard error.",
        }
    }
}

/// Something that can be set.
#[derive(Debug)]
pub struct Key {
    /// Its table.
    pub table: Table,
    /// Its name.
    pub name: &'static str,
    /// What values it takes.
    pub kind: Kind,
    /// The value where nothing is set, as it would be written; `None` where there is none.
    pub default: Option<&'static str>,
    /// What it does.
    pub about: &'static str,
    /// Whether it is known but does nothing yet: setting it to anything but its default is refused.
    pub later: bool,
}

impl Key {
    /// The value where nothing is set.
    pub fn default_value(&self) -> Option<Value> {
        self.kind.read_text(&self.default?.replace(['[', ']', '"'], "")).ok()
    }
}

const fn key(
    table: Table,
    name: &'static str,
    kind: Kind,
    default: Option<&'static str>,
    about: &'static str,
) -> Key {
    Key { table, name, kind, default, about, later: false }
}

const fn later(
    table: Table,
    name: &'static str,
    kind: Kind,
    default: Option<&'static str>,
    about: &'static str,
) -> Key {
    Key { table, name, kind, default, about, later: true }
}

const ON_LIMIT: Kind = Kind::Choice(&["lock", "end"]);
const ON_SIGNAL: Kind = Kind::Choice(&["ignore", "notify", "step_up", "lock", "end"]);
const PRESETS: Kind = Kind::Choice(&[
    "general",
    "sensitive",
    "pci_dss",
    "hipaa",
    "nist_aal1",
    "nist_aal2",
    "nist_aal3",
    "custom",
]);

/// Every key.
pub static KEYS: &[Key] = &[
    key(
        Table::Gateway,
        "listen",
        Kind::Address,
        Some("127.0.0.1:8080"),
        "Where browsers or front proxies connect. Port 0 picks a free one.",
    ),
    key(
        Table::Gateway,
        "public_url",
        Kind::Origin,
        None,
        "The address that browsers use, such as `https://wiki.example.com`. Plain http is for loopback only, for cookies would be open to everybody on the way. Default: http and the address of `listen`, if that is loopback.",
    ),
    key(Table::Gateway, "upstream", Kind::Upstream, Some("http://127.0.0.1:3000"), "The application."),
    key(
        Table::Gateway,
        "trusted_proxies",
        Kind::Networks,
        Some("[]"),
        "Addresses and networks of proxies in front, whose `Forwarded` and `X-Forwarded-*` headers are believed.",
    ),
    key(Table::Gateway, "max_body", Kind::Size, None, "The largest body of a request. Default: any size."),
    key(
        Table::Gateway,
        "max_kept_body",
        Kind::Size,
        Some("32MiB"),
        "The largest body of a form that is kept while its session is locked, to be sent after the unlock. 0 keeps nothing.",
    ),
    key(
        Table::Gateway,
        "max_kept_per_person",
        Kind::Size,
        Some("128MiB"),
        "How much may be kept for one person. A small form counts as 16 KiB.",
    ),
    key(Table::Gateway, "max_kept", Kind::Size, Some("4GiB"), "How much may be kept for everybody together."),
    key(
        Table::Gateway,
        "base_path",
        Kind::BasePath,
        Some("/.tenure"),
        "Where the gateway's own pages are. Nothing below it reaches the application.",
    ),
    key(
        Table::Gateway,
        "languages",
        Kind::Languages,
        Some("[\"en\", \"de\", \"ar\"]"),
        "The languages of pages and dialogs. Whoever's browser asks for none of them gets the first.",
    ),
    key(
        Table::Gateway,
        "workers",
        Kind::Integer,
        Some("0"),
        "How many threads serve requests; 0 is one for each core.",
    ),
    key(
        Table::Gateway,
        "client",
        Kind::Boolean,
        Some("true"),
        "Whether the browser client, which warns in time, is added to HTML pages.",
    ),
    key(
        Table::Gateway,
        "connect_timeout",
        Kind::Duration,
        Some("5s"),
        "How long the application may take to accept a connection.",
    ),
    key(
        Table::Gateway,
        "upstream_timeout",
        Kind::Duration,
        Some("60s"),
        "How long the application may take to begin its answer.",
    ),
    key(
        Table::Tls,
        "certificate",
        Kind::File,
        None,
        "The certificate chain (PEM). With it and `key` the gateway speaks HTTPS itself. Both files are read again when they change.",
    ),
    key(Table::Tls, "key", Kind::File, None, "The private key of the certificate (PEM)."),
    key(
        Table::Store,
        "kind",
        Kind::Choice(&["embedded", "redis", "postgres"]),
        Some("embedded"),
        "What keeps the sessions. Only `embedded` is available in this version.",
    ),
    key(
        Table::Store,
        "path",
        Kind::File,
        Some("data"),
        "The folder of the embedded store. Key ring, accounts and the token of the administration listener are there too, unless they are given a place of their own.",
    ),
    later(Table::Store, "url", Kind::Text, None, "The address of a Redis or PostgreSQL server."),
    key(Table::Admin, "listen", Kind::Address, Some("127.0.0.1:9180"), "Where administration listens."),
    key(
        Table::Admin,
        "token_file",
        Kind::File,
        None,
        "The file with the bearer token; made if it is not there. Default: `admin-token` in the folder of the store.",
    ),
    key(Table::Policy, "preset", PRESETS, Some("general"), "A named set of limits."),
    key(
        Table::Policy,
        "idle_timeout",
        Kind::Duration,
        None,
        "How long a session may go without activity. Default: by preset, 30m for `general`.",
    ),
    key(
        Table::Policy,
        "absolute_timeout",
        Kind::Duration,
        None,
        "How long a session may go without a new authentication. Default: by preset, 12h for `general`.",
    ),
    key(
        Table::Policy,
        "warn_before",
        Kind::Duration,
        None,
        "How long before either limit people are warned. Default: 2m, or half of a shorter `idle_timeout`.",
    ),
    key(Table::Policy, "on_idle", ON_LIMIT, Some("lock"), "What happens at the idle timeout."),
    key(Table::Policy, "on_absolute", ON_LIMIT, Some("lock"), "What happens at the absolute timeout."),
    key(
        Table::Policy,
        "keep_work_for",
        Kind::Duration,
        Some("24h"),
        "How long a locked session waits to be unlocked, and drafts are kept.",
    ),
    key(
        Table::Policy,
        "explain_for",
        Kind::Duration,
        Some("7d"),
        "How long an ended session can still be explained.",
    ),
    key(
        Table::Policy,
        "max_sessions",
        Kind::Integer,
        Some("5"),
        "How many sessions a person may have on one host; 0 is any number.",
    ),
    key(
        Table::Policy,
        "on_excess",
        Kind::Choice(&["ask", "end_oldest", "refuse"]),
        Some("ask"),
        "What happens to one sign-in more.",
    ),
    key(
        Table::Policy,
        "rotation_overlap",
        Kind::Duration,
        Some("30s"),
        "How long a replaced token still serves requests under way, at its old privilege.",
    ),
    key(
        Table::Policy,
        "cover_when_locked",
        Kind::Boolean,
        Some("true"),
        "Whether a page that is open when its session locks is covered. With `false` it stays readable and says that it is locked.",
    ),
    key(
        Table::Policy,
        "keep_requests",
        Kind::Choice(&["on", "off"]),
        Some("on"),
        "Whether what a person sends while their session is locked is kept, to be sent with one click after the unlock.",
    ),
    key(
        Table::Policy,
        "drafts",
        Kind::Choice(&["on", "off"]),
        Some("on"),
        "Whether the browser client keeps drafts of what is typed in pages: sealed, in the browser, for `keep_work_for`. See docs/privacy.md.",
    ),
    later(
        Table::Policy,
        "on_address_change",
        ON_SIGNAL,
        Some("ignore"),
        "What happens when the address of the client changes.",
    ),
    later(
        Table::Policy,
        "on_network_change",
        ON_SIGNAL,
        Some("ignore"),
        "What happens when the network of the client changes.",
    ),
    later(
        Table::Policy,
        "on_location_change",
        ON_SIGNAL,
        Some("ignore"),
        "What happens when the place of the client changes.",
    ),
    later(
        Table::Policy,
        "on_client_change",
        ON_SIGNAL,
        Some("ignore"),
        "What happens when the browser changes.",
    ),
    key(Table::RememberMe, "idle_timeout", Kind::Duration, None, "As in `[policy]`."),
    key(Table::RememberMe, "absolute_timeout", Kind::Duration, None, "As in `[policy]`."),
    key(Table::Route, "host", Kind::Host, None, "The host it holds for. Default: every host."),
    key(
        Table::Route,
        "path",
        Kind::RoutePath,
        None,
        "The path: exact, or with everything below it as `/admin/*`. Default: every path.",
    ),
    key(
        Table::Route,
        "upstream",
        Kind::Upstream,
        None,
        "The application of this part. Default: that of `[gateway]`.",
    ),
    key(
        Table::Route,
        "access",
        Kind::Choice(&["protected", "public", "passive"]),
        Some("protected"),
        "`protected` asks for a session. `public` lets everybody through, and tells the application who is signed in. `passive` is protected, but its requests are no activity: for polls and heartbeats.",
    ),
    key(Table::Route, "step_up_within", Kind::Duration, None, "How old the authentication may be here."),
    key(
        Table::Route,
        "client",
        Kind::Boolean,
        None,
        "Whether the browser client is added to HTML pages of this part. Default: that of `[gateway]`.",
    ),
    key(
        Table::Accounts,
        "kind",
        Kind::Choice(&["local"]),
        Some("local"),
        "Accounts with passwords, kept by the gateway: see `tenure user`.",
    ),
    key(
        Table::Accounts,
        "file",
        Kind::File,
        None,
        "The file of accounts. Default: `accounts` in the folder of the store.",
    ),
    later(Table::Provider, "issuer", Kind::Text, None, "The issuer of an OpenID Connect provider."),
    later(Table::Provider, "client_id", Kind::Text, None, "Our id there."),
    later(Table::Provider, "client_secret_file", Kind::File, None, "The file with our secret there."),
    later(Table::Provider, "scopes", Kind::Texts, None, "The scopes to ask for."),
    key(
        Table::Log,
        "format",
        Kind::Choice(&["text", "json"]),
        Some("text"),
        "Lines for people, or a JSON object a line.",
    ),
    key(
        Table::Log,
        "level",
        Kind::Text,
        Some("info"),
        "What is logged: `error`, `warn`, `info`, `debug`, `trace`, or a filter such as `info,tenure_gateway=debug`.",
    ),
];

/// The keys of a table. A route takes those of `[policy]` too.
pub fn of_table(table: Table) -> impl Iterator<Item = &'static Key> {
    KEYS.iter().filter(move |key| key.table == table || (table == Table::Route && key.table == Table::Policy))
}

/// The key of this name in a table.
pub fn find(table: Table, name: &str) -> Option<&'static Key> {
    of_table(table).find(|key| key.name == name)
}

/// Of some names, the one nearest to what was written, if it is near enough to be what was meant.
pub fn nearest<'a>(written: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names
        .map(|name| (strsim::damerau_levenshtein(written, name), name))
        .filter(|(distance, name)| *distance <= name.len().max(written.len()) / 3 + 1)
        .min()
        .map(|(_, name)| name)
}
