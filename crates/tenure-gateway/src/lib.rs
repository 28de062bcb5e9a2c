//! The Tenure gateway: what stands between browsers and an application.

pub mod net;
pub mod proxy;
pub mod web;
