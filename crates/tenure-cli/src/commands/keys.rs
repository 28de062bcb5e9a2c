//! `tenure keys`

use clap::{Args, Subcommand};
use http::Method;
use serde_json::json;
use tenure::clock::{Clock as _, SteadyClock};
use tenure::core::Timestamp;
use tenure::keys::KeyRing;

use super::{ConfigFile, print_json};
use crate::admin_client::AdminClient;
use crate::failure::Failure;

/// The keys that check tokens and seal what is stored.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a new key, which is used from now on. Older ones still check and open what they made.
    #[command(after_help = "Example:\n  tenure keys rotate")]
    Rotate(Arguments),
    /// List the keys: their ids and ages.
    #[command(after_help = "Example:\n  tenure keys list --json")]
    List(Arguments),
}

/// Which gateway.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    file: ConfigFile,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Rotate(arguments) => rotate(arguments),
        Command::List(arguments) => list(arguments),
    }
}

/// Through the running gateway, which is to use the new key at once. There is no safe way past it: it would go
/// on with the ring that it has read.
fn rotate(arguments: &Arguments) -> Result<(), Failure> {
    let rotated = AdminClient::new(&arguments.file.load()?)?.call(&Method::POST, "/v1/keys/rotate")?;
    if arguments.json {
        return print_json(&rotated);
    }
    println!("Key {} is used from now on.", rotated["key"]["id"]);
    Ok(())
}

fn list(arguments: &Arguments) -> Result<(), Failure> {
    let path = arguments.file.load()?.key_file();
    if !path.exists() {
        let path = path.display();
        return Err(Failure::new(format_args!(
            "{path}: there is no key ring yet; the gateway makes one when it first starts"
        )));
    }
    let keys = KeyRing::load(&path)?.list();
    if arguments.json {
        return print_json(&json!({ "keys": keys }));
    }
    let now = SteadyClock::start(Timestamp::EPOCH).now();
    for key in keys {
        let days = now.since(key.made_at).as_secs() / 86_400;
        println!(
            "{:<6} made {} ({days} days ago){}",
            key.id,
            key.made_at,
            if key.current { "  current" } else { "" }
        );
    }
    Ok(())
}
