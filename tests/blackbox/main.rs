//! The built `tenure` through its public interfaces: HTTP, its commands, its configuration, its logs.

#![allow(clippy::unwrap_used, reason = "whatever fails here fails the test")]

mod apache;
mod application;
mod caddy;
mod commands;
mod configuration;
mod cookies;
mod crash;
mod disk;
mod doctor;
mod drafts;
mod egress;
mod envoy;
mod forward_auth;
mod haproxy;
mod kept;
mod languages;
mod life;
mod limits;
mod nginx;
mod openapi;
mod packaging;
mod reports;
mod support;
mod tls;
mod traefik;
mod triggers;
mod world;
