//! HTTP/1.1 over a bare socket, for tests that care about every byte.

use std::fmt::Write as _;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A request as it will be written: headers go out in their order and spelling.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The target: a path with its query.
    pub target: String,
    /// The headers, without `Content-Length`.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// A request without headers or body.
    pub fn new(method: &str, target: &str) -> Self {
        Self { method: method.into(), target: target.into(), headers: Vec::new(), body: Vec::new() }
    }

    /// Adds a header.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The bytes of the request.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        if !self.body.is_empty() || ["POST", "PUT", "PATCH"].contains(&self.method.as_str()) {
            let _ = write!(head, "Content-Length: {}\r\n", self.body.len());
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// An answer with its whole body.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The headers in their order and spelling.
    pub headers: Vec<(String, String)>,
    /// The body, without the framing of chunks.
    pub body: Vec<u8>,
}

impl Response {
    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Every header of this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Where a redirect leads; empty if it leads nowhere.
    pub fn location(&self) -> &str {
        self.header("location").unwrap_or_default()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// It is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("status {}, not JSON ({error}): {}", self.status, self.text()))
    }
}

/// A connection that stays open between requests as long as the server keeps it.
#[derive(Debug)]
pub struct Connection {
    stream: BufReader<TcpStream>,
}

/// How long a server may take for its next byte.
const SILENCE: Duration = Duration::from_secs(30);

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// Nobody listens there.
    pub fn open(to: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(to)?;
        stream.set_read_timeout(Some(SILENCE))?;
        stream.set_write_timeout(Some(SILENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Sends a request and reads the whole answer.
    ///
    /// # Errors
    /// The connection was closed or the answer is not HTTP.
    pub fn exchange(&mut self, request: &Request) -> io::Result<Response> {
        self.write(&request.to_bytes())?;
        self.read(request.method == "HEAD")
    }

    /// Writes bytes as they are.
    ///
    /// # Errors
    /// The connection was closed.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// Reads up to as many bytes as have come: after an upgrade, or of a stream that does not end.
    ///
    /// # Errors
    /// Nothing came in time.
    pub fn read_some(&mut self) -> io::Result<Vec<u8>> {
        let bytes = self.stream.fill_buf()?.to_vec();
        self.stream.consume(bytes.len());
        Ok(bytes)
    }

    /// Reads the head of an answer only.
    ///
    /// # Errors
    /// The connection was closed or the answer is not HTTP.
    pub fn read_head(&mut self) -> io::Result<Response> {
        loop {
            let status_line = self.line()?;
            let status = status_line
                .strip_prefix("HTTP/1.1 ")
                .or_else(|| status_line.strip_prefix("HTTP/1.0 "))
                .and_then(|rest| rest.get(..3))
                .and_then(|code| code.parse().ok())
                .ok_or_else(|| io::Error::other(format!("not an answer: {status_line:?}")))?;
            let mut headers = Vec::new();
            loop {
                let line = self.line()?;
                if line.is_empty() {
                    break;
                }
                let (name, value) = line
                    .split_once(':')
                    .ok_or_else(|| io::Error::other(format!("not a header: {line:?}")))?;
                headers.push((name.to_owned(), value.trim().to_owned()));
            }
            if status >= 200 || status == 101 {
                return Ok(Response { status, headers, body: Vec::new() });
            }
        }
    }

    /// Reads an answer, which has no body if the request was `HEAD`.
    ///
    /// # Errors
    /// The connection was closed or the answer is not HTTP.
    pub fn read(&mut self, to_head: bool) -> io::Result<Response> {
        let mut response = self.read_head()?;
        if to_head || [101, 204, 304].contains(&response.status) {
            return Ok(response);
        }
        let chunked = response.header("transfer-encoding").is_some_and(|coding| coding.contains("chunked"));
        let length = response.header("content-length").and_then(|length| length.parse::<u64>().ok());
        if chunked {
            response.body = self.chunks()?;
        } else if let Some(length) = length {
            self.stream.by_ref().take(length).read_to_end(&mut response.body)?;
            if response.body.len() as u64 != length {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        } else {
            self.stream.read_to_end(&mut response.body)?;
        }
        Ok(response)
    }

    fn chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = self.line()?;
            let size = u64::from_str_radix(line.split(';').next().unwrap_or_default().trim(), 16)
                .map_err(io::Error::other)?;
            if size == 0 {
                while !self.line()?.is_empty() {}
                return Ok(body);
            }
            if self.stream.by_ref().take(size).read_to_end(&mut body)? as u64 != size {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.line()?;
        }
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = Vec::new();
        self.stream.read_until(b'\n', &mut line)?;
        if line.pop() != Some(b'\n') {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        String::from_utf8(line).map_err(io::Error::other)
    }
}
