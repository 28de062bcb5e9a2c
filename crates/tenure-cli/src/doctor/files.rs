//! What is on disk: the store, the key ring, accounts, the token.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use tenure::keys::KeyRing;
use tenure_gateway::accounts::AccountFile;
use tenure_gateway::config::Config;

use super::Report;

/// With less than this, nothing can be made durable soon.
const LITTLE: u64 = 64 << 20;
/// With less than this, kept requests may fill it.
const SCANT: u64 = 1 << 30;

pub(super) fn examine(config: &Config, report: &mut Report) {
    let path = &config.store.path;
    if path.is_dir() {
        folder(path, report);
        space(path, config, report);
    } else {
        report.problem(
            "store_folder",
            format_args!("there is no folder {} (store.path)", path.display()),
            "Start the gateway, which makes it, or name the folder that it uses.",
        );
    }
    keys(config, report);
    accounts(config, report);
    token(config, report);
    tls_key(config, report);
}

fn folder(path: &Path, report: &mut Report) {
    let mode = match fs::metadata(path) {
        Ok(metadata) => metadata.mode() & 0o777,
        Err(error) => {
            let what = format_args!("{} (store.path): {error}", path.display()).to_string();
            return report.problem("store_folder", what, "Give the user of the gateway access to it.");
        }
    };
    if let Err(error) = tempfile::Builder::new().prefix(".doctor-").tempfile_in(path) {
        return report.problem(
            "store_folder",
            format_args!("nothing can be written to {} (store.path): {error}", path.display()),
            "Run this as the user of the gateway, and let that user own the folder.",
        );
    }
    if mode & 0o077 != 0 {
        return report.problem(
            "store_folder",
            format_args!("others may look into {} (mode {mode:o})", path.display()),
            format_args!("chmod 700 {}", path.display()),
        );
    }
    report.ok("store_folder", format_args!("{} can be written to, by its owner alone", path.display()));
}

fn space(path: &Path, config: &Config, report: &mut Report) {
    let free = match rustix::fs::statvfs(path) {
        Ok(system) => system.f_bavail.saturating_mul(system.f_frsize),
        Err(error) => return report.not_tried("store_space", error),
    };
    let mib = free >> 20;
    let wanted = config.gateway.kept.total.clamp(SCANT, u64::MAX);
    if free < LITTLE {
        report.problem(
            "store_space",
            format_args!("{mib} MiB are free in {}: sign-ins will soon be refused", path.display()),
            "Make room, or move store.path to a larger disk.",
        );
    } else if free < wanted {
        report.warning(
            "store_space",
            format_args!(
                "{mib} MiB are free, and kept forms may take {} MiB",
                config.gateway.kept.total >> 20
            ),
            "Make room, or lower gateway.max_kept.",
        );
    } else {
        report.ok("store_space", format_args!("{mib} MiB are free"));
    }
}

fn keys(config: &Config, report: &mut Report) {
    let path = config.key_file();
    if !path.exists() {
        return report.not_tried("key_ring", "there is none yet; the gateway makes one when it first starts");
    }
    match KeyRing::load(&path) {
        Ok(ring) => report.ok("key_ring", format_args!("{} keys, which only their owner may read", ring.list().len())),
        Err(error) => report.problem(
            "key_ring",
            error,
            "Without its key ring the gateway does not start and sessions can't be opened: mend it, or restore it from a backup.",
        ),
    }
}

fn accounts(config: &Config, report: &mut Report) {
    let path = &config.accounts.file;
    let Ok(metadata) = fs::metadata(path) else {
        return report.warning(
            "accounts_file",
            format_args!("there is no {} (accounts.file), so nobody can sign in", path.display()),
            "Add an account: tenure user add NAME",
        );
    };
    if metadata.mode() & 0o077 != 0 {
        return report.problem(
            "accounts_file",
            format_args!(
                "others may read the password hashes in {} (mode {:o})",
                path.display(),
                metadata.mode() & 0o777
            ),
            format_args!(
                "chmod 600 {}, and have people choose new passwords if anybody did.",
                path.display()
            ),
        );
    }
    match AccountFile::read(path) {
        Ok(accounts) if accounts.is_empty() => report.warning(
            "accounts_file",
            format_args!("{} has no account, so nobody can sign in", path.display()),
            "Add one: tenure user add NAME",
        ),
        Ok(accounts) => report.ok("accounts_file", format_args!("{} accounts", accounts.len())),
        Err(error) => {
            report.problem("accounts_file", error, "Mend the line, or restore the file from a backup.");
        }
    }
}

/// The private key of the gateway's own certificate.
fn tls_key(config: &Config, report: &mut Report) {
    let Some(tls) = &config.tls else {
        return report.not_tried("tls_key", "the gateway does not speak TLS itself");
    };
    let path = &tls.key;
    match fs::metadata(path) {
        Err(error) => report.problem(
            "tls_key",
            format_args!("{} (tls.key): {error}", path.display()),
            "Name the file of the private key, and let the user of the gateway read it.",
        ),
        Ok(metadata) if metadata.mode() & 0o007 != 0 => report.problem(
            "tls_key",
            format_args!(
                "everybody on this machine may read the private key {} (mode {:o})",
                path.display(),
                metadata.mode() & 0o777
            ),
            format_args!("chmod o= {}, and replace key and certificate if anybody did.", path.display()),
        ),
        Ok(_) => report.ok("tls_key", "only its owner and group may read it"),
    }
}

/// Whether the token is the right one, [`super::running`] finds out.
fn token(config: &Config, report: &mut Report) {
    let path = &config.admin.token_file;
    match fs::metadata(path) {
        Err(error) => report.problem(
            "admin_token",
            format_args!("{} (admin.token_file): {error}", path.display()),
            "Start the gateway, which makes it, or run this as a user who may read it.",
        ),
        Ok(metadata) if metadata.mode() & 0o077 != 0 => report.problem(
            "admin_token",
            format_args!(
                "others may read the token in {} (mode {:o})",
                path.display(),
                metadata.mode() & 0o777
            ),
            format_args!(
                "chmod 600 {}; remove it and restart if anybody did: the gateway makes a new one.",
                path.display()
            ),
        ),
        Ok(_) => {}
    }
}
