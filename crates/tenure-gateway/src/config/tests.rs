//! What is said of configurations, good and bad.

use std::path::Path;
use std::time::Duration;

use super::*;
use tenure::core::OnExcess;

fn parse(text: &str) -> Result<Config, ConfigError> {
    parse_with(text, &[])
}

fn parse_with(text: &str, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let environment = Environment::of(environment.iter().map(|&(name, value)| (name.into(), value.into())));
    Config::parse(Some(Path::new("tenure.toml")), Some(text), &environment)
}

fn errors(text: &str) -> Vec<String> {
    parse(text).unwrap_err().problems.iter().map(ToString::to_string).collect()
}

#[test]
fn an_empty_file_is_a_whole_configuration() {
    let config = parse("").unwrap();
    assert_eq!(config.gateway.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.gateway.public_url, "http://127.0.0.1:8080");
    assert!(!config.gateway.secure);
    assert_eq!(config.upstream(), "http://127.0.0.1:3000");
    assert_eq!(config.policy.idle_timeout(), Duration::from_secs(1800));
    assert_eq!(config.admin.token_file, Path::new("data/admin-token"));
    assert_eq!(config.accounts.file, Path::new("data/accounts"));
}

#[test]
fn everything_that_is_wrong_is_said_at_once_with_its_line() {
    let text = "\
[gateway]
listn = \"127.0.0.1:1\"
listen = \"localhost\"
[policy]
idle_timout = \"5m\"
absolute_timeout = 5
on_idle = \"lcok\"
[polcy]
[tls]
certificate = \"cert.pem\"
[[provider]]
issuer = \"https://id.example.com\"
[[route]]
path = \"admin\"
";
    assert_eq!(
        errors(text),
        [
            "tenure.toml:2: gateway.listn: unknown key; did you mean `listen`?",
            "tenure.toml:3: gateway.listen: \"localhost\" is not an address and a port, such as \"127.0.0.1:8080\"",
            "tenure.toml:5: policy.idle_timout: unknown key; did you mean `idle_timeout`?",
            "tenure.toml:6: policy.absolute_timeout: a time needs a unit: did you mean \"5s\" or \"5m\"?",
            "tenure.toml:7: policy.on_idle: \"lcok\" is not known; did you mean \"lock\"? (one of \"lock\", \"end\")",
            "tenure.toml:8: polcy: unknown table; did you mean [policy]?",
            "tenure.toml:10: tls.key: is needed with tls.certificate: name the file of its private key",
            "tenure.toml:11: provider: identity providers are not available in this version yet; remove the table, accounts are local",
            "tenure.toml:12: provider.issuer: is not available in this version yet; remove it",
            "tenure.toml:14: route.path: \"admin\" is not a path such as \"/admin\" or \"/admin/*\"",
        ]
    );
}

#[test]
fn a_broken_file_is_told_by_its_line() {
    let found = errors("[gateway]\nlisten = \n");
    assert!(found[0].starts_with("tenure.toml:2: this is not TOML: "), "{found:?}");
}

#[test]
fn a_preset_names_the_requirement_that_a_value_breaks() {
    let found = errors("[policy]\npreset = \"pci_dss\"\nidle_timeout = \"20m\"\n");
    assert_eq!(found.len(), 1);
    assert!(
        found[0].starts_with("tenure.toml:3: policy.idle_timeout: 20m is longer than pci_dss allows"),
        "{found:?}"
    );
    assert!(found[0].contains("PCI DSS v4.0.1, requirement 8.2.8"), "{found:?}");
}

#[test]
fn the_environment_overrides_the_file_and_is_named_in_errors() {
    let config = parse_with(
        "[policy]\nidle_timeout = \"5m\"\n",
        &[("TENURE_POLICY_IDLE_TIMEOUT", "7m"), ("TENURE_LOG", "debug")],
    );
    assert_eq!(config.unwrap().policy.idle_timeout(), Duration::from_secs(420));
    let wrong = parse_with("", &[("TENURE_POLICY_IDLE_TIMEOUT", "7"), ("TENURE_POLICY_IDLE_TIMOUT", "7m")])
        .unwrap_err();
    assert_eq!(
        wrong.to_string(),
        "TENURE_POLICY_IDLE_TIMEOUT: policy.idle_timeout: \"7\" is not a time such as \"90s\", \"30m\", \"12h\" or \"7d\"\n\
         TENURE_POLICY_IDLE_TIMOUT: unknown setting; did you mean TENURE_POLICY_IDLE_TIMEOUT?"
    );
}

