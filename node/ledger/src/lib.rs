//! What one provider has published of one period, who is in it, and what may come next.
//!
//! # For the data-protection officer
//!
//! **What it does.** An import gives what each person adds to each number of the tables. This crate decides which
//! persons and which numbers go into the next *revision*, proves that nobody can work out a hidden number from
//! all revisions together, and remembers what it has to remember to decide the next time. It is pure: no file, no
//! clock, no log, no network. It cannot send anything; what it proposes is published by its caller, and can be
//! [held](Ledger::hold) until a person has seen it.
//!
//! **What is kept.** For each person her keyed hash ([`calluna_figures::identity`]) and what she added to which number,
//! from which revision on. Those are pseudonymous, personal data: the store of the node must be treated so. They are needed
//! because "who is new since revision 7" cannot be answered without them. [`Ledger::settle`] forgets them when the time for
//! corrections is over; the revisions stay. [`Ledger::encode_public`] holds no person and no hidden number.
//!
//! # Rules
//!
//! Let v(i, c) be what person i adds to number c, k = 5, t = 5 (10 in sensitive subjects).
//!
//! ```text
//! shown(c)      only if  sum v(i, c) >= t  and  |{ i : v(i, c) > 0 }| >= t     (the first time: >= max(t, k) persons)
//! rule N        for revisions a, b and every number or residual c that both show:
//!               |{ i : v_a(i, c) != v_b(i, c) }| = 0 or >= k,   and   |value_b - value_a| = 0 or >= k
//! residual      a shown sum minus its shown parts
//! nights        v(i, c) only grows; whoever changed otherwise or left waits for the close
//! proof         every hidden number can have two values at least t - 1 apart  (calluna_protect)
//! ```
//!
//! Two nights obey rule N because neighbours do and numbers only grow ([`calluna_protect::batch`]). The close
//! and corrections are compared with every earlier revision by itself, by persons and by value.
//!
//! | threat | answer | where |
//! |---|---|---|
//! | few persons in a number, or one with many registrations | threshold by value and by persons | `search` |
//! | zeros speak | hidden unless the catalogue shows that nothing is offered; a zero that was hidden once stays hidden | `decide` |
//! | two nights compared | rule N over numbers and residuals; the largest batch | `search` |
//! | cancelled, moved, completed since | waits for the close; there against every earlier revision | `against` |
//! | hidden yesterday, shown today | shown stays shown; a hidden number may appear at every fifth revision; the proof runs over all nights | `chain` |
//! | hidden numbers worked out | complements, proved by linear programs against whole tables | `chain`, `calluna_protect` |
//! | persons beside enrolments | one mask for both of a place | `search` |
//! | parts beside a hidden sum | nothing is shown below a hidden number | `search` |
//! | left out and worked out | what is left out beside published parts is protected like anything hidden | `chain` |
//! | the program errs | [`calluna_evidence::broken()`], which shares no code with the search, has the last word | `decide` |
//!
//! # What is not promised
//!
//! * Nothing about somebody who knows several persons of one number, or knows what stands outside the tables.
//! * Rule N counts persons as the import tells them apart. One who counts as two helps to make up k.
//! * A final revision is proved by itself. What the nights showed it shows too, and where nothing changed it says
//!   the same; that a hidden number of a night and of the close are nearly equal is not used by the proof.
//! * That a level of a table is left out tells that little of it could have been shown; how many persons
//!   wait is told in tens.
//! * The choice of complements depends on the true numbers by their cost (a minimality attack may exclude some tables).
//! * A correction may be refused for good: who alone would move a number from one shown value to another
//!   waits for four others, if need be for ever. `waiting` is the known error.
//! * A proof that does not come within the budget means a coarser table or no revision; never an unproved one.
//!
//! # Use
//!
//! ```
//! use calluna_ledger::Ledger;
//!
//! let ledger = Ledger::new("2026-Q3".parse()?);
//! // let decision = ledger.decide(&asked)?;            what the next revision would be
//! // ledger.publish(proposal)?; keep ledger.encode(); then send
//! let again = Ledger::decode(&ledger.encode(), 0)?;
//! assert!(again.revisions().is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | module | holds |
//! |---|---|
//! | `history` | who was counted with what in which revision; sums and changes |
//! | `decide` | one decision, from question to proposal |
//! | `search` | who may appear and what may be seen, each depending on the other |
//! | `levels` | what is left out because it would say nothing, or could not be proved |
//! | `against` | a close against every earlier revision |
//! | `chain` | all nights as one small system for the proof |
//! | `outlook` | what a person is told of it |
//! | `codec`, `bytes` | as bytes and back |

mod against;
mod bytes;
mod chain;
mod codec;
mod decide;
mod fault;
mod history;
mod ledger;
mod levels;
mod outlook;
mod search;

pub use decide::{Asked, Decision, Occasion, Proof, Proposal, Why};
pub use fault::{Damaged, Fault};
pub use ledger::{Ledger, Seal};
pub use outlook::{Outlook, Rounded, TableOutlook, Waiting};
