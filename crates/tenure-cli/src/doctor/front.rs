//! The way that browsers come: TLS, the proxy in front, cookies, limits. Requests go to `public_url`, and the
//! gateway says what arrived of them.

use std::time::Duration;

use serde_json::Value;
use tenure_gateway::config::{Access, Config};

use super::running::Running;
use super::wire::{Answer, Ask, Site, WireError};
use super::{Report, Way};

/// A certificate that ends within so many days is worth a word.
const SOON: u64 = 14;
/// An address for documentation (RFC 5737): no client has it.
const SPOOFED: &str = "192.0.2.77";
/// A path that is as likely the application's as any.
const ELSEWHERE: &str = "/tenure-doctor";
/// How large a body is really sent at most.
const MOST_SENT: u64 = 64 << 20;
/// Between the first and the last event of a probed stream are 0.8 s. If less than half of it is left, they were
/// held back.
const FLOWING: Duration = Duration::from_millis(400);

struct Front<'a> {
    config: &'a Config,
    site: Site,
    probe: &'a str,
}

pub(super) fn examine(config: &Config, way: &Way, running: Option<&Running>, report: &mut Report) {
    let site = match tls(config, way, report) {
        Ok(site) => site,
        Err(WireError::Tls { what, advice }) => return report.problem("tls", what, advice),
        Err(error) => {
            return report.problem(
                "public_url",
                format_args!("{}: {error}", config.gateway.public_url),
                "Mend gateway.public_url, its name server entry, or start the proxy in front; --connect tries another address.",
            );
        }
    };
    let Some(running) = running else { return };
    let front = Front { config, site, probe: &running.probe };
    let Some(seen) = front.arrive(report) else { return };
    front.refusals(report);
    front.headers(&seen, report);
    front.spoofing(report);
    front.host(&seen, report);
    front.version(&seen, report);
    front.cookie(report);
    front.caching(report);
    front.body(report);
    front.administration(report);
}

/// Connects, and looks at the certificate as it will be in two weeks.
fn tls(config: &Config, way: &Way, report: &mut Report) -> Result<Site, WireError> {
    let url = &config.gateway.public_url;
    let site = |days| Site::public(url, way.connect, way.authorities.as_deref(), days);
    let now = site(0)?;
    now.ask(&Ask::get(format!("{}/status", config.gateway.base_path)))?;
    if !now.is_secure() {
        report.not_tried("tls", "public_url is plain http, for development");
    } else if let Err(WireError::Tls { .. }) = site(SOON)?.ask(&Ask::get("/")) {
        report.warning("tls", format_args!("the certificate ends within {SOON} days"), "Renew it now.");
    } else {
        report.ok("tls", "the certificate is valid, for this name, and trusted");
    }
    Ok(now)
}

