//! Runs the sample application on its own.
fn main() {}
