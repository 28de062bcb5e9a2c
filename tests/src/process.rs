//! A program that runs in the background, with what it writes.

use std::io::{self, BufRead as _, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// A running program. It is killed when this is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    written: Arc<Mutex<String>>,
}

impl Process {
    /// Starts a command and collects what it writes to both outputs.
    ///
    /// # Errors
    /// The program cannot be started; the message names it.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        let program = command.get_program().to_owned();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", program.display())))?;
        let written = Arc::new(Mutex::new(String::new()));
        if let Some(output) = child.stdout.take() {
            collect(output, &written);
        }
        if let Some(output) = child.stderr.take() {
            collect(output, &written);
        }
        Ok(Self { child, written })
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has written so far.
    pub fn written(&self) -> String {
        self.written.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How it exited, if it has.
    pub fn exited(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Kills it as `kill -9` does and waits until it is gone.
    pub fn kill(&mut self) {
        // It may have gone by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to stop, as service managers do, and waits until it has.
    ///
    /// # Panics
    /// It does not stop within the patience of the tests.
    pub fn terminate(&mut self) -> ExitStatus {
        self.signal("TERM");
        crate::until("the process stops when it is asked to", || self.exited())
    }

    /// Sends it a signal by name.
    pub fn signal(&self, name: &str) {
        let id = self.id().to_string();
        let _ = Command::new("kill").args(["-s", name, &id]).status();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

fn collect(output: impl Read + Send + 'static, into: &Arc<Mutex<String>>) {
    let into = Arc::clone(into);
    thread::spawn(move || {
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            let mut written = into.lock().unwrap_or_else(PoisonError::into_inner);
            written.push_str(&String::from_utf8_lossy(&line));
            written.push('\n');
        }
    });
}
