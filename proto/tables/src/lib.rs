//! The participation tables that every node and the hub of a district share: what is counted, by
//! what, and where each number stands. It holds no count and knows no person.
//!
//! | module | holds |
//! |---|---|
//! | [`region`], [`subject`], [`facts`] | municipalities, subject areas, what an offer gives |
//! | [`dimension`], [`measure`], [`table`] | what is counted, by what, with definition and source |
//! | [`period`] | a quarter |
//! | [`layout`] | the place of every cell, the same whatever the data |
//! | [`web`] | the different *numbers* of all tables, and the sums that tie them together |
//! | [`revision`] | what one provider publishes of one period at one time: the numbers, or that they are hidden |
//! | [`rules`] | thresholds and batch size, and which subjects are sensitive |

pub mod dimension;
pub mod facts;
pub mod layout;
pub mod measure;
pub mod period;
pub mod region;
pub mod revision;
pub mod rules;
pub mod subject;
pub mod table;
pub mod web;

pub use self::dimension::{Dim, Dimension};
pub use self::facts::OfferFacts;
pub use self::layout::Layout;
pub use self::measure::Measure;
pub use self::period::Period;
pub use self::region::Region;
pub use self::revision::{Kind, Revision, Shown};
pub use self::rules::Rules;
pub use self::subject::Subjects;
pub use self::table::{TABLES, Table, When};
pub use self::web::Web;
