//! What the operator can see of a running process. Set up once, in `main`.
//!
//! Only logs so far; metrics and traces get their own files beside [`log`].

pub mod log;

pub use log::{LogError, LogGuard, LogOptions, start_logging};
