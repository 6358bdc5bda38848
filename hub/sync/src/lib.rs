//! One provider's night as decisions without input or output.
//!
//! The hub's driver fetches, stores and sends; what to do next, and whether what came is
//! acceptable, is decided here, so that every history can be tested without a socket.
//!
//! | question | answered by |
//! |---|---|
//! | when does a night begin? | [`schedule::Schedule`], [`timetable::Timetable`] |
//! | how long until the next attempt? | [`retry::Retry`] |
//! | where do we begin? | [`step::first_step`] |
//! | does this batch follow the one before, within the limits? | [`stream::StreamCheck`] |
//! | does this listing prove what the head says? | [`listing::ListingCheck`] |
//! | what differs between the listing and what we hold? | [`listing::Difference`] |
//! | do both sides agree? | [`verify::verify`] |
//! | may it be shown, or must a person look first? | [`hold::hold`] |
//! | have offers only changed their ids? | [`rekey::again`] |
//! | how did it end? | [`verify::outcome`] |

pub mod hold;
pub mod listing;
pub mod rekey;
pub mod retry;
pub mod schedule;
pub mod step;
pub mod stream;
pub mod timetable;
pub mod verify;
