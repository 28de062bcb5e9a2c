//! Runs the sample application on its own, on the loopback address.

use std::io::{self, Write};
use std::time::Duration;

use clap::Parser;
use tokio::net::TcpListener;

/// Harbour Supply, the sample application of Tenure.
///
/// It believes the identity headers of whoever connects, so it listens on the loopback address only and is to be
/// reached through a gateway.
#[derive(Parser)]
#[command(name = "shop", version, after_help = "Example: shop --port 3000")]
struct Arguments {
    /// The port to listen on; 0 takes a free one
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// The pause between two words of a chat reply, in milliseconds
    #[arg(long, default_value_t = 40)]
    word_interval: u64,
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    let listener = TcpListener::bind(("127.0.0.1", arguments.port)).await.map_err(|error| {
        io::Error::new(
            error.kind(),
            format!("cannot listen on port {}: {error}. Choose another with --port.", arguments.port),
        )
    })?;
    writeln!(io::stdout(), "http://{}", listener.local_addr()?)?;
    let options = tenure_shop::Options {
        word_interval: Duration::from_millis(arguments.word_interval),
        ..tenure_shop::Options::default()
    };
    tenure_shop::serve_with(listener, options, stopped()).await
}

/// Completes when the process is asked to stop. Where signals can't be watched it never does, and the process
/// ends in the default way.
async fn stopped() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                Ok(()) = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
