//! Reading tables of `tenure.toml`: strictly, with every problem told at once, by file and line.
//!
//! * [`keys`]: a table and its keys, one line each; reading, messages, the reference and the schema come from them.
//! * [`value`]: what values look like.
//! * [`read`]: collecting settings from a file and the environment, each with where it comes from.
//! * [`problem`]: what is wrong.
//! * [`mod@reference`]: the tables for people and for editors.

pub mod keys;
pub mod problem;
pub mod read;
pub mod reference;
pub mod value;

pub use keys::{Key, Table};
pub use problem::{ConfigError, Place, Problem};
pub use read::{Item, Origin, Row, Setting, Settings, Source};
pub use value::{Kind, Value};
