//! The Tenure gateway: what stands between browsers and an application, and what people see of it.

pub mod assets;
pub mod browser;
pub mod net;
pub mod pages;
pub mod proxy;
pub mod web;
