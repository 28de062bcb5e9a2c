//! Content security policies: the script has to be allowed without allowing anything else.
//!
//! A nonce or a hash added to a policy that relies on `'unsafe-inline'` would switch that off and break the page; a source
//! that is an address doesn't. Under `'strict-dynamic'` addresses count for nothing and `'unsafe-inline'` is off already, so
//! there a nonce is added. `Content-Security-Policy-Report-Only` is left alone.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONTENT_SECURITY_POLICY, HeaderMap, HeaderValue};

use crate::net::Scheme;

/// Where the gateway's own script and interfaces are, as a source of a policy.
#[derive(Debug)]
pub(super) struct OwnSource {
    scheme: Scheme,
    /// `https://shop.example/.tenure/`: everything below that path, and nothing beside it.
    url: String,
}

impl OwnSource {
    pub(super) fn new(scheme: Scheme, host: &str, base: &str) -> Self {
        Self { scheme, url: format!("{}://{host}{base}/", scheme.as_str()) }
    }

    /// Whether a list of sources allows what comes from the page's own host.
    fn is_in(&self, sources: &[&str]) -> bool {
        sources.iter().any(|source| {
            let is_scheme = |scheme: &str| source.eq_ignore_ascii_case(scheme);
            matches!(*source, "*")
                || is_scheme("'self'")
                || *source == self.url
                || is_scheme("http:")
                || self.scheme == Scheme::Https && is_scheme("https:")
        })
    }
}

/// Makes the policies allow the script, and returns the nonce that its tag needs, if any. `None`: the page is a sandbox in which
/// the script can't work; nothing has been changed.
pub(super) fn adapt(headers: &mut HeaderMap, own: &OwnSource) -> Option<Option<String>> {
    change(headers, own).map(|changed| changed.nonce)
}

/// The same for a `304`, whose policies replace the ones that are stored with the page. If its tag was given a nonce
/// of ours, the stored ones have to stay.
pub(super) fn adapt_confirmed(headers: &mut HeaderMap, own: &OwnSource) {
    if change(headers, own).is_some_and(|changed| changed.is_nonce_ours) {
        headers.remove(CONTENT_SECURITY_POLICY);
    }
}

struct Changed {
    nonce: Option<String>,
    is_nonce_ours: bool,
}

fn change(headers: &mut HeaderMap, own: &OwnSource) -> Option<Changed> {
    let mut changed = Changed { nonce: None, is_nonce_ours: false };
    if !headers.contains_key(CONTENT_SECURITY_POLICY) {
        return Some(changed);
    }
    // A line that isn't text is no policy to a browser either.
    let lines: Vec<&str> =
        headers.get_all(CONTENT_SECURITY_POLICY).iter().filter_map(|line| line.to_str().ok()).collect();
    let mut policies: Vec<Policy<'_>> =
        lines.iter().flat_map(|line| line.split(',')).map(Policy::parse).collect();
    if policies.iter().any(Policy::is_closed_sandbox) {
        return None;
    }
    changed.nonce = policies.iter().find_map(Policy::nonce).map(str::to_owned);
    for policy in &mut policies {
        policy.allow_script(own, &mut changed);
        policy.allow(&["connect-src"], own);
        policy.allow(&["frame-src", "child-src"], own);
    }
    if policies.iter().any(|policy| policy.is_changed) {
        let values: Vec<HeaderValue> =
            policies.iter().filter_map(|policy| HeaderValue::from_str(&policy.to_text()).ok()).collect();
        headers.remove(CONTENT_SECURITY_POLICY);
        for value in values {
            headers.append(CONTENT_SECURITY_POLICY, value);
        }
    }
    Some(changed)
}

struct Policy<'a> {
    directives: Vec<Directive<'a>>,
    is_changed: bool,
}

struct Directive<'a> {
    name: &'a str,
    sources: Vec<&'a str>,
    added: Vec<String>,
}

impl<'a> Policy<'a> {
    fn parse(text: &'a str) -> Self {
        let directives = text.split(';').filter_map(|directive| {
            let mut words = directive.split_ascii_whitespace();
            Some(Directive { name: words.next()?, sources: words.collect(), added: Vec::new() })
        });
        Self { directives: directives.collect(), is_changed: false }
    }

