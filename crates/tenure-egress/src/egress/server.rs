//! What runs: the front, the probes, the watch over accounts, the control socket, the metrics.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::config::Config;
use super::tls::{self, Certificate, TlsError};
use super::{control, metrics};
use crate::access::{Names, Rules, rules};
use crate::accounts::{AccountError, Accounts};
use crate::exit::{Dialer, Exit, Manner};
use crate::front::{self, FrontError, Limits, Options, Who};
use crate::lease::{JournalError, Leases};
use crate::pool::{Entry, Pool, Protocol, Via};

/// What the egress calls itself.
pub const NAME: &str = "tenure-egress";

/// How often the file of accounts is looked at: what is removed is cut off within a second.
const WATCH: Duration = Duration::from_millis(300);
/// How long open connections may go on once the egress is told to stop. New ones are waiting for the next one meanwhile.
const DRAIN: Duration = Duration::from_secs(2);
/// How many addresses are tried at once.
const PROBES: usize = 32;
/// Why the egress does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The leases can't be read.
    #[error("{path}: {source}", path = path.display())]
    Leases {
        /// The file.
        path: PathBuf,
        /// Why.
        source: JournalError,
    },
    /// The accounts can't be read.
    #[error(transparent)]
    Accounts(#[from] AccountError),
    /// A listener can't be opened.
    #[error("{what} can't listen on {address}: {source}")]
    Listen {
        /// Whose it is.
        what: &'static str,
        /// Where.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// Certificates or keys can't be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// TLS can't be spoken.
    #[error("TLS: {0}")]
    Protocol(#[from] rustls::Error),
    /// Something of the operating system.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// A running egress.
#[derive(Debug)]
pub struct Egress {
    exit: Arc<Exit>,
    address: SocketAddr,
    metrics_address: Option<SocketAddr>,
    certificate: Option<Arc<Certificate>>,
    cool_off: Arc<arc_swap::ArcSwap<Duration>>,
    probe_every: watch::Sender<Duration>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

/// The way out of a configuration, without anything that listens.
///
/// # Errors
/// [`StartError`].
pub fn exit(config: &Config) -> Result<Exit, StartError> {
    let path = config.leases();
    let leases = Leases::open(&path).map_err(|source| StartError::Leases { path, source })?;
    let accounts = Accounts::open(&config.accounts)?;
    let pool = Pool::new(config.pool.clone());
    Ok(Exit::new(Arc::new(accounts), Arc::new(leases), Arc::new(pool), manner(config)?))
}

/// How a configuration lets the exit behave.
fn manner(config: &Config) -> Result<Manner, StartError> {
    let needs_tls = config.pool.iter().any(|entry| match &entry.via {
        Via::Upstream(upstream) => upstream.protocol == Protocol::Https,
        Via::Local(_) => false,
    });
    let dialer = Dialer {
        names: Names::of_system(config.connect_timeout),
        tls: Arc::new(if needs_tls {
            tls::client(config.ca_file.as_deref())?
        } else {
            tls::client_of_nobody()?
        }),
        time_limit: config.connect_timeout,
    };
    Ok(Manner {
        families: config.families.clone(),
        rules: Arc::new(Rules::new(
            config.allow.clone(),
            config.allow_ports.clone(),
            own_addresses(&config.pool)?,
        )),
        dialer,
        echo: config.echo.clone(),
        connections: config.max_connections,
        log_destinations: config.log_destinations,
    })
}

impl Egress {
    /// Starts to serve.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(config: &Config) -> Result<Self, StartError> {
        let exit = Arc::new(exit(config)?);
        let listener = listen("egress.listen", config.listen).await?;
        let address = listener.local_addr()?;
        let mut options = Options::new(NAME, Who::Ask).with_limits(Limits {
            handshake: config.handshake_timeout,
            drain: DRAIN,
            ..Limits::default()
        });
        let certificate = match &config.tls {
            Some((chain, key)) => Some(Certificate::load(chain, key)?),
            None => None,
        };
        if let Some(certificate) = &certificate {
            options = options.with_tls(Arc::new(certificate.server(&[])?));
        }
        let stop = watch::Sender::new(false);
        let mut tasks = JoinSet::new();
        let cool_off = Arc::new(arc_swap::ArcSwap::from_pointee(config.cool_off));
        let control = control::listen(&config.control).map_err(|source| StartError::Listen {
            what: "egress.control",
            address: config.control.display().to_string(),
            source,
        })?;
        tasks.spawn(control::serve(control, Arc::clone(&exit), Arc::clone(&cool_off), stopped(&stop)));
        let mut metrics_address = None;
        if let Some(address) = config.metrics_listen {
            let listener = listen("egress.metrics_listen", address).await?;
            metrics_address = Some(listener.local_addr()?);
            tasks.spawn(metrics::serve(listener, Arc::clone(&exit), stopped(&stop)));
        }
        let probe_every = watch::Sender::new(config.probe_every);
        tasks.spawn(probe_all(Arc::clone(&exit), probe_every.subscribe(), stopped(&stop)));
        tasks.spawn(watch_accounts(Arc::clone(&exit), stopped(&stop)));
        let serving = front::serve(listener, Arc::clone(&exit), Arc::new(options), stopped(&stop));
        tasks.spawn(async move {
            if let Err(error @ (FrontError::Open(_) | FrontError::Listener(_))) = serving.await {
                tracing::error!(%error, "the front has ended");
            }
        });
        Ok(Self { exit, address, metrics_address, certificate, cool_off, probe_every, stop, tasks })
    }

    /// The way out, for other things that accounts come in by, such as the tunnel.
    pub const fn exit(&self) -> &Arc<Exit> {
        &self.exit
    }

    /// Where applications connect.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where Prometheus reads.
    pub const fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_address
    }

    /// Becomes ready when the egress is told to stop.
    pub fn stopped(&self) -> impl Future<Output = ()> + Send + 'static {
        stopped(&self.stop)
    }

    /// Takes over another configuration. Nobody is cut off by it, but whose account or address is gone from it. Gives
    /// back the keys that take a restart.
    ///
    /// # Errors
    /// What can't be used; everything stays as it was then.
    pub fn reload(&self, before: &Config, after: &Config) -> Result<Vec<&'static str>, StartError> {
        let manner = manner(after)?;
        if let (Some(certificate), Some((chain, key))) = (&self.certificate, &after.tls) {
            certificate.renew(chain, key)?;
        }
        self.exit.accounts.refresh()?;
        self.exit.behave(manner);
        self.exit.pool.replace(after.pool.clone());
        self.cool_off.store(Arc::new(after.cool_off));
        self.probe_every.send_replace(after.probe_every);
        for lease in self.exit.leases.list() {
            if self.exit.pool.find(lease.address).is_none() {
                let (account, exit) = (&lease.account, lease.address);
                tracing::warn!(event = "address_gone", %account, %exit, "a leased address is not in the pool any more");
                self.exit.accounts.cut(account);
            }
        }
        let restart = [
            ("egress.listen", before.listen != after.listen),
            ("egress.certificate", before.tls.is_some() != after.tls.is_some()),
            ("egress.tunnel_listen", before.tunnel_listen != after.tunnel_listen),
            ("egress.state", before.state != after.state),
            ("egress.accounts", before.accounts != after.accounts),
            ("egress.control", before.control != after.control),
            ("egress.metrics_listen", before.metrics_listen != after.metrics_listen),
            ("egress.handshake_timeout", before.handshake_timeout != after.handshake_timeout),
        ];
        Ok(restart.into_iter().filter(|(_, changed)| *changed).map(|(key, _)| key).collect())
    }

    /// Lets open connections finish for a while, and stops.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

/// The addresses that this host is reached at: those of its interfaces, and those that the network translates to them.
fn own_addresses(pool: &[Entry]) -> io::Result<Vec<IpAddr>> {
    let mut own = rules::own_addresses()?;
    own.extend(pool.iter().filter(|entry| matches!(entry.via, Via::Local(_))).map(|entry| entry.exit));
    Ok(own)
}

fn stopped(stop: &watch::Sender<bool>) -> impl Future<Output = ()> + Send + 'static {
    let mut stop = stop.subscribe();
    async move {
        // An error is that nobody is there any more to tell.
        let _ = stop.wait_for(|&stop| stop).await;
    }
}

