//! What is said of configurations of the egress, good and bad.

use super::*;
use crate::settings::reference;

fn read(text: &str) -> Result<Config, ConfigError> {
    Config::read(&Source::of_text(text))
}

fn errors(text: &str) -> Vec<String> {
    read(text).unwrap_err().problems.iter().map(ToString::to_string).collect()
}

#[test]
fn an_empty_file_is_a_configuration_without_addresses() {
    let config = read("[gateway]\nlisten = \"127.0.0.1:1\"\n").unwrap();
    assert!(!config.is_there() && config.pool.is_empty() && config.warnings.is_empty());
    assert_eq!(config.listen.to_string(), "127.0.0.1:1080");
    assert_eq!(config.families, [Family::Ipv4]);
    assert_eq!(config.accounts, Path::new("egress/accounts"));
    assert_eq!(config.cool_off, Duration::from_secs(86_400));
}

#[test]
fn everything_that_is_wrong_is_said_at_once_with_its_line() {
    let text = "\
[egress]
lisen = \"127.0.0.1:1\"
families = [\"ip4\"]
probe_every = 5
echo = \"https://echo.example.com\"
certificate = \"cert.pem\"
metrics_listen = \"0.0.0.0:1\"
[[egress.address]]
name = \"a\"
[[egress.adress]]
[[egress.upstream]]
url = \"ftp://proxy.example.com:1\"
expected_exit = \"192.0.2.1\"
";
    assert_eq!(
        errors(text),
        [
            "tenure.toml:2: egress.lisen: unknown key; did you mean `listen`?",
            "tenure.toml:3: egress.families: \"ip4\" is not known; did you mean \"ipv4\"? (one of \"ipv4\", \"ipv6\")",
            "tenure.toml:4: egress.probe_every: a time needs a unit: did you mean \"5s\" or \"5m\"?",
            "tenure.toml:5: egress.echo: \"https://echo.example.com\" is not an address such as \"http://echo.example.com:8099/\"",
            "tenure.toml:7: egress.metrics_listen: is for loopback only: it says which accounts there are",
            "tenure.toml:8: egress.address: has no address: add `address = \"...\"`",
            "tenure.toml:10: egress.adress: unknown key; did you mean `address`?",
            "tenure.toml:11: egress.upstream: takes egress.echo: an upstream proxy is not used before it is known what sites see of it",
            "tenure.toml:12: egress.upstream.url: \"ftp://proxy.example.com:1\" is not an address such as \"http://host:port\", \"https://host:port\" or \"socks5://host:port\"; credentials belong into credentials_file",
            "egress.key: is needed with egress.certificate",
        ]
    );
}

#[test]
fn an_exit_is_in_the_pool_once() {
    let text = "[[egress.address]]\naddress = \"192.0.2.1\"\n[[egress.address]]\nname = \"b\"\naddress = \"::ffff:192.0.2.1\"\n";
    assert_eq!(
        errors(text),
        [
            "tenure.toml:3: egress: sites see 192.0.2.1 for the one of line 1 already; an exit is one account's alone"
        ]
    );
}

#[test]
fn the_environment_overrides_the_file_and_is_named_in_errors() {
    let source = Source::of_text("[egress]\nlisten = \"127.0.0.1:1\"\n");
    let config = Config::read(&source.clone().with_variable("TENURE_EGRESS_LISTEN", "127.0.0.1:2")).unwrap();
    assert_eq!(config.listen.port(), 2);
    let wrong = source.with_variable("TENURE_EGRESS_LISTEN", "x").with_variable("TENURE_EGRESS_LISTE", "x");
    let wrong = Config::read(&wrong).unwrap_err();
    assert_eq!(
        wrong.to_string(),
        "TENURE_EGRESS_LISTE: unknown setting; did you mean TENURE_EGRESS_LISTEN?\n\
         TENURE_EGRESS_LISTEN: egress.listen: \"x\" is not an address and a port, such as \"127.0.0.1:1080\""
    );
}

#[test]
fn credentials_are_in_a_file_that_nobody_else_reads_and_never_shown() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("credentials");
    fs::write(&path, "ada:hidden words\n").unwrap();
    let text = format!(
        "[egress]\necho = \"http://echo.example.com\"\n[[egress.upstream]]\nurl = \"socks5://proxy.example.com:1080\"\n\
         expected_exit = \"192.0.2.1\"\ncredentials_file = {path:?}\n"
    );
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(errors(&text)[0].contains("others may read it (mode 644); chmod 600"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let config = read(&text).unwrap();
    assert!(!format!("{config:?}").contains("hidden"));
    let Via::Upstream(upstream) = &config.pool[0].via else { panic!("{:?}", config.pool) };
    let (name, secret) = upstream.credentials.as_ref().unwrap();
    assert_eq!((name.as_str(), secret.expose()), ("ada", b"hidden words".as_slice()));
}

#[test]
fn a_listener_that_others_reach_without_tls_is_worth_a_word() {
    let config = read("[egress]\nlisten = \"0.0.0.0:1080\"\n").unwrap();
    assert!(config.warnings[0].to_string().contains("no TLS in front"));
}

#[test]
fn every_default_in_the_tables_is_a_value_of_its_kind() {
    for table in TABLES {
        for key in table.keys {
            if let Some(default) = key.default {
                let bare = default.trim_matches(['[', ']']).replace('"', "");
                assert!(key.kind.read_text(&bare).is_ok(), "{}.{}", table.name, key.name);
            }
        }
    }
    assert_eq!(reference::schema(TABLES)["properties"]["families"]["default"][0], "ipv4");
}

#[test]
fn the_reference_in_docs_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/egress-configuration.md");
    let found = fs::read_to_string(path).unwrap_or_default();
    let expected = super::super::keys::markdown();
    assert!(
        found == expected,
        "docs/egress-configuration.md is stale: cargo run -p tenure-egress --example egress_reference"
    );
}
