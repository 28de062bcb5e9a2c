//! What is counted, for Prometheus.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::sync::atomic::AtomicU64;
use tokio::net::TcpListener;

use crate::exit::Exit;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfAccount {
    account: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfLease {
    account: String,
    exit: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfRefusal {
    account: String,
    code: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfAddress {
    address: String,
    exit: String,
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Available {
    address: String,
    exit: String,
}

/// The text for Prometheus: everything by account, and the state of every address.
pub fn text(exit: &Exit) -> String {
    let (opened, sent, received) = (
        Family::<OfAccount, Counter>::default(),
        Family::<OfAccount, Counter>::default(),
        Family::<OfAccount, Counter>::default(),
    );
    let open = Family::<OfAccount, Gauge>::default();
    let refused = Family::<OfRefusal, Counter>::default();
    for (account, meter) in exit.meters.list() {
        let reading = meter.read();
        let of = OfAccount { account: account.to_string() };
        opened.get_or_create(&of).inc_by(reading.opened);
        sent.get_or_create(&of).inc_by(reading.sent);
        received.get_or_create(&of).inc_by(reading.received);
        open.get_or_create(&of).set(i64::try_from(reading.open).unwrap_or(i64::MAX));
        for (refusal, count) in reading.refused {
            let of = OfRefusal { account: account.to_string(), code: refusal.code() };
            refused.get_or_create(&of).inc_by(count);
        }
    }
    let leases = Family::<OfLease, Gauge>::default();
    for lease in exit.leases.list() {
        let of = OfLease { account: lease.account.to_string(), exit: lease.address.to_string() };
        leases.get_or_create(&of).set(1);
    }
    let states = Family::<OfAddress, Gauge>::default();
    let availability = Family::<Available, Gauge<f64, AtomicU64>>::default();
    for member in exit.pool.list() {
        let (address, seen) = (member.entry.name.clone(), member.entry.exit.to_string());
        let of = OfAddress { address: address.clone(), exit: seen.clone(), state: member.state().name() };
        states.get_or_create(&of).set(1);
        if let Some(share) = member.health.availability() {
            availability.get_or_create(&Available { address, exit: seen }).set(share);
        }
    }
    let mut registry = Registry::with_prefix("tenure_egress");
    registry.register("connections", "Connections that are open", open);
    registry.register("opened", "Connections that were opened", opened);
    registry.register("sent_bytes", "Bytes to sites", sent);
    registry.register("received_bytes", "Bytes from sites", received);
    registry.register("refused", "Connections that were refused, by why", refused);
    registry.register("lease", "1 for each lease", leases);
    registry.register("address_state", "1 for the state that an address is in", states);
    registry.register(
        "address_availability",
        "The share of good probes in the last thirty days",
        availability,
    );
    let mut text = String::new();
    // Writing into a text can't fail.
    let _ = encode(&mut text, &registry);
    text
}

pub(super) async fn serve(listener: TcpListener, exit: Arc<Exit>, stop: impl Future<Output = ()>) {
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            continue;
        };
        let exit = Arc::clone(&exit);
        let service = service_fn(move |request| {
            let answer = answer(&request, &exit);
            async move { Ok::<_, Infallible>(answer) }
        });
        tokio::spawn(
            http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service),
        );
    }
}

fn answer(request: &Request<Incoming>, exit: &Exit) -> Response<Full<Bytes>> {
    if request.uri().path() != "/metrics" {
        let mut answer = Response::new(Full::from("Metrics are at /metrics.\n"));
        *answer.status_mut() = StatusCode::NOT_FOUND;
        return answer;
    }
    let mut answer = Response::new(Full::from(text(exit)));
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    answer.headers_mut().insert(header::CONTENT_TYPE, http::HeaderValue::from_static(kind));
    answer
}
