//! `tenure demo`

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use clap::Args;
use serde_json::json;
use tenure_gateway::accounts::{AccountFile, hash_password};
use tenure_gateway::config::value::{parse_duration, write_duration};
use tenure_gateway::config::{Config, Environment};
use tenure_gateway::server::{Foundation, Server};

use super::serve::{Signal, Signals, background_runtime};
use crate::failure::Failure;
use crate::logging;

/// Starts a gateway and a sample application on loopback, with short limits and a demo account, until Ctrl-C.
///
/// Everything it keeps is in a temporary folder that goes with it.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tenure demo --idle 30s")]
pub(crate) struct Arguments {
    /// The port to listen on; 0 picks a free one.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// How long a session may go without activity.
    #[arg(long, default_value = "60s", value_parser = time)]
    idle: Duration,
    /// How long a session may go without a new authentication.
    #[arg(long, default_value = "10m", value_parser = time)]
    absolute: Duration,
    /// Print one line of JSON with address, user name and password once it serves, and nothing else.
    #[arg(long)]
    json: bool,
}

const USER: &str = "demo";

fn time(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| "expected a time such as 60s or 10m".into())
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let folder = tempfile::Builder::new().prefix("tenure-demo-").tempdir()?;
    background_runtime()?.block_on(demonstrate(arguments, folder.path()))
}

async fn demonstrate(arguments: &Arguments, folder: &Path) -> Result<(), Failure> {
    let shop = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    let config = configuration(arguments, folder, shop.local_addr()?)?;
    logging::start(&config.log)?;
    let password = random_password()?;
    let hash = hash_password(&password)?;
    AccountFile::change(&config.accounts.file, |accounts| accounts.add(USER, hash))?;

    let application = tokio::spawn(tenure_shop::serve(shop, std::future::pending()));
    let foundation = Foundation::lay(&config)?;
    let store = foundation.open_store(&config)?;
    let server = Server::start(&config, store, foundation).await?;
    announce(arguments, server.address(), server.admin_address(), &password);

    let mut signals = Signals::new()?;
    // There is no configuration to read again.
    while let Signal::Reload = signals.next().await {}
    server.stop().await;
    application.abort();
    Ok(())
}

/// The configuration of the demonstration. Limits as short as these are for trying things out.
fn configuration(arguments: &Arguments, folder: &Path, shop: SocketAddr) -> Result<Config, Failure> {
    let warn_before = (arguments.idle / 2).min(Duration::from_secs(40));
    let text = format!(
        "[gateway]\n\
         listen = \"127.0.0.1:{port}\"\n\
         upstream = \"http://{shop}\"\n\
         [store]\n\
         path = {folder:?}\n\
         [admin]\n\
         listen = \"127.0.0.1:0\"\n\
         [log]\n\
         level = \"warn\"\n\
         [policy]\n\
         preset = \"custom\"\n\
         idle_timeout = \"{idle}\"\n\
         absolute_timeout = \"{absolute}\"\n\
         warn_before = \"{warn}\"\n\
         [policy.remember_me]\n\
         [[route]]\n\
         path = \"/board\"\n\
         access = \"public\"\n\
         [[route]]\n\
         path = \"/static/*\"\n\
         access = \"public\"\n",
        port = arguments.port,
        idle = write_duration(arguments.idle),
        absolute = write_duration(arguments.absolute),
        warn = write_duration(warn_before),
    );
    Config::parse(None, Some(&text), &Environment::default())
        .map_err(|error| Failure::new(format_args!("these limits do not go together:\n{error}")))
}

fn random_password() -> Result<String, Failure> {
    let mut bytes = [0; 9];
    getrandom::fill(&mut bytes).map_err(Failure::new)?;
    // No letter that could be taken for another.
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    Ok(bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)])).collect())
}

fn announce(arguments: &Arguments, address: SocketAddr, admin: SocketAddr, password: &str) {
    let url = format!("http://{address}");
    if arguments.json {
        println!(
            "{}",
            json!({ "address": url, "admin": admin.to_string(), "username": USER, "password": password })
        );
        return;
    }
    let (idle, absolute) = (write_duration(arguments.idle), write_duration(arguments.absolute));
    println!(
        "\nTenure is serving a small shop at {url}\n\n  \
         name      {USER}\n  \
         password  {password}\n\n\
         Things to try:\n  \
         - Sign in, then leave the page alone: a warning comes, and one click keeps you signed in.\n  \
         - Ignore it: after {idle} without activity the session is locked, not lost. Unlock it and go on.\n  \
         - Type into the claim form for longer than {idle}: typing is activity.\n  \
         - Sign in from a second browser, and look at {url}/.tenure/account/sessions.\n  \
         - After {absolute} the password is asked for again, however busy you are.\n\n\
         Ctrl-C stops it; everything it kept goes with it.\n"
    );
}
