//! What operators install: the Debian package, the unit, the image, the dashboard and the alerts.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tenure_tests::tenure;

use crate::world::World;

fn repository() -> PathBuf {
    fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).unwrap()
}

fn run(command: &mut Command) -> String {
    let Output { status, stdout, stderr } =
        command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(status.success(), "{command:?}: {}", String::from_utf8_lossy(&stderr));
    String::from_utf8_lossy(&stdout).into_owned()
}

#[test]
fn the_debian_package_holds_what_a_service_needs_and_its_configuration_is_valid() {
    let folder = tempfile::tempdir().unwrap();
    let mut script = Command::new(repository().join("scripts/package"));
    script.arg(folder.path()).env("TENURE_BIN", tenure::binary()).env("DEB_COMPRESSION", "none");
    let package = run(&mut script).trim().to_owned();

    let control = run(Command::new("dpkg-deb").args(["--field", &package]));
    for field in ["Package: tenure", "Architecture: ", "Depends: adduser, libc6", "Maintainer: "] {
        assert!(control.contains(field), "{control}");
    }
    let contents = run(Command::new("dpkg-deb").args(["--contents", &package]));
    for (mode, file) in [
        ("-rwxr-xr-x root/root", "./usr/bin/tenure"),
        ("-rw-r--r-- root/root", "./etc/tenure/tenure.toml"),
        ("-rw-r--r-- root/root", "./lib/systemd/system/tenure.service"),
        ("-rw-r--r-- root/root", "./usr/share/doc/tenure/copyright"),
        ("-rw-r--r-- root/root", "./usr/share/doc/tenure/examples/haproxy/tenure.lua"),
    ] {
        let line = contents
            .lines()
            .find(|line| line.ends_with(file))
            .unwrap_or_else(|| panic!("{file}: {contents}"));
        assert!(line.starts_with(mode), "{line}");
    }
    let tree = folder.path().join("tree");
    run(Command::new("dpkg-deb").arg("--raw-extract").arg(&package).arg(&tree));
    let conffiles = fs::read_to_string(tree.join("DEBIAN/conffiles")).unwrap();
    assert_eq!(conffiles, "/etc/tenure/tenure.toml\n");
    for script in ["postinst", "prerm", "postrm"] {
        run(Command::new("sh").arg("-n").arg(tree.join("DEBIAN").join(script)));
    }
    let checked = run(Command::new(tree.join("usr/bin/tenure"))
        .args(["check", "--config"])
        .arg(tree.join("etc/tenure/tenure.toml"))
        .env_remove("TENURE_BIN"));
    assert!(checked.contains("/var/lib/tenure"), "{checked}");
}

#[test]
fn the_unit_is_hardened() {
    let folder = tempfile::tempdir().unwrap();
    let unit = folder.path().join("tenure.service");
    fs::copy(repository().join("packaging/tenure.service"), &unit).unwrap();
    let judged = Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--no-pager", "--threshold=20"])
        .arg(&unit)
        .output()
        .expect("systemd-analyze (package systemd)");
    assert!(judged.status.success(), "{}", String::from_utf8_lossy(&judged.stdout));
}

#[test]
fn the_image_runs_without_root_and_its_health_check_tells_a_gateway_that_is_ready_from_one_that_is_not() {
    let text = fs::read_to_string(repository().join("packaging/Dockerfile")).unwrap();
    let lines: Vec<_> = text.lines().collect();
    let user = lines.iter().position(|line| *line == "USER tenure").expect("a user");
    assert!(lines[user..].iter().any(|line| line.starts_with("ENTRYPOINT")), "it starts as that user");
    for copied in lines.iter().filter_map(|line| line.strip_prefix("COPY packaging/")) {
        let file = copied.split(' ').next().unwrap();
        assert!(repository().join("packaging").join(file).exists(), "{copied}");
    }
    let check =
        lines.iter().find_map(|line| line.split_once(" CMD [").filter(|_| line.starts_with("HEALTHCHECK")));
    let words: Vec<String> = serde_json::from_str(&format!("[{}", check.expect("a health check").1)).unwrap();

    let mut world = World::start();
    let here = world.tenure.admin.port().to_string();
    let healthy = || {
        let words: Vec<_> = words.iter().map(|word| word.replace("9180", &here)).collect();
        Command::new(&words[0]).args(&words[1..]).output().unwrap().status.success()
    };
    assert!(healthy());
    world.tenure.kill();
    assert!(!healthy());
}

/// Every name of ours in a text.
fn names(text: &str) -> BTreeSet<String> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split(|c| !word(c)).filter(|name| name.starts_with("tenure_")).map(str::to_owned).collect()
}

#[test]
fn the_dashboard_and_the_alerts_name_only_metrics_that_there_are() {
    // What has never happened is not among the metrics, so everything happens once.
    let gone = format!("[[route]]\npath = \"/gone\"\nupstream = \"http://{}\"", tenure_tests::ports::free());
    let world = World::with(|setup| setup.more(&gone));
    let mut browser = world.ada();
    assert_eq!(browser.get("/gone").status, 502);
    let refused = world.tenure.browser().try_sign_in("/.tenure/sign-in", "ada", "a wrong password");
    assert_ne!(refused.status, 303);
    let metrics = world.tenure.administration("GET", "/metrics").text();
    let known: BTreeSet<&str> =
        metrics.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    for file in ["examples/grafana/tenure.json", "examples/prometheus/alerts.yaml"] {
        let text = fs::read_to_string(repository().join(file)).unwrap();
        let named = names(&text);
        assert!(named.len() > 5, "{file} names {named:?}");
        for name in named {
            let family = ["_total", "_bucket", "_count", "_sum"]
                .iter()
                .find_map(|suffix| name.strip_suffix(suffix))
                .unwrap_or(&name);
            assert!(known.contains(family), "{file}: {name} is not among {known:?}");
        }
    }
    let dashboard = fs::read_to_string(repository().join("examples/grafana/tenure.json")).unwrap();
    let dashboard: serde_json::Value = serde_json::from_str(&dashboard).unwrap();
    assert!(dashboard["panels"].as_array().unwrap().len() > 5);
}
