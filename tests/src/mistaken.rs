//! An nginx that is set up wrongly in one way, in front of a gateway.

use std::net::SocketAddr;

use crate::front::Front;

/// What an nginx in front of a gateway should say, a line each.
const RIGHT: &str = "\
    listen {listen};
    client_max_body_size 0;
    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_set_header Forwarded \"\";
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-Host $http_host;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $to_gateway;
    proxy_buffering off;
";

/// What becomes of the lines that should be there.
#[derive(Debug, Default)]
pub struct Mistake {
    without: Vec<String>,
    with: String,
    more: String,
}

impl Mistake {
    /// None at all.
    pub fn none() -> Self {
        Self::default()
    }

    /// Leaves out the line that begins so.
    #[must_use]
    pub fn without(mut self, line: &str) -> Self {
        self.without.push(line.into());
        self
    }

    /// Adds a line to the server.
    #[must_use]
    pub fn with(mut self, line: &str) -> Self {
        self.with.push_str(line);
        self.with.push('\n');
        self
    }

    /// Adds a line outside of the server.
    #[must_use]
    pub fn with_outside(mut self, line: &str) -> Self {
        self.more.push_str(line);
        self.more.push('\n');
        self
    }

    /// nginx at this address, which passes what begins with `location` on to the gateway.
    ///
    /// # Panics
    /// nginx is not installed or does not start, or a line that is left out was not there.
    pub fn start(&self, address: SocketAddr, gateway: SocketAddr, location: &str) -> Front {
        for line in &self.without {
            assert!(RIGHT.contains(line), "there is no line {line}");
        }
        let kept =
            |line: &&str| !self.without.iter().any(|gone| line.trim_start().starts_with(gone.as_str()));
        let lines = RIGHT.lines().filter(kept).collect::<Vec<_>>().join("\n");
        let lines = lines.replace("{listen}", &address.to_string());
        let Self { with, more, .. } = self;
        Front::nginx_as_written(
            address,
            &format!(
                "user root;\npid nginx.pid;\nerror_log stderr warn;\nevents {{ }}\nhttp {{\n  access_log off;\n  \
                 map $http_upgrade $to_gateway {{ default upgrade; \"\" \"\"; }}\n{more}  server {{\n{lines}\n{with}\n    \
                 location {location} {{ proxy_pass http://{gateway}; }}\n  }}\n}}\n"
            ),
        )
    }
}
