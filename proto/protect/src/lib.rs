//! Which figures may be shown. Draft of the page for data-protection officers below.

pub mod batch;
mod oracle;
mod primary;
mod proof;
mod space;
mod suppress;
mod system;

pub use primary::{Mask, is_dominated, is_unsafe};
pub use proof::{Audit, Budget, Memory, prove};
pub use space::Attacker;
pub use suppress::{Verdict, loss, protect};
pub use system::{Cell, CellId, InvalidSystem, Standing, System, cost};
