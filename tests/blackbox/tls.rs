//! The gateway speaks HTTPS itself.

use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use tenure_tests::forms::{self, Form};
use tenure_tests::{Setup, Tenure, Upstream, until};

use crate::world::{ADA, PASSWORD};

/// Makes a certificate for the loopback address, with this common name.
fn certificate(folder: &Path, name: &str) {
    let status = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
        ])
        .args(["-keyout", "key.pem", "-out", "certificate.pem", "-subj", &format!("/CN={name}")])
        .args(["-addext", "subjectAltName=IP:127.0.0.1"])
        .current_dir(folder)
        .output()
        .expect("openssl is there");
    assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));
}

fn setup(upstream: &Upstream) -> Setup {
    let setup =
        Setup::new(upstream.address()).more("[tls]\ncertificate = \"certificate.pem\"\nkey = \"key.pem\"");
    certificate(&setup.path(""), "first");
    setup
}

/// What curl prints: the head and the body of the last answer.
fn curl(setup: &Setup, tenure: &Tenure, path: &str, more: &[&str]) -> String {
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--include", "--max-time", "10", "--cacert", "certificate.pem"])
        .args(["--cookie", "jar", "--cookie-jar", "jar"])
        .args(more)
        .arg(format!("https://{}{path}", tenure.address))
        .current_dir(setup.path(""))
        .output()
        .expect("curl is there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn somebody_signs_in_over_tls_and_the_application_is_told_of_https() {
    let upstream = Upstream::start();
    let setup = setup(&upstream);
    setup.add_user(ADA, PASSWORD);
    let tenure = setup.start();
    let page = curl(&setup, &tenure, "/.tenure/sign-in?return_to=/echo", &[]);
    let form = Form::find(&page, "/sign-in").fill("username", ADA).fill("password", PASSWORD);
    let origin = format!("Origin: https://{}", tenure.address);
    let fields = forms::encode(form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let answer = curl(&setup, &tenure, "/.tenure/sign-in", &["--header", &origin, "--data", &fields]);
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    let cookie = answer.lines().find(|line| line.contains("__Host-tenure=")).expect("the session's cookie");
    assert!(cookie.contains("; Secure") && cookie.contains("; HttpOnly"), "{cookie}");
    assert!(answer.contains("strict-transport-security"), "{answer}");
    let echo = curl(&setup, &tenure, "/echo", &[]).to_lowercase();
    for header in ["[\"tenure-subject\",\"ada\"]", "[\"x-forwarded-proto\",\"https\"]"] {
        assert!(echo.contains(header), "{header} is not in {echo}");
    }
}

#[test]
fn a_changed_certificate_is_used_without_a_restart_and_a_broken_one_is_not() {
    let upstream = Upstream::start();
    let setup = setup(&upstream);
    let tenure = setup.start();
    let shown = || {
        let output = Command::new("sh")
            .arg("-c")
            .arg(format!(
                "openssl s_client -connect {} </dev/null 2>/dev/null | openssl x509 -noout -subject",
                tenure.address
            ))
            .output()
            .expect("openssl is there");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert!(shown().contains("first"), "{}", shown());
    certificate(&setup.path(""), "second");
    until("the new certificate is shown", || shown().contains("second").then_some(()));
    std::fs::write(setup.path("certificate.pem"), "no certificate").unwrap();
    until("it is told", || tenure.log().contains("cannot be used").then_some(()));
    assert!(shown().contains("second"), "the one before it stays");
}

#[test]
fn who_speaks_no_tls_or_says_nothing_keeps_nobody_waiting() {
    let upstream = Upstream::start();
    let setup = setup(&upstream);
    let tenure = setup.start();
    let silent: Vec<TcpStream> = (0..20).map(|_| TcpStream::connect(tenure.address).unwrap()).collect();
    let plain = Command::new("curl")
        .args(["--silent", "--max-time", "10", &format!("http://{}/.tenure/status", tenure.address)])
        .output()
        .expect("curl is there");
    assert!(!plain.status.success());
    assert!(curl(&setup, &tenure, "/.tenure/status", &[]).starts_with("HTTP/1.1 200"));
    drop(silent);
}

#[test]
fn files_that_cannot_be_used_are_named_before_anything_serves() {
    let upstream = Upstream::start();
    let setup = setup(&upstream);
    std::fs::write(setup.path("key.pem"), "no key").unwrap();
    setup.write();
    for said in [setup.start_refused(), String::from_utf8_lossy(&setup.run(&["check"]).stderr).into_owned()] {
        assert!(said.contains("key.pem") && said.contains("[tls]"), "{said}");
    }
}
