//! A bare server: hyper on one thread for each core, which answers everything with an empty 204.

use std::convert::Infallible;
use std::net::SocketAddr;

use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use socket2::{Domain, Socket, Type};
use tokio::task::LocalSet;

/// The argument by which a benchmark's own program becomes this server; the address follows.
pub const HYPER: &str = "--as-hyper";

/// Serves until it is killed.
pub fn serve(address: &str) {
    let address: SocketAddr = address.parse().unwrap();
    let workers: Vec<_> = (0..std::thread::available_parallelism().unwrap().get())
        .map(|_| std::thread::spawn(move || worker(address)))
        .collect();
    for worker in workers {
        worker.join().unwrap();
    }
}

fn worker(address: SocketAddr) {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None).unwrap();
    socket.set_reuse_port(true).unwrap();
    socket.set_nonblocking(true).unwrap();
    socket.bind(&address.into()).unwrap();
    socket.listen(1024).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, async move {
        let listener = tokio::net::TcpListener::from_std(socket.into()).unwrap();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            tokio::task::spawn_local(async move {
                // A client that goes away is no failure of the measurement.
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(empty)).await;
            });
        }
    });
}

async fn empty(_: Request<Incoming>) -> Result<Response<Empty<Bytes>>, Infallible> {
    let mut response = Response::new(Empty::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}
