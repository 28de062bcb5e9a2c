//! Everything that can be set in `[egress]`.

use crate::settings::{Key, Kind, Table};

/// The tables of the egress, the outer one first.
pub static TABLES: &[Table] = &[
    Table {
        name: "egress",
        is_array: false,
        about: "The egress: who leaves by which address.",
        keys: EGRESS,
    },
    Table {
        name: "egress.address",
        is_array: true,
        about: "An address of this host that can be leased.",
        keys: ADDRESS,
    },
    Table {
        name: "egress.upstream",
        is_array: true,
        about: "A proxy of somebody else, whose exit can be leased.",
        keys: UPSTREAM,
    },
];

const EGRESS: &[Key] = &[
    Key::new(
        "listen",
        Kind::Address,
        Some("127.0.0.1:1080"),
        "Where applications connect, with HTTP or SOCKS5. Port 0 picks a free one.",
    ),
    Key::new(
        "certificate",
        Kind::File,
        None,
        "The certificate chain (PEM) for TLS in front. Names and secrets are open to everybody on the way without it.",
    ),
    Key::new("key", Kind::File, None, "Its private key (PEM)."),
    Key::new(
        "tunnel_listen",
        Kind::Address,
        None,
        "Where tethers connect, by UDP and by TCP. Default: they can't.",
    ),
    Key::new(
        "state",
        Kind::File,
        Some("egress"),
        "The folder of leases and accounts. One egress at a time uses it; back it up.",
    ),
    Key::new(
        "accounts",
        Kind::File,
        None,
        "The file of accounts. Default: `accounts` in the folder of the state.",
    ),
    Key::new(
        "control",
        Kind::File,
        None,
        "The socket that `tenure egress leases`, `move`, `release` and `doctor` speak to. Default: `control` in the folder of the state.",
    ),
    Key::new(
        "metrics_listen",
        Kind::Address,
        None,
        "Where Prometheus reads `/metrics`. Loopback only. Default: nowhere.",
    ),
    Key::new(
        "families",
        Kind::Choices(&["ipv4", "ipv6"]),
        Some("[\"ipv4\"]"),
        "The families that accounts get an address of. A name is looked up in the first one that it has any address in; one that is not listed is never used.",
    ),
    Key::new(
        "cool_off",
        Kind::Duration,
        Some("24h"),
        "How long an address that was moved away from or released is nobody else's.",
    ),
    Key::new(
        "allow",
        Kind::Networks,
        Some("[]"),
        "Networks that may be reached though they are private or this host's own.",
    ),
    Key::new(
        "allow_ports",
        Kind::Ports,
        Some("[]"),
        "Ports that may be reached though they are refused: 25, mail between servers.",
    ),
    Key::new(
        "echo",
        Kind::Text,
        None,
        "A site of yours that answers with the address it sees, such as `http://echo.example.com:8099/`: see `tenure egress echo`. Needed for upstream proxies, and wherever the network translates addresses.",
    ),
    Key::new("probe_every", Kind::Duration, Some("30s"), "How often each address is tried."),
    Key::new(
        "connect_timeout",
        Kind::Duration,
        Some("10s"),
        "How long a site may take to accept a connection, and a name to be found.",
    ),
    Key::new(
        "max_connections",
        Kind::Integer,
        Some("1024"),
        "How many connections an account may have at once.",
    ),
    Key::new(
        "handshake_timeout",
        Kind::Duration,
        Some("15s"),
        "How long a client may take to say what it wants.",
    ),
    Key::new(
        "log_destinations",
        Kind::Boolean,
        Some("true"),
        "Whether the log says where each account goes. With `false` it says who, when and by which address only.",
    ),
    Key::new(
        "ca_file",
        Kind::File,
        None,
        "The authorities (PEM) that vouch for upstream proxies spoken to over TLS. Default: those of the system.",
    ),
];

const ADDRESS: &[Key] = &[
    Key::new("name", Kind::Text, None, "What to call it. Default: the address."),
    Key::new("address", Kind::Ip, None, "The address. Needed."),
    Key::new("device", Kind::Text, None, "The device that packets must leave by."),
    Key::new(
        "mark",
        Kind::Integer,
        None,
        "A mark for policy routing; it takes the right to administer the network.",
    ),
    Key::new(
        "expected_exit",
        Kind::Ip,
        None,
        "What sites see, where the network translates the address. It is compared at the echo. Default: the address.",
    ),
    COUNTRY,
    NETWORK,
    RETIRED,
];

const UPSTREAM: &[Key] = &[
    Key::new("name", Kind::Text, None, "What to call it. Default: its exit."),
    Key::new(
        "url",
        Kind::Text,
        None,
        "Where it is: `http://host:port`, `https://host:port` or `socks5://host:port`. Needed.",
    ),
    Key::new(
        "credentials_file",
        Kind::File,
        None,
        "A file with one line, `name:secret`, if the proxy asks for them. Nobody but its owner may read it.",
    ),
    Key::new(
        "expected_exit",
        Kind::Ip,
        None,
        "The address that sites see. It is compared at the echo before it is used. Needed.",
    ),
    COUNTRY,
    NETWORK,
    RETIRED,
];

const COUNTRY: Key = Key::new(
    "country",
    Kind::Text,
    None,
    "The country, for accounts that ask for one when they get their first lease.",
);
const NETWORK: Key = Key::new(
    "network",
    Kind::Text,
    None,
    "The network, such as `AS64500` or `home`, for accounts that ask for one.",
);
const RETIRED: Key = Key::new(
    "retired",
    Kind::Boolean,
    Some("false"),
    "Whether it is given to nobody any more. Who has it keeps it.",
);

/// The configuration reference, as docs/egress-configuration.md has it.
pub fn markdown() -> String {
    format!(
        "# Configuration of the egress\n\n\
         <!-- Made from crates/tenure-egress/src/egress/keys.rs by `cargo run -p tenure-egress --example egress_reference`. -->\n\n\
         `tenure egress` reads these tables of `tenure.toml`, or of the file given with `--config`. An environment variable \
         overrides the file. Unknown keys are refused. Times are a whole number and a unit: `1500ms`, `90s`, `30m`, `12h`, `7d`.\n{}",
        crate::settings::reference::markdown(TABLES)
    )
}