    fn to_text(&self) -> String {
        let words = |directive: &Directive<'_>| {
            let added = directive.added.iter().map(String::as_str);
            std::iter::once(directive.name)
                .chain(directive.sources.iter().copied())
                .chain(added)
                .collect::<Vec<_>>()
                .join(" ")
        };
        self.directives.iter().map(words).collect::<Vec<_>>().join("; ")
    }

    /// The first of several directives of one name counts.
    fn find(&self, name: &str) -> Option<usize> {
        self.directives.iter().position(|directive| directive.name.eq_ignore_ascii_case(name))
    }

    fn is_closed_sandbox(&self) -> bool {
        let Some(sandbox) = self.find("sandbox").map(|index| &self.directives[index]) else { return false };
        let allows = |wanted: &str| sandbox.sources.iter().any(|flag| flag.eq_ignore_ascii_case(wanted));
        !(allows("allow-scripts") && allows("allow-same-origin"))
    }

    fn script_directive(&self) -> Option<usize> {
        ["script-src-elem", "script-src", "default-src"].iter().find_map(|name| self.find(name))
    }

    fn nonce(&self) -> Option<&'a str> {
        let directive = &self.directives[self.script_directive()?];
        directive.sources.iter().find_map(|source| nonce_of(source))
    }

    fn allow_script(&mut self, own: &OwnSource, changed: &mut Changed) {
        let Some(index) = self.script_directive() else { return };
        let sources = &self.directives[index].sources;
        if let Some(nonce) = &changed.nonce
            && sources.iter().any(|source| nonce_of(source) == Some(nonce))
        {
            return;
        }
        if sources.iter().any(|source| source.eq_ignore_ascii_case("'strict-dynamic'")) {
            let nonce = match &changed.nonce {
                Some(nonce) => nonce.clone(),
                None => {
                    let Some(nonce) = random_nonce() else { return };
                    changed.is_nonce_ours = true;
                    changed.nonce.insert(nonce).clone()
                }
            };
            self.add(index, "script-src", format!("'nonce-{nonce}'"));
        } else if !own.is_in(sources) {
            self.add(index, "script-src", own.url.clone());
        }
    }

    /// Allows addresses of the gateway in the first of these directives, or else where `default-src` stands in for them.
    fn allow(&mut self, names: &[&'static str], own: &OwnSource) {
        let governing = names.iter().find_map(|name| self.find(name)).or_else(|| self.find("default-src"));
        if let (Some(index), Some(name)) = (governing, names.first())
            && !own.is_in(&self.directives[index].sources)
        {
            self.add(index, name, own.url.clone());
        }
    }

    /// Adds a source to a directive. `default-src` itself is not widened: the directive it stands in for is written out.
    fn add(&mut self, index: usize, name: &'static str, source: String) {
        self.is_changed = true;
        let found = &mut self.directives[index];
        let without_none = |sources: &[&'a str]| {
            sources
                .iter()
                .copied()
                .filter(|source| !source.eq_ignore_ascii_case("'none'"))
                .collect::<Vec<_>>()
        };
        if found.name.eq_ignore_ascii_case("default-src") {
            let sources = without_none(&found.sources);
            self.directives.push(Directive { name, sources, added: vec![source] });
        } else {
            found.sources = without_none(&found.sources);
            found.added.push(source);
        }
    }
}

/// The nonce of a source, if it can stand in HTML as it is.
fn nonce_of(source: &str) -> Option<&str> {
    let (prefix, rest) = source.split_at_checked(7)?;
    let nonce = rest.strip_suffix('\'').filter(|_| prefix.eq_ignore_ascii_case("'nonce-"))?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+/-_=".contains(&byte);
    (!nonce.is_empty() && nonce.bytes().all(allowed)).then_some(nonce)
}

/// Without randomness the page works as without the script.
fn random_nonce() -> Option<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).ok()?;
    Some(STANDARD.encode(bytes))
}

#[cfg(test)]
#[path = "csp_tests.rs"]
mod tests;
