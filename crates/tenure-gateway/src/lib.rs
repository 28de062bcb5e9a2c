//! The Tenure gateway: what stands between browsers and an application, and what people see of it.

pub mod accounts;
pub mod admin;
pub mod assets;
pub mod browser;
pub mod config;
pub mod edge;
pub mod kept;
pub mod language;
pub mod metrics;
pub mod net;
pub mod pages;
mod per_thread;
pub mod proxy;
pub mod reports;
pub mod server;
pub mod web;
