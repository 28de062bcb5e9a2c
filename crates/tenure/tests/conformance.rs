//! The public suite as the author of a store uses it: from another crate.

use tenure::store::MemoryStore;

tenure::conformance_tests!((MemoryStore::new(), ()));
