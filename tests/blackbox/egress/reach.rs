//! Reaching sites by every way that curl knows, and what operators see of it.

use std::process::Command;

use tenure_tests::{Setup, ports};

use super::host::{Host, addresses, text};

#[test]
fn curl_leaves_by_the_account_s_address_in_every_way() {
    let host = Host::start("", &addresses(&["127.0.3.1", "127.0.3.2"]));
    let (ada, bob) = (host.add("ada"), host.add("bob"));
    for _ in 0..3 {
        assert_eq!(host.curl(&host.socks("ada", &ada), &[]).as_deref(), Some("127.0.3.1"));
        assert_eq!(host.curl(&host.http("ada", &ada), &[]).as_deref(), Some("127.0.3.1"));
        assert_eq!(host.curl(&host.http("ada", &ada), &["--proxytunnel"]).as_deref(), Some("127.0.3.1"));
        assert_eq!(host.curl(&host.http("bob", &bob), &[]).as_deref(), Some("127.0.3.2"));
    }
    assert_eq!(host.curl(&host.socks("ada", &bob), &[]), None);
    assert_eq!(host.curl(&format!("http://{}", host.front), &[]), None);
    let log = host.egress.written();
    assert!(!log.contains(&ada) && !log.contains(&bob), "no secret is in the log");
    let to = format!("to=\"{}\"", host.echo);
    assert!(log.contains("event=\"opened\" account=ada exit=127.0.3.1") && log.contains(&to), "{log}");

    let leases: serde_json::Value =
        serde_json::from_slice(&host.command(&["leases", "--json"]).stdout).unwrap();
    assert_eq!(leases["leases"][0]["account"], "ada");
    assert_eq!(leases["leases"][0]["address"], "127.0.3.1");
    assert_eq!(leases["leases"][1]["state"], "up");
    assert!(text(&host.command(&["doctor"]).stdout).contains("100.000 %"));
    assert!(text(&host.command(&["check"]).stdout).contains("egress.allow"));
    assert!(text(&host.command(&["accounts", "list"]).stdout).contains("bob"));
}

#[test]
fn the_log_says_nothing_of_destinations_where_that_is_asked() {
    let host = Host::start("log_destinations = false", &addresses(&["127.0.3.3"]));
    let ada = host.add("ada");
    assert_eq!(host.curl(&host.socks("ada", &ada), &[]).as_deref(), Some("127.0.3.3"));
    let log = host.egress.written();
    assert!(log.contains("event=\"opened\" account=ada exit=127.0.3.3"), "{log}");
    assert!(!log.contains(&host.echo.to_string()), "{log}");
}

/// A certificate of its own for 127.0.0.1, with its key.
struct Certificate {
    folder: tempfile::TempDir,
}

impl Certificate {
    fn new() -> Self {
        let certificate = Self { folder: tempfile::tempdir().unwrap() };
        certificate.renew();
        certificate
    }

    fn renew(&self) {
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
            .args(["-days", "2", "-subj", "/CN=egress", "-addext", "subjectAltName=IP:127.0.0.1"])
            .args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout"])
            .arg(self.path("key.pem"))
            .arg("-out")
            .arg(self.path("certificate.pem"))
            .output()
            .expect("openssl is there");
        assert!(made.status.success(), "{}", text(&made.stderr));
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn lines(&self) -> String {
        format!("certificate = {:?}\nkey = {:?}", self.path("certificate.pem"), self.path("key.pem"))
    }
}

#[test]
fn tls_in_front_is_spoken_with_curl_and_its_certificate_can_be_renewed() {
    let certificate = Certificate::new();
    let host = Host::start(&certificate.lines(), &addresses(&["127.0.3.4"]));
    let proxy = host.http("ada", &host.add_unseen("ada")).replace("http", "https");
    let authority = certificate.path("certificate.pem");
    let trusted = ["--proxy-cacert", &authority];
    let seen = tenure_tests::until("the account is known", || host.curl(&proxy, &trusted));
    assert_eq!(seen, "127.0.3.4");
    assert_eq!(host.curl(&proxy, &[&trusted[..], &["--proxytunnel"]].concat()).as_deref(), Some("127.0.3.4"));
    assert_eq!(host.curl(&proxy, &[]), None, "nobody vouches for it");
    assert_eq!(host.curl(&proxy.replace("https", "http"), &[]), None, "there is no way in without TLS");
    certificate.renew();
    assert_eq!(host.curl(&proxy, &trusted), None, "the old one is still served");
    host.egress.signal("HUP");
    assert_eq!(tenure_tests::until("the new one", || host.curl(&proxy, &trusted)), "127.0.3.4");
}

#[test]
fn an_egress_is_the_upstream_of_another_over_tls() {
    use std::os::unix::fs::PermissionsExt as _;
    let certificate = Certificate::new();
    let far = Host::start(&certificate.lines(), &addresses(&["127.0.3.5"]));
    let credentials = far.setup.path("credentials");
    std::fs::write(&credentials, format!("near:{}", far.add_unseen("near"))).unwrap();
    std::fs::set_permissions(&credentials, std::fs::Permissions::from_mode(0o600)).unwrap();
    let table = format!(
        "[[egress.upstream]]\nurl = \"https://{}\"\nexpected_exit = \"127.0.3.5\"\ncredentials_file = {credentials:?}\n",
        far.front
    );
    let stranger = Certificate::new();
    for (vouching, seen) in [(&certificate, Some("127.0.3.5")), (&stranger, None)] {
        let authority = vouching.path("certificate.pem");
        let near = Host::start(
            &format!("echo = \"http://ECHO/\"\nprobe_every = \"200ms\"\nca_file = {authority:?}"),
            &table,
        );
        let proxy = near.socks("ada", &near.add_unseen("ada"));
        let told = if seen.is_some() { "to=\"up\"" } else { "to=\"down\"" };
        tenure_tests::until("the upstream was tried", || near.egress.written().contains(told).then_some(()));
        if seen.is_some() {
            tenure_tests::until("the account is known", || near.curl(&proxy, &[]));
        }
        assert_eq!(near.curl(&proxy, &[]).as_deref(), seen);
    }
}

#[test]
fn every_command_has_help_with_an_example_and_check_reads_egress_as_strictly_as_the_rest() {
    let setup = Setup::new(ports::free()).more("[egress]\nlisen = \"127.0.0.1:1\"\n");
    setup.write();
    for command in ["check", "leases", "move", "release", "doctor", "echo", "accounts"] {
        let output = setup.run(&["egress", command, "--help"]);
        assert!(
            output.status.success() && text(&output.stdout).contains(&format!("tenure egress {command}")),
            "{command}"
        );
    }
    for arguments in [&["check"][..], &["egress", "check"], &["egress"], &["egress", "leases"]] {
        let output = setup.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let said = text(&output.stderr);
        assert!(said.contains("egress.lisen: unknown key; did you mean `listen`?"), "{arguments:?}: {said}");
    }
    let schema = text(&setup.run(&["check", "--schema"]).stdout);
    assert!(schema.contains("tunnel_listen") && schema.contains("max_kept_body"), "{schema}");
}
