//! The key ring: which keys make and check tokens, and which seal what is stored.
//!
//! * [`ring`]: the ring in memory, with one current key and the older ones that still open.
//! * [`seal`]: sealing a value for storage (AEAD).
//! * [`mod@file`]: the ring as a file that only its owner may read.

pub mod file;
pub mod ring;
pub mod seal;

pub use file::KeyFileError;
pub use ring::{KeyInfo, KeyRing, SharedKeys};
pub use seal::{Purpose, SealError};