async fn listen(what: &'static str, address: SocketAddr) -> Result<TcpListener, StartError> {
    let listener = TcpListener::bind(address).await;
    listener.map_err(|source| StartError::Listen { what, address: address.to_string(), source })
}

async fn watch_accounts(exit: Arc<Exit>, stop: impl Future<Output = ()>) {
    let mut stop = std::pin::pin!(stop);
    let mut told = false;
    loop {
        tokio::select! {
            () = &mut stop => return,
            () = tokio::time::sleep(WATCH) => {}
        }
        let refreshing = Arc::clone(&exit);
        match tokio::task::spawn_blocking(move || refreshing.accounts.refresh()).await {
            Ok(Ok(true)) => {
                told = false;
                exit.meters.retain(|account| exit.accounts.is_known(account));
                tracing::info!(event = "accounts_changed", "the accounts were read again");
            }
            Ok(Ok(false)) => told = false,
            Ok(Err(error)) if !told => {
                told = true;
                tracing::error!(%error, "the accounts stay as they were");
            }
            Ok(Err(_)) | Err(_) => {}
        }
    }
}

async fn probe_all(exit: Arc<Exit>, mut every: watch::Receiver<Duration>, stop: impl Future<Output = ()>) {
    let mut stop = std::pin::pin!(stop);
    let places = Arc::new(Semaphore::new(PROBES));
    loop {
        let period = *every.borrow_and_update();
        // Addresses come and go on a host; none of them is to be reached through itself.
        let entries: Vec<_> = exit.pool.list().iter().map(|member| member.entry.clone()).collect();
        match own_addresses(&entries) {
            Ok(own) => exit.is_at(own),
            Err(error) => tracing::warn!(%error, "the addresses of this host can't be listed"),
        }
        let mut round = JoinSet::new();
        for member in exit.pool.list() {
            let (exit, places) = (Arc::clone(&exit), Arc::clone(&places));
            round.spawn(async move {
                if let Ok(_place) = places.acquire().await {
                    exit.prove(&member, period / 2).await;
                }
            });
        }
        tokio::select! {
            () = &mut stop => return,
            () = async { while round.join_next().await.is_some() {} } => {}
        }
        tokio::select! {
            () = &mut stop => return,
            () = tokio::time::sleep(period) => {}
            Ok(()) = every.changed() => {}
        }
    }
}
