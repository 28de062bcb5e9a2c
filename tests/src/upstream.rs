//! An application that tells what reached it.
//!
//! * `/echo...`: JSON with the method, the target, the headers in their order and spelling, and the body.
//! * `/weigh...`: the same, but of the body only its length and a hash, [`fnv1a`].
//! * `/page`: a small HTML page with a form.
//! * `/slow`: answers only when [`Upstream::release`] is called.
//! * `/stream`: server-sent events, one each 50 ms, without an end.
//! * `/socket`: accepts a WebSocket and sends back every byte it gets.
//! * `/refuse`: the application's own 401.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::ports;

/// A running application on a free port.
#[derive(Debug)]
pub struct Upstream {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    requests: AtomicUsize,
    closed: AtomicBool,
    released: Mutex<bool>,
    release: Condvar,
}

struct Received {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Upstream {
    /// Starts one.
    pub fn start() -> Self {
        let listener = ports::listener();
        let address = listener.local_addr().expect("a bound socket has an address");
        let shared = Arc::new(Shared::default());
        let of_thread = Arc::clone(&shared);
        thread::spawn(move || accept(&listener, &of_thread));
        Self { address, shared }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many requests have reached it.
    pub fn requests(&self) -> usize {
        self.shared.requests.load(Ordering::SeqCst)
    }

    /// Lets `/slow` answer.
    pub fn release(&self) {
        *self.shared.released.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.shared.release.notify_all();
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::SeqCst);
        self.release();
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
    }
}

/// Fowler-Noll-Vo 1a with 64 bits: tells an altered body from an intact one, no more.
pub fn fnv1a(bytes: &[u8]) -> String {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming().map_while(Result::ok) {
        if shared.closed.load(Ordering::SeqCst) {
            return;
        }
        let shared = Arc::clone(shared);
        thread::spawn(move || serve(stream, &shared));
    }
}

/// Serves a connection until it is closed by either side.
fn serve(stream: TcpStream, shared: &Shared) -> io::Result<()> {
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    while !shared.closed.load(Ordering::SeqCst) {
        let Some(received) = receive(&mut reader)? else { return Ok(()) };
        shared.requests.fetch_add(1, Ordering::SeqCst);
        let path = received.target.split('?').next().unwrap_or_default();
        match path {
            "/page" => answer(&mut writer, "200 OK", "text/html; charset=utf-8", PAGE.as_bytes())?,
            "/refuse" => answer(&mut writer, "401 Unauthorized", "text/plain", b"the application says no")?,
            "/stream" => return stream_events(&mut writer, shared),
            "/socket" => return socket(&mut reader, &mut writer, &received),
            "/slow" => {
                let released = shared.released.lock().unwrap_or_else(PoisonError::into_inner);
                drop(shared.release.wait_while(released, |released| !*released));
                answer(&mut writer, "200 OK", "text/plain", b"at last")?;
            }
            path if path.starts_with("/weigh") => {
                let mut json = received.to_json();
                json["body"] = serde_json::json!({
                    "length": received.body.len(),
                    "fnv1a": fnv1a(&received.body),
                });
                answer(&mut writer, "200 OK", "application/json", json.to_string().as_bytes())?;
            }
            _ => {
                answer(&mut writer, "200 OK", "application/json", received.to_json().to_string().as_bytes())?;
            }
        }
    }
    Ok(())
}

const PAGE: &str = "<!doctype html><html lang=\"en\"><head><title>Page</title></head><body><h1>Page</h1>\
    <form method=\"post\" action=\"/echo\"><textarea name=\"text\"></textarea><button>Send</button></form></body></html>";

fn receive(reader: &mut BufReader<TcpStream>) -> io::Result<Option<Received>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let (Some(method), Some(target)) = (words.next(), words.next()) else { return Ok(None) };
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let mut received = Received { method, target, headers, body: Vec::new() };
    if received.header("transfer-encoding").is_some() {
        received.body = read_chunks(reader)?;
    } else if let Some(length) = received.header("content-length").and_then(|length| length.parse().ok()) {
        reader.take(length).read_to_end(&mut received.body)?;
    }
    Ok(Some(received))
}

fn read_chunks(reader: &mut BufReader<TcpStream>) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let size = u64::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
        reader.by_ref().take(size).read_to_end(&mut body)?;
        reader.read_line(&mut line)?;
        if size == 0 {
            return Ok(body);
        }
    }
}

fn answer(writer: &mut TcpStream, status: &str, kind: &str, body: &[u8]) -> io::Result<()> {
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len());
    writer.write_all(&[head.as_bytes(), body].concat())
}

fn stream_events(writer: &mut TcpStream, shared: &Shared) -> io::Result<()> {
    writer.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")?;
    for number in 0_u64.. {
        if shared.closed.load(Ordering::SeqCst) {
            break;
        }
        writer.write_all(format!("id: {number}\ndata: tick\n\n").as_bytes())?;
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// Accepts the upgrade without looking at the key, then sends every byte back: the tests speak both ends.
fn socket(reader: &mut BufReader<TcpStream>, writer: &mut TcpStream, received: &Received) -> io::Result<()> {
    if !received.header("upgrade").is_some_and(|protocol| protocol.eq_ignore_ascii_case("websocket")) {
        return answer(writer, "426 Upgrade Required", "text/plain", b"a WebSocket, please");
    }
    let subject = received.header("tenure-subject").unwrap_or_default();
    let head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nX-Seen-Subject: {subject}\r\n\r\n"
    );
    writer.write_all(head.as_bytes())?;
    loop {
        let bytes = reader.fill_buf()?.to_vec();
        if bytes.is_empty() {
            return Ok(());
        }
        reader.consume(bytes.len());
        writer.write_all(&bytes)?;
    }
}

impl Received {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "method": self.method,
            "target": self.target,
            "headers": self.headers,
            "body": String::from_utf8_lossy(&self.body),
        })
    }
}
