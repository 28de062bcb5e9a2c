//! Servers side by side under the same load: Tenure with a session judged at each request, and its peers without one.

mod hyper;
mod load;
mod peers;

use std::net::SocketAddr;

use tenure_tests::process::Process;

pub use hyper::{HYPER, serve as serve_hyper};
pub use load::{Load, compare};
pub use peers::{application, gateway, hyper, nginx, proxy_haproxy, proxy_nginx};

/// A server that is ready. It is killed when this is dropped.
pub struct Server {
    name: &'static str,
    address: SocketAddr,
    path: &'static str,
    /// Headers that the load sends to it.
    headers: Vec<String>,
    /// What has to live as long.
    _running: Box<dyn std::any::Any>,
    process: Option<u32>,
}

impl Server {
    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    fn of(name: &'static str, address: SocketAddr, path: &'static str, process: Process) -> Self {
        let id = process.id();
        Self { name, address, path, headers: Vec::new(), _running: Box::new(process), process: Some(id) }
    }
}
