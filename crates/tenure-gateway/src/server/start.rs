//! From a configuration to a gateway that serves, and back.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::thread::JoinHandle;

use arc_swap::ArcSwap;
use tenure::clock::{Clock, SteadyClock};
use tenure::core::Policy;
use tenure::keys::{KeyFileError, KeyRing, SharedKeys};
use tenure::service::Sessions;
use tenure::store::embedded::OpenError;
use tenure::store::{EmbeddedOptions, EmbeddedStore, Store};
use tokio::sync::watch;

use super::background::{self, Cancel};
use super::listen::{self, ListenError};
use super::tls::Tls;
use super::{kept_work, worker};
use crate::accounts::{AccountFileError, Accounts, Limits};
use crate::admin::{self, Admin, AdminToken, TokenFileError};
use crate::config::Config;
use crate::edge::{Gateway, Settings};
use crate::kept::Kept;
use crate::proxy::inject::ClientScript;
use crate::proxy::{OwnCookies, UpstreamLimits};
use crate::reports::Reports;
use crate::web::cookies::CookieNames;

/// Why a gateway does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The folder of the store cannot be used.
    #[error("{path} (store.path): {source}; name a folder that this user may write to")]
    Folder {
        /// The folder.
        path: std::path::PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The key ring cannot be used.
    #[error(transparent)]
    Keys(#[from] KeyFileError),
    /// The accounts cannot be used.
    #[error(transparent)]
    Accounts(#[from] AccountFileError),
    /// The token of the administration listener cannot be used.
    #[error(transparent)]
    Token(#[from] TokenFileError),
    /// Nobody can connect.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The operating system gives no random bits.
    #[error("the operating system gives no random bits: {0}")]
    NoRandomness(getrandom::Error),
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The certificate cannot be used.
    #[error("{0}; see [tls]")]
    Certificate(#[from] tenure_tls::TlsError),
    /// TLS cannot be spoken.
    #[error("TLS: {0}")]
    Tls(tokio_rustls::rustls::Error),
}

/// What a gateway needs besides its configuration and its store.
pub struct Foundation {
    /// The clock.
    pub clock: Arc<SteadyClock>,
    /// The key ring.
    pub keys: SharedKeys,
}

/// A gateway that serves.
pub struct Server<S: Store> {
    gateway: Arc<Gateway<S>>,
    policy: Arc<ArcSwap<Policy>>,
    address: SocketAddr,
    admin_address: SocketAddr,
    cancel: watch::Sender<bool>,
    tls: Option<Tls>,
    workers: Vec<JoinHandle<()>>,
    background: Vec<tokio::task::JoinHandle<()>>,
}

impl Foundation {
    /// Makes the folder of the store if it is not there, and reads or makes the key ring in it.
    ///
    /// # Errors
    /// The folder or the key ring cannot be used.
    pub fn lay(config: &Config) -> Result<Self, ServeError> {
        let path = &config.store.path;
        make_private_folder(path).map_err(|source| ServeError::Folder { path: path.clone(), source })?;
        let clock = Arc::new(SteadyClock::start(tenure::core::Timestamp::EPOCH));
        let keys = KeyRing::load_or_create(&config.key_file(), clock.now())?;
        Ok(Self { clock, keys: SharedKeys::new(keys) })
    }

    /// Opens the store of a configuration.
    ///
    /// # Errors
    /// The store cannot be opened.
    pub fn open_store(&self, config: &Config) -> Result<EmbeddedStore, ServeError> {
        let path = config.store.path.join("sessions");
        let options = EmbeddedOptions::new(path, self.keys.clone(), self.clock.clone());
        let (store, recovery) = EmbeddedStore::open(options)?;
        // A wall clock that was set back must not give anybody more time, or take any.
        self.clock.go_on_from(recovery.newest);
        tracing::info!(
            live = recovery.live,
            ended = recovery.ended,
            corrupted = recovery.corrupted.len(),
            was_closed = recovery.was_closed,
            millis = u64::try_from(recovery.took.as_millis()).unwrap_or(u64::MAX),
            "the store is open"
        );
        Ok(store)
    }
}

fn make_private_folder(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(path)
}

impl<S: Store> Server<S> {
    /// Starts serving. To be called on the runtime that will do the background work.
    ///
    /// # Errors
    /// Something that is needed cannot be used; then nothing serves.
    pub async fn start(config: &Config, store: S, foundation: Foundation) -> Result<Self, ServeError> {
        let Foundation { clock, keys } = foundation;
        let token = AdminToken::load_or_create(&config.admin.token_file)?;
        let accounts = Accounts::open(&config.accounts.file, clock.clone(), Limits::default())?;
        let mut seed = [0; 8];
        getrandom::fill(&mut seed).map_err(ServeError::NoRandomness)?;

        let count = match config.gateway.workers {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            count => count,
        };
        let tls = config.tls.as_ref().map(Tls::open).transpose()?;
        let listeners = listen::shared(config.gateway.listen, count, "gateway.listen")?;
        let admin_listener = listen::single(config.admin.listen, "admin.listen")?;
        let (address, admin_address) =
            (address_of(&listeners[0], config), address_of(&admin_listener, config));

        let folder = config.kept_folder();
        let kept = Kept::open(&folder, keys.clone(), clock.clone())
            .map_err(|source| ServeError::Folder { path: folder, source })?;
        let folder = config.reports_folder();
        let reports = Reports::open(&folder, keys.clone(), clock.clone())
            .map_err(|source| ServeError::Folder { path: folder, source })?;
        let policy = Arc::new(ArcSwap::new(Arc::clone(&config.policy)));
        let policies = Arc::clone(&policy);
        let sessions = Sessions::new(store, keys.clone(), clock.clone(), (*config.policy).clone())
            .with_policies(Arc::new(move |_| policies.load_full()));
        let gateway = Arc::new(Gateway::new(
            sessions,
            accounts,
            keys,
            clock.clone(),
            kept,
            reports,
            settings_of(config, address),
            u64::from_le_bytes(seed),
        ));

        let clock_offset = Arc::new(AtomicI64::new(0));
        let (cancel, cancelled) = Cancel::new();
        let workers = start_workers(&gateway, listeners, tls.as_ref(), &cancelled);
        let admin = Admin {
            gateway: Arc::clone(&gateway),
            token,
            key_file: config.key_file(),
            rotation: tokio::sync::Mutex::default(),
            clock_offset: Arc::clone(&clock_offset),
        };
        let mut background = vec![
            tokio::spawn(background::sweep(Arc::clone(&gateway))),
            tokio::spawn(background::follow_clock(clock, clock_offset)),
            tokio::spawn(background::watch_accounts(Arc::clone(&gateway))),
            tokio::spawn(background::log_events(Arc::clone(&gateway))),
            tokio::spawn(kept_work::follow_sessions(Arc::clone(&gateway))),
            tokio::spawn(serve_admin(admin_listener, admin, cancelled)),
        ];
        background.extend(tls.clone().map(|tls| tokio::spawn(tls.follow())));
        Ok(Self { gateway, policy, address, admin_address, cancel, tls, workers, background })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where administration listens.
    pub const fn admin_address(&self) -> SocketAddr {
        self.admin_address
    }

    /// Serves by another configuration from now on, as far as that goes without a restart: routes, policies,
    /// limits, trusted proxies. Sessions are judged by the new policies at once. Says what needs a restart.
    pub fn reload(&self, before: &Config, after: &Config) -> Vec<&'static str> {
        self.gateway.replace_settings(settings_of(after, self.address));
        self.policy.store(Arc::clone(&after.policy));
        if let Some(Err(error)) = self.tls.as_ref().map(Tls::renew) {
            tracing::error!(%error, "the certificate cannot be used; the one before it stays");
        }
        let fixed = [
            ("gateway.listen", before.gateway.listen != after.gateway.listen),
            ("tls", before.tls != after.tls),
            ("gateway.workers", before.gateway.workers != after.gateway.workers),
            ("admin.listen", before.admin.listen != after.admin.listen),
            ("admin.token_file", before.admin.token_file != after.admin.token_file),
            ("store.path", before.store.path != after.store.path),
            ("accounts.file", before.accounts.file != after.accounts.file),
            ("log", before.log.level != after.log.level || before.log.json != after.log.json),
        ];
        fixed.into_iter().filter_map(|(key, changed)| changed.then_some(key)).collect()
    }

    /// Accepts nothing more, lets open requests finish, and returns when they have.
    pub async fn stop(self) {
        self.cancel.send_replace(true);
        self.gateway.stop_waiting();
        let workers = self.workers;
        let joined =
            tokio::task::spawn_blocking(move || workers.into_iter().all(|worker| worker.join().is_ok()));
        if !joined.await.unwrap_or(false) {
            tracing::error!("a worker did not stop cleanly");
        }
        for task in self.background {
            task.abort();
            let _ = task.await;
        }
    }
}

fn address_of(listener: &std::net::TcpListener, config: &Config) -> SocketAddr {
    listener.local_addr().unwrap_or(config.gateway.listen)
}

fn start_workers<S: Store>(
    gateway: &Arc<Gateway<S>>,
    listeners: Vec<std::net::TcpListener>,
    tls: Option<&Tls>,
    cancel: &Cancel,
) -> Vec<JoinHandle<()>> {
    listeners
        .into_iter()
        .enumerate()
        .filter_map(|(number, listener)| {
            let (gateway, tls, cancel) = (Arc::clone(gateway), tls.cloned(), cancel.clone());
            let worker = std::thread::Builder::new().name(format!("worker-{number}"));
            let spawned = worker.spawn(move || worker::run(gateway, listener, tls, cancel));
            spawned.inspect_err(|error| tracing::error!(%error, "a worker could not start")).ok()
        })
        .collect()
}

async fn serve_admin<S: Store>(listener: std::net::TcpListener, admin: Admin<S>, mut cancel: Cancel) {
    let served = async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let app = admin::router(Arc::new(admin));
        axum::serve(listener, app).with_graceful_shutdown(async move { cancel.cancelled().await }).await
    };
    if let Err(error) = served.await {
        tracing::error!(%error, "the administration listener stopped");
    }
}

fn settings_of(config: &Config, address: SocketAddr) -> Settings {
    let cookies = if config.gateway.secure { CookieNames::SECURE } else { CookieNames::LOOPBACK };
    let all = [CookieNames::SECURE, CookieNames::LOOPBACK];
    // Port 0 is known only now.
    let public_origin = match config.gateway.listen.port() {
        0 => config.gateway.public_url.replace(&config.gateway.listen.to_string(), &address.to_string()),
        _ => config.gateway.public_url.clone(),
    };
    Settings {
        base_path: config.gateway.base_path.clone(),
        public_origin,
        languages: config.gateway.languages.clone(),
        routes: config.routes.clone(),
        policy: Arc::clone(&config.policy),
        trusted_proxies: config.gateway.trusted_proxies.clone(),
        cookies,
        own_cookies: OwnCookies::new(all.iter().flat_map(|names| [names.session, names.mark, names.form])),
        upstream_limits: UpstreamLimits {
            connect_timeout: config.gateway.connect_timeout,
            response_timeout: config.gateway.upstream_timeout,
            max_body: config.gateway.max_body,
            ..UpstreamLimits::default()
        },
        kept_limits: config.gateway.kept,
        client_script: ClientScript::new(&config.gateway.base_path)
            .inspect_err(|error| tracing::error!(%error, "the browser client cannot be added to pages"))
            .ok(),
    }
}