impl Front<'_> {
    fn ask(&self, ask: Ask<'_>) -> Result<Answer, WireError> {
        self.site.ask(&ask.with("X-Tenure-Probe", self.probe))
    }

    /// What the gateway saw of a request, if it arrived there.
    fn seen(&self, ask: Ask<'_>) -> Option<Value> {
        let answer = self.ask(ask).ok()?;
        let text = String::from_utf8_lossy(&answer.body);
        // Chunks of a proxy may be around it.
        let json = &text[text.find('{')?..=text.rfind('}')?];
        serde_json::from_str::<Value>(json).ok().filter(|seen| seen["number"].is_u64())
    }

    /// A path of the gateway's own. Each check has another, for a cache in front may keep what it must not.
    fn own_path(&self, check: &str) -> String {
        format!("{}/doctor/{check}", self.config.gateway.base_path)
    }

    /// Whether requests arrive at all: for the gateway's own pages, and for the application's.
    fn arrive(&self, report: &mut Report) -> Option<Value> {
        let (url, base) = (&self.config.gateway.public_url, &self.config.gateway.base_path);
        let own = self.seen(Ask::get(self.own_path("arrival")));
        let other = self.seen(Ask::get(ELSEWHERE).with("Accept", "*/*"));
        let asks = other.as_ref().is_some_and(|seen| seen["path"] == format!("{base}/authorize"));
        if own.is_none() && other.is_none() {
            report.problem(
                "public_url",
                format_args!("{url} is answered, but not by this gateway"),
                "Let the proxy in front pass requests to gateway.listen, or mend gateway.public_url.",
            );
            return None;
        }
        report.ok("public_url", format_args!("requests to {url} arrive here"));
        match &own {
            Some(_) => report.ok("base_path", format_args!("{base} arrives here")),
            None => report.problem(
                "base_path",
                format_args!("{url}{base}/ does not arrive here: nobody can sign in"),
                format_args!(
                    "Let the proxy in front pass {base}/ to the gateway unchanged, or mend gateway.base_path."
                ),
            ),
        }
        match &other {
            None => report.problem(
                "protection",
                format_args!("{url}{ELSEWHERE} is answered without a question to the gateway"),
                "Let the proxy in front ask (forward-auth) or pass on every request; see docs/guide for yours.",
            ),
            Some(_) if asks => report.ok("protection", "the proxy in front asks about requests for the application"),
            Some(_) => report.ok("protection", "requests for the application come through the gateway"),
        }
        if asks {
            for check in ["websockets", "streams"] {
                report.not_tried(check, "with forward-auth, they go past the gateway");
            }
        } else if other.is_some() {
            self.streams(report);
        }
        own.or(other)
    }

    /// Whether what the gateway says to a script without a session arrives as it was said.
    fn refusals(&self, report: &mut Report) {
        let url = &self.config.gateway.public_url;
        let host =
            url.parse::<http::Uri>().ok().and_then(|url| url.host().map(str::to_owned)).unwrap_or_default();
        if self.config.routes.find(&host, ELSEWHERE).access != Access::Protected {
            return report.not_tried("refusals", format_args!("{ELSEWHERE} is not protected"));
        }
        let script = Ask::get(ELSEWHERE).with("Accept", "*/*").with("Sec-Fetch-Mode", "cors");
        let answer = match self.site.ask(&script) {
            Ok(answer) => answer,
            Err(error) => return report.not_tried("refusals", error),
        };
        let kind = answer.header("content-type").unwrap_or("nothing").to_owned();
        if answer.status == 401 && kind.starts_with("application/problem+json") {
            report.ok("refusals", "scripts without a session are told why");
        } else {
            report.problem(
                "refusals",
                format_args!(
                    "a script without a session gets {} with {kind}, not the gateway's own answer: pages can't tell that they should unlock",
                    answer.status
                ),
                "Let the proxy in front pass 401 and its body on (nginx: no proxy_intercept_errors; with auth_request, error_page 401 = @refused).",
            );
        }
    }

    /// Whether WebSockets open and event streams flow.
    fn streams(&self, report: &mut Report) {
        let upgrade = Ask::get(ELSEWHERE)
            .with("Connection", "Upgrade")
            .with("Upgrade", "websocket")
            .with("Sec-WebSocket-Version", "13")
            .with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        let status = self.ask(upgrade).map_or(0, |answer| answer.status);
        if status == 101 {
            report.ok("websockets", "they open");
        } else {
            report.problem(
                "websockets",
                format_args!("a WebSocket does not open: the answer is {status}, not 101"),
                "Let the proxy in front pass `Upgrade` and `Connection` on (nginx: proxy_set_header, proxy_http_version 1.1; Apache: upgrade=websocket).",
            );
        }
        let events = self.ask(Ask::get(format!("{ELSEWHERE}/events")).with("Accept", "text/event-stream"));
        match events.map(|answer| (answer.first.map(|first| answer.whole.saturating_sub(first)), answer.status)) {
            Ok((Some(apart), 200)) if apart > FLOWING => {
                report.ok("streams", "event streams flow as they come");
            }
            Ok((_, 200)) => report.problem(
                "streams",
                "event streams are held back by the proxy in front: what the application sends arrives late, all at once",
                "Switch buffering of answers off there (nginx: proxy_buffering off; Apache: flushpackets=on).",
            ),
            _ => report.not_tried("streams", "no event stream came"),
        }
    }

    /// Whether the gateway learns who the client is.
    fn headers(&self, seen: &Value, report: &mut Report) {
        let told = seen["told"].as_array().is_some_and(|told| !told.is_empty());
        let peer = seen["peer"].as_str().unwrap_or_default();
        let wanted = if self.config.gateway.secure { "https" } else { "http" };
        if told && seen["listed"] == false {
            report.problem(
                "proxy_headers",
                format_args!("the proxy at {peer} is not believed: all clients seem to have its address"),
                format_args!("Add \"{peer}\" to gateway.trusted_proxies."),
            );
        } else if !told && !self.is_direct() {
            report.problem(
                "proxy_headers",
                format_args!("the proxy at {peer} does not say who the client is"),
                "Let it send X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host, and list it in gateway.trusted_proxies.",
            );
        } else if told && seen["believed"] == false {
            report.problem(
                "proxy_headers",
                "Forwarded and X-Forwarded-* contradict each other, so neither is believed",
                "Let the proxy in front remove `Forwarded` if it writes X-Forwarded-*, or the other way round.",
            );
        } else if seen["scheme"] != wanted {
            report.problem(
                "proxy_headers",
                format_args!(
                    "browsers use {wanted}, but the gateway is told {}",
                    seen["scheme"].as_str().unwrap_or("nothing")
                ),
                "Let the proxy in front send X-Forwarded-Proto with the scheme that the browser uses.",
            );
        } else if told {
            report.ok("proxy_headers", format_args!("the proxy at {peer} is believed"));
        } else {
            report.ok("proxy_headers", "there is no proxy in front");
        }
    }

    /// Whether requests go to the gateway itself.
    fn is_direct(&self) -> bool {
        let listen = self.config.gateway.listen;
        self.site.address().is_some_and(|address| {
            address.port() == listen.port() && (listen.ip().is_unspecified() || listen.ip() == address.ip())
        })
    }

    /// Whether a client can choose what is believed of it.
    fn spoofing(&self, report: &mut Report) {
        if self.is_direct() && self.config.gateway.trusted_proxies.contains([127, 0, 0, 1].into()) {
            return report.not_tried(
                "proxy_spoofing",
                "public_url leads to the gateway itself, which believes this machine",
            );
        }
        let tries = [
            ("X-Forwarded-For", SPOOFED.to_owned()),
            ("Forwarded", format!("for={SPOOFED};host=spoofed.example")),
            ("X-Forwarded-Host", "spoofed.example".to_owned()),
        ];
        for (name, value) in tries {
            let Some(seen) = self.seen(Ask::get(self.own_path(name)).with(name, value)) else { continue };
            if seen["client"] == SPOOFED || seen["host"] == "spoofed.example" {
                return report.problem(
                    "proxy_spoofing",
                    format_args!("a client that sends {name} itself is believed: it can pretend to be anybody"),
                    format_args!("Let the proxy in front set or remove {name} instead of passing it on or adding to it."),
                );
            }
        }
        report.ok("proxy_spoofing", "what clients say about their own address and host is not believed");
    }

    /// Whether the host that the browser uses arrives: forms and sessions are bound to it.
    fn host(&self, seen: &Value, report: &mut Report) {
        let url = &self.config.gateway.public_url;
        let authority = url.split_once("://").map_or(url.as_str(), |(_, authority)| authority);
        let host = seen["host"].as_str().unwrap_or_default();
        let usual = format!("{authority}:{}", if self.config.gateway.secure { 443 } else { 80 });
        if host.eq_ignore_ascii_case(authority) || host.eq_ignore_ascii_case(&usual) {
            report.ok("proxy_host", format_args!("the gateway is asked for {host}"));
        } else {
            report.problem(
                "proxy_host",
                format_args!("browsers ask for {authority}, but the gateway is asked for {host}: forms will be refused as another site's"),
                "Let the proxy in front pass `Host` on (nginx: proxy_set_header Host $http_host; Apache: ProxyPreserveHost On), or mend public_url.",
            );
        }
    }

    fn version(&self, seen: &Value, report: &mut Report) {
        match seen["version"].as_str() {
            Some("HTTP/1.0") => report.problem(
                "http_version",
                "the proxy in front speaks HTTP/1.0: connections are not used again, and WebSockets and streams fail",
                "Let it speak HTTP/1.1 (nginx: proxy_http_version 1.1).",
            ),
            Some(version) => report.ok("http_version", format_args!("the gateway is asked by {version}")),
            None => {}
        }
    }

    /// Whether a browser would keep the cookies that the sign-in page sets (RFC 6265bis, section 4.1.3).
    fn cookie(&self, report: &mut Report) {
        let path = format!("{}/sign-in", self.config.gateway.base_path);
        let Ok(answer) = self.site.ask(&Ask::get(path).with("Accept", "text/html")) else { return };
        let secure = self.config.gateway.secure;
        let prefix = if secure { "__Host-tenure" } else { "tenure" };
        let Some(cookie) = answer.all("set-cookie").find(|line| line.starts_with(prefix)) else {
            return report.problem(
                "cookie",
                format_args!("the sign-in page ({}) sets no cookie that begins with {prefix}", answer.status),
                "Let the proxy in front pass every Set-Cookie on, under its own name.",
            );
        };
        let attributes: Vec<String> =
            cookie.split(';').skip(1).map(|part| part.trim().to_ascii_lowercase()).collect();
        let has = |name: &str| attributes.iter().any(|attribute| attribute == name);
        let wrong = if attributes.iter().any(|attribute| attribute.starts_with("domain=")) {
            Some("it has a Domain")
        } else if !has("path=/") {
            Some("its Path is not /")
        } else if secure && !has("secure") {
            Some("it is not Secure")
        } else if !secure && has("secure") {
            Some("it is Secure, and public_url is plain http")
        } else if !has("samesite=lax") {
            Some("its SameSite has changed")
        } else {
            None
        };
        match wrong {
            Some(wrong) => report.problem(
                "cookie",
                format_args!("browsers will not keep the cookie as it arrives: {wrong}"),
                "Let the proxy in front leave Set-Cookie alone (nginx: no proxy_cookie_path, _domain or _flags).",
            ),
            None => report.ok("cookie", "browsers will keep it"),
        }
    }

    /// Whether what one person is told is kept for others.
    fn caching(&self, report: &mut Report) {
        let number = || self.seen(Ask::get(self.own_path("caching"))).map(|seen| seen["number"].clone());
        let (Some(first), Some(second)) = (number(), number()) else { return };
        if first == second {
            report.problem(
                "caching",
                "something in front keeps answers that say `no-store`: people will see each other's pages",
                "Switch caching off there, or let it respect Cache-Control (nginx: no proxy_ignore_headers, no proxy_cache_valid).",
            );
        } else {
            report.ok("caching", "nothing in front keeps what must not be kept");
        }
    }

    /// Whether bodies arrive that the gateway takes.
    fn body(&self, report: &mut Report) {
        let gateway = &self.config.gateway;
        let wanted = gateway.max_body.unwrap_or(0).max(gateway.kept.body);
        let mib = wanted >> 20;
        let ask = |length| Ask {
            method: "POST",
            target: self.own_path("body"),
            headers: Vec::new(),
            body: Some(length),
            patience: None,
        };
        let answer = match self.ask(ask(wanted.min(MOST_SENT))) {
            Ok(answer) => answer,
            Err(error) => return report.not_tried("body_limit", error),
        };
        match answer.status {
            413 => report.problem(
                "body_limit",
                format_args!("the proxy in front refuses a body of {mib} MiB, which the gateway would take or keep"),
                "Raise its limit (nginx: client_max_body_size; Apache: LimitRequestBody), or lower gateway.max_body and max_kept_body.",
            ),
            200 if wanted > MOST_SENT => {
                report.ok("body_limit", format_args!("{} MiB arrive; more was not sent", MOST_SENT >> 20));
            }
            200 => report.ok("body_limit", format_args!("{mib} MiB arrive")),
            status => report.not_tried("body_limit", format_args!("a large body was answered with {status}")),
        }
    }

    /// Whether the administration can be reached the way that browsers come.
    fn administration(&self, report: &mut Report) {
        let answer = self.site.ask(&Ask::get("/metrics"));
        if answer
            .is_ok_and(|answer| String::from_utf8_lossy(&answer.body).contains("tenure_judgements_total"))
        {
            return report.problem(
                "admin_listener",
                format_args!(
                    "{}/metrics is the administration listener: everybody can reach it",
                    self.config.gateway.public_url
                ),
                "Let the proxy in front pass nothing to admin.listen.",
            );
        }
        report.ok("admin_listener", "it asks for its token, and browsers do not reach it");
    }
}
