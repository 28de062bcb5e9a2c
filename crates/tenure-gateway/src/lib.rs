//! The Tenure gateway.

pub mod web;
