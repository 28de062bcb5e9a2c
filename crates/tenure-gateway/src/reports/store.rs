//! All reports: in memory, and each in a small sealed file of its own.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tenure::clock::Clock;
use tenure::core::{SessionId, Timestamp};
use tenure::keys::{Purpose, SharedKeys};

use super::report::plain;
use super::{Draft, Report, ReportId};
use crate::net::network;

/// How many are kept at once, with a session and without one: strangers can't crowd out those who have one.
const MOST_WITH_SESSION: usize = 1000;
const MOST_WITHOUT: usize = 200;
/// How many about one session.
const MOST_OF_SESSION: usize = 5;
/// How many from one network within [`WINDOW`].
const MOST_OF_NETWORK: usize = 10;
const WINDOW: Duration = Duration::from_secs(60 * 60);

/// Why a report was not taken.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// There are enough of them.
    #[error("too many problem reports; the next one is taken in {} s", wait.as_secs())]
    TooMany {
        /// When to try again.
        wait: Duration,
    },
    /// The disk, or the source of random bits, failed.
    #[error("the problem report could not be stored: {0}")]
    Failed(#[from] io::Error),
}

/// The problem reports of a gateway.
#[derive(Clone)]
pub struct Reports(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    keys: SharedKeys,
    clock: Arc<dyn Clock>,
    all: Mutex<Vec<Arc<Report>>>,
}

impl Reports {
    /// Opens the reports in `folder`, which is made if it is not there. One that can't be read is left out, with a word
    /// in the log.
    ///
    /// # Errors
    /// The folder can't be made or read.
    pub fn open(folder: &Path, keys: SharedKeys, clock: Arc<dyn Clock>) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let mut all = Vec::new();
        for file in fs::read_dir(folder)? {
            let path = file?.path();
            let Some(id) = path.file_name().and_then(|name| name.to_str()?.parse::<ReportId>().ok()) else {
                continue;
            };
            match read(&path, id, &keys) {
                Ok(report) => all.push(Arc::new(report)),
                Err(error) => tracing::warn!(%id, %error, "a problem report cannot be read"),
            }
        }
        all.sort_by_key(|report| report.at);
        Ok(Self(Arc::new(Inner { folder: folder.into(), keys, clock, all: Mutex::new(all) })))
    }

    /// Takes a report from `address` and keeps it for `keep`. It is on the disk when this returns.
    ///
    /// # Errors
    /// [`NotTaken`].
    pub async fn take(&self, draft: Draft, address: IpAddr, keep: Duration) -> Result<ReportId, NotTaken> {
        let now = self.0.clock.now();
        let report = Arc::new(Report {
            id: ReportId::random().map_err(io::Error::other)?,
            at: now,
            until: now + keep,
            session: draft.session,
            network: network(address).to_string(),
            reason: draft.reason,
            text: draft.text,
            words: plain(&draft.words),
        });
        self.expire();
        {
            let mut all = self.all();
            room(&all, &report, now)?;
            all.push(Arc::clone(&report));
        }
        let inner = Arc::clone(&self.0);
        let written = {
            let report = Arc::clone(&report);
            tokio::task::spawn_blocking(move || write(&inner, &report)).await
        };
        match written.map_err(io::Error::other).and_then(|written| written) {
            Ok(()) => Ok(report.id),
            Err(error) => {
                self.all().retain(|other| other.id != report.id);
                Err(error.into())
            }
        }
    }

    /// The report of this number.
    pub fn find(&self, id: ReportId) -> Option<Arc<Report>> {
        self.all().iter().find(|report| report.id == id).cloned()
    }

    /// The reports about a session, oldest first.
    pub fn of_session(&self, session: SessionId) -> Vec<Arc<Report>> {
        self.all().iter().filter(|report| report.session == Some(session)).cloned().collect()
    }

    /// All reports, oldest first.
    pub fn list(&self) -> Vec<Arc<Report>> {
        self.all().clone()
    }

    /// Removes those whose time is over.
    pub fn expire(&self) {
        let now = self.0.clock.now();
        self.all().retain(|report| {
            let stays = report.until > now;
            if !stays && let Err(error) = fs::remove_file(self.0.folder.join(report.id.to_string())) {
                tracing::warn!(id = %report.id, %error, "an old problem report could not be removed");
            }
            stays
        });
    }

    fn all(&self) -> MutexGuard<'_, Vec<Arc<Report>>> {
        self.0.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Reports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reports").field("folder", &self.0.folder).finish_non_exhaustive()
    }
}

/// Whether there is room for one more.
fn room(all: &[Arc<Report>], new: &Report, now: Timestamp) -> Result<(), NotTaken> {
    let count = |counts: &dyn Fn(&Report) -> bool| all.iter().filter(|report| counts(report)).count();
    let most = if new.session.is_some() { MOST_WITH_SESSION } else { MOST_WITHOUT };
    let of_session = new.session.is_some() && count(&|old| old.session == new.session) >= MOST_OF_SESSION;
    if of_session || count(&|old| old.session.is_some() == new.session.is_some()) >= most {
        return Err(NotTaken::TooMany { wait: WINDOW });
    }
    let recent = |old: &Report| old.network == new.network && old.at + WINDOW > now;
    if count(&recent) < MOST_OF_NETWORK {
        return Ok(());
    }
    let oldest = all.iter().find(|old| recent(old)).map_or(now, |old| old.at);
    Err(NotTaken::TooMany { wait: (oldest + WINDOW).since(now) })
}

fn purpose(id: &str) -> Purpose<'_> {
    Purpose { kind: "problem report", place: id.as_bytes() }
}

fn read(path: &Path, id: ReportId, keys: &SharedKeys) -> io::Result<Report> {
    let sealed = fs::read(path)?;
    let plain = keys.load().open(purpose(&id.to_string()), &sealed).map_err(io::Error::other)?;
    Ok(serde_json::from_slice(&plain)?)
}

/// Written beside, made durable and renamed, so that a crash leaves all of it or nothing.
fn write(inner: &Inner, report: &Report) -> io::Result<()> {
    let id = report.id.to_string();
    let sealed =
        inner.keys.load().seal(purpose(&id), &serde_json::to_vec(report)?).map_err(io::Error::other)?;
    let beside = inner.folder.join(format!("{id}.new"));
    let written = (|| {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let mut file = options.open(&beside)?;
        file.write_all(&sealed)?;
        file.sync_all()?;
        fs::rename(&beside, inner.folder.join(&id))?;
        File::open(&inner.folder)?.sync_all()
    })();
    if written.is_err() {
        // What is left of it is of no use; that it may stay is no more than a few kilobytes.
        let _ = fs::remove_file(&beside);
    }
    written
}
