//! A browser without a screen: cookies, navigations, fetches and forms.

use std::io;
use std::net::SocketAddr;

use crate::forms::Form;
use crate::http::{Connection, Request, Response};

/// A person's browser, at one site.
#[derive(Debug)]
pub struct Browser {
    address: SocketAddr,
    authority: String,
    /// Its cookies: names and values, in the order of their arrival.
    pub cookies: Vec<(String, String)>,
    connection: Option<Connection>,
}

/// How many redirects a browser of the tests follows before it calls them a loop.
const REDIRECTS: usize = 8;

impl Browser {
    /// A new browser that visits this address.
    pub fn new(address: SocketAddr) -> Self {
        Self { address, authority: address.to_string(), cookies: Vec::new(), connection: None }
    }

    /// The value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// Sets a cookie, or removes it with an empty value.
    pub fn set_cookie(&mut self, name: &str, value: &str) {
        self.cookies.retain(|(found, _)| found != name);
        if !value.is_empty() {
            self.cookies.push((name.into(), value.into()));
        }
    }

    /// A copy of its cookies, as a thief would make it.
    pub fn clone_cookies(&self) -> Vec<(String, String)> {
        self.cookies.clone()
    }

    /// Goes to a page, and follows no redirect.
    ///
    /// # Panics
    /// No answer comes. So do all the other methods.
    pub fn get(&mut self, path: &str) -> Response {
        self.send(Self::navigation(Request::new("GET", path)))
    }

    /// Goes to a page and follows redirects of this site to the end.
    pub fn visit(&mut self, path: &str) -> Response {
        let response = self.get(path);
        self.follow(response)
    }

    /// Follows redirects of this site to the end.
    pub fn follow(&mut self, mut response: Response) -> Response {
        let mut trail = Vec::new();
        while response.status == 303 || response.status == 302 {
            assert!(trail.len() < REDIRECTS, "a loop of redirects: {trail:?}");
            let path = self.path_of(response.location());
            trail.push(path.clone());
            response = self.get(&path);
        }
        response
    }

    /// Sends a form of a page of this site, and follows no redirect.
    pub fn submit(&mut self, form: &Form) -> Response {
        self.send(self.submission(form))
    }

    /// The request that sends a form of a page of this site.
    pub fn submission(&self, form: &Form) -> Request {
        let request = Request::new("POST", &form.action)
            .with("Content-Type", "application/x-www-form-urlencoded")
            .with("Origin", format!("http://{}", self.authority))
            .body(form.encode());
        Self::navigation(request)
    }

    /// A request by a script of a page of this site.
    pub fn fetch(&mut self, method: &str, path: &str) -> Response {
        self.fetch_with(Request::new(method, path))
    }

    /// A request by a script of a page of this site, with headers and a body of its own.
    pub fn fetch_with(&mut self, request: Request) -> Response {
        self.send(self.scripted(request))
    }

    /// A request as a script of a page of this site makes it.
    pub fn scripted(&self, request: Request) -> Request {
        request
            .with("Accept", "*/*")
            .with("Sec-Fetch-Mode", "cors")
            .with("Sec-Fetch-Site", "same-origin")
            .with("Sec-Fetch-Dest", "empty")
            .with("Origin", format!("http://{}", self.authority))
    }

    /// Sends a request with `Host`, `User-Agent` and the cookies added, and keeps the cookies that come.
    pub fn send(&mut self, request: Request) -> Response {
        let what = format!("{} {}", request.method, request.target);
        self.try_send(request).unwrap_or_else(|error| panic!("{what} at {}: {error}", self.address))
    }

    /// As [`Browser::send`], for a server that may be killed meanwhile.
    ///
    /// # Errors
    /// No whole answer came.
    pub fn try_send(&mut self, request: Request) -> io::Result<Response> {
        let request = self.dress(request);
        let response = self.exchange(&request)?;
        for cookie in response.all("set-cookie") {
            self.keep(cookie);
        }
        if response.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close")) {
            self.connection = None;
        }
        Ok(response)
    }

    /// A request as this browser would send it, for tests that speak to a connection of their own.
    pub fn dress(&self, mut request: Request) -> Request {
        let mut headers = vec![
            ("Host".to_owned(), self.authority.clone()),
            (
                "User-Agent".to_owned(),
                "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0".into(),
            ),
        ];
        headers.append(&mut request.headers);
        if !self.cookies.is_empty() {
            let cookies: Vec<_> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            headers.push(("Cookie".into(), cookies.join("; ")));
        }
        request.headers = headers;
        request
    }

    /// Fills in the sign-in form as this person and sends it.
    pub fn try_sign_in(&mut self, path: &str, username: &str, password: &str) -> Response {
        let page = self.visit(path);
        assert_eq!(page.status, 200, "the sign-in page: {}", page.text());
        let form = Form::find(&page.text(), "/sign-in").fill("username", username).fill("password", password);
        self.submit(&form)
    }

    /// Signs in at the gateway's sign-in page.
    pub fn sign_in(&mut self, username: &str, password: &str) {
        let response = self.try_sign_in("/.tenure/sign-in", username, password);
        assert_eq!(response.status, 303, "signing in: {}", response.text());
        assert!(self.cookie("tenure").is_some(), "a sign-in sets the cookie: {:?}", response.headers);
    }

    /// Unlocks the session of this browser with a password.
    pub fn try_unlock(&mut self, password: &str) -> Response {
        let page = self.visit("/.tenure/unlock");
        assert_eq!(page.status, 200, "the unlock page: {}", page.text());
        let form = Form::find(&page.text(), "/unlock").fill("password", password);
        self.submit(&form)
    }

    /// A request as a person who navigates makes it.
    pub fn navigation(request: Request) -> Request {
        request
            .with("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
            .with("Sec-Fetch-Mode", "navigate")
            .with("Sec-Fetch-Site", "same-origin")
            .with("Sec-Fetch-Dest", "document")
    }

    /// Uses the open connection; a server may have closed it since, and then a new one is opened, once.
    fn exchange(&mut self, request: &Request) -> io::Result<Response> {
        if let Some(mut connection) = self.connection.take()
            && let Ok(response) = connection.exchange(request)
        {
            self.connection = Some(connection);
            return Ok(response);
        }
        let mut connection = Connection::open(self.address)?;
        let response = connection.exchange(request)?;
        self.connection = Some(connection);
        Ok(response)
    }

    fn keep(&mut self, cookie: &str) {
        let mut parts = cookie.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { return };
        let removed = parts.any(|attribute| attribute.eq_ignore_ascii_case("max-age=0"));
        self.set_cookie(name, if removed { "" } else { value });
    }

    fn path_of(&self, location: &str) -> String {
        let origin = format!("http://{}", self.authority);
        let path = location.strip_prefix(&origin).unwrap_or(location);
        assert!(
            path.starts_with('/') && !path.starts_with("//"),
            "a redirect away from this site: {location}"
        );
        path.split('#').next().unwrap_or_default().to_owned()
    }
}
