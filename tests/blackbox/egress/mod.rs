//! `tenure egress` as operators and their accounts meet it: the built binary, and curl.

mod host;
mod life;
mod microsocks;
mod reach;
