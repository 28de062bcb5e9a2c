//! `tenure egress`

mod accounts;
mod leases;

use std::net::SocketAddr;
use std::path::Path;

use clap::{Args, Subcommand};
use serde_json::json;
use tenure_egress::egress::{Config, Egress, echo};

use super::serve::{Signal, Signals};
use super::{ConfigFile, print_json};
use crate::failure::Failure;
use crate::logging;

/// One fixed address for each account, whatever the network does. Without a command it runs until it is told to stop.
///
/// SIGTERM and SIGINT let open connections finish for a while and stop it. SIGHUP reads the configuration again; if it
/// is not valid, the old one goes on.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Example:\n  tenure egress --config /etc/tenure/tenure.toml\n  tenure egress accounts add ada\n  curl --proxy-user ada --proxy socks5h://127.0.0.1:1080 https://example.com/"
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    file: ConfigFile,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check the configuration, and print what is in effect and the pool.
    #[command(after_help = "Example:\n  tenure egress check --config /etc/tenure/tenure.toml")]
    Check(Plain),
    /// List leases and addresses.
    #[command(after_help = "Example:\n  tenure egress leases\n  tenure egress leases --json")]
    Leases(Plain),
    /// Give an account another address. What it has open is cut; it may connect again at once.
    #[command(after_help = "Example:\n  tenure egress move ada\n  tenure egress move ada --to 192.0.2.7")]
    Move(leases::Move),
    /// Take the address of an account back. Nobody else gets it before it has cooled off.
    #[command(after_help = "Example:\n  tenure egress release ada")]
    Release(leases::Release),
    /// Try every address now, compare what sites see with what is leased, and look at the host.
    #[command(after_help = "Example:\n  tenure egress doctor")]
    Doctor(Plain),
    /// Add, list, renew, disable and remove accounts; also while the egress runs.
    #[command(subcommand)]
    Accounts(accounts::Command),
    /// Run a site that tells who connects, on another host of yours: the egress compares its addresses there.
    #[command(after_help = "Example:\n  tenure egress echo --listen 0.0.0.0:8099")]
    Echo(Echo),
}

/// A command that takes nothing but a configuration.
#[derive(Debug, Args)]
struct Plain {
    #[command(flatten)]
    file: ConfigFile,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// The echo.
#[derive(Debug, Args)]
struct Echo {
    /// Where to listen.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8099")]
    listen: SocketAddr,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.command {
        None => serve(&arguments.file),
        Some(Command::Check(plain)) => check(plain),
        Some(Command::Leases(plain)) => leases::list(&plain.file, plain.json),
        Some(Command::Move(arguments)) => leases::relocate(arguments),
        Some(Command::Release(arguments)) => leases::release(arguments),
        Some(Command::Doctor(plain)) => leases::doctor(&plain.file, plain.json),
        Some(Command::Accounts(command)) => accounts::run(command),
        Some(Command::Echo(echo)) => run_echo(echo),
    }
}

/// Reads the configuration: all of it strictly, and what concerns the egress.
fn load(file: &ConfigFile) -> Result<Config, Failure> {
    file.load()?;
    load_egress(file.path())
}

pub(super) fn load_egress(path: Option<&Path>) -> Result<Config, Failure> {
    Config::load(path)
        .map_err(|error| Failure::new(format_args!("the configuration cannot be used:\n{error}")))
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

fn serve(file: &ConfigFile) -> Result<(), Failure> {
    let whole = file.load()?;
    let config = load_egress(file.path())?;
    logging::start(&whole.log)?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    if config.pool.is_empty() {
        return Err(Failure::new(
            "there is no address to lease: add [[egress.address]] or [[egress.upstream]] to the configuration",
        ));
    }
    runtime()?.block_on(run_until_stopped(config, file))
}

async fn run_until_stopped(mut config: Config, file: &ConfigFile) -> Result<(), Failure> {
    let egress = Egress::start(&config).await?;
    let metrics = egress.metrics_address().map(tracing::field::display);
    tracing::info!(address = %egress.address(), metrics, addresses = config.pool.len(), "the egress serves");
    let mut signals = Signals::new()?;
    loop {
        match signals.next().await {
            Signal::Stop => break,
            Signal::Reload => config = reload(&egress, config, file),
        }
    }
    tracing::info!("stopping: open connections may finish");
    egress.stop().await;
    tracing::info!("stopped");
    Ok(())
}

fn reload(egress: &Egress, before: Config, file: &ConfigFile) -> Config {
    let reloaded = load(file).and_then(|after| {
        let restart = egress.reload(&before, &after)?;
        Ok((after, restart))
    });
    match reloaded {
        Ok((after, restart)) => {
            for key in restart {
                tracing::warn!(key, "this change takes effect with a restart only");
            }
            tracing::info!("the configuration was read again");
            after
        }
        Err(failure) => {
            tracing::error!("the old configuration goes on: {failure}");
            before
        }
    }
}

fn check(plain: &Plain) -> Result<(), Failure> {
    let config = load(&plain.file)?;
    let rows = config.settings().report();
    let warnings: Vec<_> = config.warnings.iter().map(ToString::to_string).collect();
    let pool = config
        .pool
        .iter()
        .map(|entry| json!({ "name": entry.name, "exit": entry.exit, "retired": entry.retired }));
    if plain.json {
        let pool: Vec<_> = pool.collect();
        return print_json(&json!({ "settings": rows, "pool": pool, "warnings": warnings }));
    }
    for row in rows {
        println!("{:<28} {:<28} {}", row.key, row.value.as_deref().unwrap_or("-"), row.from);
    }
    println!("\n{} addresses in the pool", config.pool.len());
    for entry in &config.pool {
        println!("  {:<20} {}{}", entry.name, entry.exit, if entry.retired { "  (retired)" } else { "" });
    }
    for warning in warnings {
        println!("warning: {warning}");
    }
    Ok(())
}

fn run_echo(arguments: &Echo) -> Result<(), Failure> {
    runtime()?.block_on(async {
        let listener = tokio::net::TcpListener::bind(arguments.listen).await?;
        println!("The echo listens on {}.", listener.local_addr()?);
        let mut signals = Signals::new()?;
        let stop = async { while matches!(signals.next().await, Signal::Reload) {} };
        echo::serve(listener, stop).await;
        Ok(())
    })
}