#[test]
fn a_route_changes_what_it_names_and_keeps_the_rest() {
    let config = parse(
        "[policy]\nmax_sessions = 3\non_excess = \"refuse\"\n[[route]]\npath = \"/admin/*\"\nidle_timeout = \"5m\"\nstep_up_within = \"10m\"\n\
         [[route]]\nhost = \"open.example.com\"\naccess = \"public\"\nupstream = \"http://127.0.0.1:4000\"\n",
    )
    .unwrap();
    let admin = config.routes.find("a.example", "/admin/x");
    assert_eq!(admin.policy.idle_timeout(), Duration::from_secs(300));
    assert_eq!(admin.policy.max_sessions().unwrap().get(), 3);
    assert_eq!(admin.policy.on_excess(), OnExcess::Refuse);
    assert_eq!(admin.step_up_within, Some(Duration::from_secs(600)));
    let open = config.routes.find("open.example.com", "/admin/x");
    assert_eq!((open.access, open.upstream.to_string().as_str()), (Access::Public, "http://127.0.0.1:4000/"));
    let twice = errors("[[route]]\npath = \"/a\"\naccess = \"public\"\n[[route]]\npath = \"/a\"\n");
    assert_eq!(
        twice,
        ["tenure.toml:4: route: the route of line 1 is for the same host and path; remove one of them"]
    );
}

#[test]
fn plain_http_is_for_loopback_only() {
    for url in ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1", "http://app.localhost"] {
        assert!(!parse(&format!("[gateway]\npublic_url = \"{url}\"\n")).unwrap().gateway.secure);
    }
    assert!(parse("[gateway]\npublic_url = \"https://a.example\"\n").unwrap().gateway.secure);
    assert!(errors("[gateway]\npublic_url = \"http://a.example\"\n")[0].contains("use https"));
    assert!(errors("[gateway]\nlisten = \"0.0.0.0:80\"\n")[0].contains("gateway.public_url: is needed"));
}

#[test]
fn what_does_nothing_yet_is_refused_and_never_silently_taken() {
    assert!(parse("[policy]\non_address_change = \"ignore\"\n").is_ok());
    assert_eq!(
        errors("[policy]\non_address_change = \"lock\"\n[store]\nkind = \"redis\"\n"),
        [
            "tenure.toml:2: policy.on_address_change: is not available in this version yet; remove it, or set it to \"ignore\"",
            "tenure.toml:4: store.kind: \"redis\" is not available in this version yet; set it to \"embedded\"",
        ]
    );
}

#[test]
fn every_default_in_the_table_is_a_value_of_its_kind() {
    for key in keys::KEYS {
        assert_eq!(key.default_value().is_some(), key.default.is_some(), "{}.{}", key.table.name(), key.name);
    }
}

#[test]
fn the_report_says_where_each_value_comes_from() {
    let config = parse("[policy]\npreset = \"nist_aal2\"\nidle_timeout = \"20m\"\n[[route]]\npath = \"/a\"\nidle_timeout = \"9m\"\n").unwrap();
    let report = config.report();
    let of = |route: usize, key: &str| {
        let setting = report.routes[route].policy.iter().find(|setting| setting.key == key).unwrap();
        (setting.value.clone().unwrap(), setting.from.clone())
    };
    assert_eq!(of(0, "idle_timeout"), ("9m".into(), "line 6".into()));
    assert_eq!(of(1, "idle_timeout"), ("20m".into(), "line 3".into()));
    assert_eq!(of(1, "absolute_timeout"), ("1d".into(), "preset nist_aal2".into()));
    assert!(report.to_string().contains("NIST SP 800-63B-4, section 2.2.3"));
}

#[test]
fn the_reference_and_the_schema_in_docs_are_up_to_date() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let schema = serde_json::to_string_pretty(&reference::schema()).unwrap() + "\n";
    for (file, expected) in [("configuration.md", reference::markdown()), ("tenure.schema.json", schema)] {
        let found = std::fs::read_to_string(docs.join(file)).unwrap_or_default();
        assert!(
            found == expected,
            "docs/{file} is stale: cargo run -p tenure-gateway --example config_reference"
        );
    }
}
