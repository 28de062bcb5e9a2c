//! What all workers of a gateway share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::{ArcSwap, Guard};
use tenure::clock::Clock;
use tenure::core::{Policy, Session, Timestamp};
use tenure::keys::SharedKeys;
use tenure::service::{Sessions, Work};
use tenure::store::{Record, Store};
use tokio::sync::watch;

use super::identity::Identity;
use super::probe::Probes;
use super::visit::Visit;
use crate::accounts::Accounts;
use crate::config::RouteTable;
use crate::kept::{self, Kept};
use crate::language::{Language, Languages};
use crate::metrics::Metrics;
use crate::net::TrustedProxies;
use crate::pages::PageContext;
use crate::proxy::inject::ClientScript;
use crate::proxy::{OwnCookies, UpstreamLimits};
use crate::reports::Reports;
use crate::web::cookies::CookieNames;

/// What all workers of a gateway share.
pub struct Gateway<S: Store> {
    /// The sessions.
    pub sessions: Sessions<S>,
    /// The local accounts.
    pub accounts: Accounts,
    /// The key ring.
    pub keys: SharedKeys,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Requests that met a lock.
    pub kept: Kept,
    /// Problem reports.
    pub reports: Reports,
    /// Identity headers.
    pub identity: Identity,
    /// What is counted.
    pub metrics: Metrics,
    /// Requests of `tenure doctor`.
    pub probes: Probes,
    /// Makes request ids differ between runs.
    pub request_seed: u64,
    settings: ArcSwap<Settings>,
    stopping: watch::Sender<bool>,
    healthy: AtomicBool,
}

/// What a configuration says about serving requests. Replaced as a whole when it changes.
#[derive(Debug)]
pub struct Settings {
    /// Where the gateway's own paths begin, such as `/.tenure`.
    pub base_path: String,
    /// The origin that browsers use, such as `https://wiki.example.com`.
    pub public_origin: String,
    /// The languages that people are told things in.
    pub languages: Languages,
    /// The routes and their policies.
    pub routes: RouteTable,
    /// The policy where no route has its own.
    pub policy: Arc<Policy>,
    /// The proxies that are believed.
    pub trusted_proxies: TrustedProxies,
    /// The names of the cookies.
    pub cookies: CookieNames,
    /// The same, for taking them out of what is passed on.
    pub own_cookies: OwnCookies,
    /// How long to wait for applications, and for how much.
    pub upstream_limits: UpstreamLimits,
    /// How much is kept of requests that met a lock.
    pub kept_limits: kept::Limits,
    /// The client for pages; `None` leaves all pages as they are.
    pub client_script: Option<ClientScript>,
}

impl<S: Store> Gateway<S> {
    /// Joins the parts of a gateway.
    #[expect(clippy::too_many_arguments, reason = "the parts are made in one place and joined here")]
    pub fn new(
        sessions: Sessions<S>,
        accounts: Accounts,
        keys: SharedKeys,
        clock: Arc<dyn Clock>,
        kept: Kept,
        reports: Reports,
        settings: Settings,
        request_seed: u64,
    ) -> Self {
        Self {
            sessions,
            accounts,
            keys,
            clock,
            kept,
            reports,
            identity: Identity::new(settings.public_origin.clone()),
            metrics: Metrics::default(),
            probes: Probes::default(),
            request_seed,
            settings: ArcSwap::from_pointee(settings),
            stopping: watch::Sender::new(false),
            healthy: AtomicBool::new(true),
        }
    }

    /// The settings as they are now.
    pub fn settings(&self) -> Guard<Arc<Settings>> {
        self.settings.load()
    }

    /// Serves by other settings from now on.
    pub fn replace_settings(&self, settings: Settings) {
        self.settings.store(Arc::new(settings));
    }

    /// Answers those who wait for news: the server stops.
    pub fn stop_waiting(&self) {
        self.stopping.send_replace(true);
    }

    /// Returns once the server stops.
    pub(super) async fn stopping(&self) {
        // The sender lives as long as this does.
        let _ = self.stopping.subscribe().wait_for(|stopping| *stopping).await;
    }

    /// Notes in a session's timeline what its person did with their work. It is done, whether that can be noted or not.
    pub(super) async fn note_work(&self, session: &Session, work: Work) {
        if let Err(unavailable) = self.sessions.note_work(session.id, &session.subject, work).await {
            tracing::warn!(session = %session.id, ?work, %unavailable, "this is missing in the session's timeline");
        }
    }

    /// Whether the store answered when it was last asked.
    pub fn is_healthy(&self) -> bool {
        self.healthy.load(Ordering::Relaxed)
    }

    /// Notes whether the store answers.
    pub fn set_healthy(&self, healthy: bool) {
        self.healthy.store(healthy, Ordering::Relaxed);
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

impl Settings {
    /// The language for a request.
    pub fn language(&self, visit: &Visit) -> Language {
        self.languages.of(&visit.headers)
    }

    /// What every page needs to know.
    pub fn page(&self, visit: &Visit) -> PageContext {
        PageContext {
            base_path: self.base_path.clone(),
            request_id: visit.request_id.to_string(),
            language: self.language(visit),
        }
    }

    /// Whether the browser sends our cookies over TLS.
    pub fn is_secure(&self) -> bool {
        self.cookies == CookieNames::SECURE
    }

    /// How long the cookie of a session lives: as long as the browser runs, or for remembered ones
    /// until their absolute timeout.
    pub fn cookie_age(&self, remembered: bool, policy: &Policy) -> Option<Duration> {
        (remembered && policy.remember_me().is_some()).then(|| policy.absolute_timeout_for(true))
    }
}

/// A session as the list of one's sessions shows it.
pub(super) fn session_row(
    record: &Record,
    current: Option<tenure::core::SessionId>,
    language: Language,
) -> crate::pages::SessionRow {
    let session = &record.session;
    crate::pages::SessionRow {
        id: session.id.to_string(),
        device: crate::browser::Browser::from_user_agent(&record.details.device.user_agent).words(language),
        address: record.details.device.address.clone(),
        signed_in: crate::pages::Moment(session.signed_in_at.as_millis()),
        last_used: crate::pages::Moment(session.last_activity_at.as_millis()),
        current: current == Some(session.id),
        locked: matches!(session.state, tenure::core::State::Locked { .. }),
    }
}
