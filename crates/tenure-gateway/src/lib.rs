//! The Tenure gateway: what stands in front of an application, and what people see of it.

pub mod assets;
pub mod browser;
pub mod pages;
pub mod web;
