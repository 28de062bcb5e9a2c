//! Talking to the administration listener of a running gateway.

use std::net::SocketAddr;

use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Empty};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tenure_gateway::config::Config;

use crate::failure::Failure;

/// A client of the administration listener.
pub(crate) struct AdminClient {
    address: SocketAddr,
    token: String,
}

impl AdminClient {
    /// For the gateway of a configuration.
    pub(crate) fn new(config: &Config) -> Result<Self, Failure> {
        let path = &config.admin.token_file;
        let token = std::fs::read_to_string(path).map_err(|error| {
            let path = path.display();
            Failure::new(format_args!(
                "{path} (admin.token_file): {error}; is the gateway running, with this configuration?"
            ))
        })?;
        Ok(Self { address: config.admin.listen, token: token.trim().to_owned() })
    }

    /// Calls an endpoint and gives back the document that it answers with.
    pub(crate) fn call(&self, method: &Method, path: &str) -> Result<Value, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (status, body) = runtime.block_on(self.exchange(method, path))?;
        let document: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        if status.is_success() {
            return Ok(document);
        }
        let detail = document["detail"].as_str().unwrap_or("it did not say why");
        Err(Failure::new(format_args!("the gateway answered {status}: {detail}")))
    }

    async fn exchange(&self, method: &Method, path: &str) -> Result<(StatusCode, Vec<u8>), Failure> {
        let address = self.address;
        let stream = tokio::net::TcpStream::connect(address).await.map_err(|error| {
            Failure::new(format_args!(
                "no gateway answers at {address} (admin.listen): {error}; start it with `tenure serve`"
            ))
        })?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let driven = tokio::spawn(connection);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, address.to_string())
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .body(Empty::<hyper::body::Bytes>::new())?;
        let response = sender.send_request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes().to_vec();
        driven.abort();
        Ok((status, body))
    }
}

/// A name as a segment of a path.
pub(crate) fn segment(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
