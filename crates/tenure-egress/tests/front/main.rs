//! The front as applications meet it, over a way that goes straight to 127.0.0.1.

mod http;
mod socks;
mod world;
