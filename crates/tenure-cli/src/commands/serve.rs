//! `tenure serve`

use clap::Args;
use tenure_gateway::config::Config;
use tenure_gateway::server::{Foundation, Server};

use super::ConfigFile;
use crate::failure::Failure;
use crate::logging;

/// Runs the gateway until it is told to stop.
///
/// SIGTERM and SIGINT let open requests finish and stop it. SIGHUP reads the configuration again; if it is not
/// valid, the old one goes on.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  tenure serve --config /etc/tenure/tenure.toml\n  TENURE_GATEWAY_UPSTREAM=http://127.0.0.1:3000 tenure serve"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    file: ConfigFile,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let config = arguments.file.load()?;
    logging::start(&config.log)?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let runtime = background_runtime()?;
    runtime.block_on(serve(config, &arguments.file))
}

/// The runtime of the background work and of administration. Requests have runtimes of their own.
pub(crate) fn background_runtime() -> Result<tokio::runtime::Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("background")
        .enable_all()
        .build()?)
}

async fn serve(mut config: Config, file: &ConfigFile) -> Result<(), Failure> {
    let foundation = Foundation::lay(&config)?;
    let store = foundation.open_store(&config)?;
    let server = Server::start(&config, store, foundation).await?;
    tracing::info!(address = %server.address(), admin = %server.admin_address(), upstream = %config.upstream(), "serving");

    let mut signals = Signals::new()?;
    loop {
        match signals.next().await {
            Signal::Stop => break,
            Signal::Reload => config = reload(&server, config, file),
        }
    }
    tracing::info!("stopping: open requests may finish");
    server.stop().await;
    tracing::info!("stopped");
    Ok(())
}

/// Serves by the configuration as it is now, or goes on with the old one if that is not valid.
fn reload<S: tenure::store::Store>(server: &Server<S>, before: Config, file: &ConfigFile) -> Config {
    match file.load() {
        Ok(after) => {
            for warning in &after.warnings {
                tracing::warn!("{warning}");
            }
            for key in server.reload(&before, &after) {
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

/// What the process is told to do.
pub(super) enum Signal {
    Stop,
    Reload,
}

#[cfg(unix)]
pub(super) struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    hang_up: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    pub(super) fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    pub(super) async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.terminate.recv() => Signal::Stop,
            _ = self.interrupt.recv() => Signal::Stop,
            _ = self.hang_up.recv() => Signal::Reload,
        }
    }
}

#[cfg(not(unix))]
pub(super) struct Signals;

#[cfg(not(unix))]
impl Signals {
    pub(super) fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    pub(super) async fn next(&mut self) -> Signal {
        let _ = tokio::signal::ctrl_c().await;
        Signal::Stop
    }
}
