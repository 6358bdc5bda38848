//! Which figures may be shown, and who may appear in them tonight: written for the data-protection officer.
//!
//! A provider counts registrations into tables: participants by subject area and age, completions by
//! municipality, and so on. A count is not a name; but a count of one is a person, and two large counts
//! whose difference is one are a person as well. This crate decides which counts are hidden so that nobody
//! can work out a small one, *proves* the decision, and decides which changes a night may publish. It
//! knows no person, no dimension and no file: it sees numbers, sums and (for rule N) numbers that stand for
//! persons. It cannot log, store or send anything.
//!
//! # What is promised
//!
//! For every hidden number v, over everything published in all tables and revisions handed in together,
//! there are two tables of whole numbers that agree with all of it and whose values of v differ by at least
//!
//! ```text
//! W = t - 1        (t = 5 persons: 0 and 4 both stay possible; t = 10 in sensitive subjects)
//! ```
//!
//! Nobody who knows what [`Attacker`] describes can exclude either. The two tables are found by a linear
//! program and *checked in whole-number arithmetic*: an error of floating-point numbers can cost
//! a figure, it cannot disclose one ([`prove`]). What is not proved within the [`Budget`] is
//! not published: [`Verdict::Coarsen`] carries no mask.
//!
//! For the nights: between any two versions every number that can be seen or worked out differs by nobody or by at
//! least k = 5 persons ([`batch`]).
//!
//! # Threats and answers
//!
//! | | Threat | Example | Answer | Where |
//! |---|---|---|---|---|
//! | T1 | a small cell | two women above 65 from one village in a literacy course | `0 <= x < t` is hidden; t = 5, 10 where sensitive; zero too | [`is_unsafe`] |
//! | T2 | differences of margins | total minus the shown parts | further cells are hidden until every interval is at least W wide | [`protect`], [`prove`] |
//! | T3 | empty cells speak | a row with one filled cell: the cell is the margin | zeros are hidden like 1 to t-1 unless structural: the public catalogue has no offer there | [`Cell::structural`] |
//! | T4 | two nights compared | 57 becomes 58: one newcomer, fully described | rule N: a batch touches each cell by 0 or >= k persons, residuals included | [`batch::largest_batch`] |
//! | T5 | hidden yesterday, shown today | 2 yesterday, 7 today, complement unchanged | shown at most once and never hidden again; the proof runs over all revisions, "numbers only grow" granted to the attacker | [`Standing`], [`System::succeed`] |
//! | T6 | who is inside knows more | a provider knows his own five and computes the neighbour's one | thresholds are known to the attacker; [`Attacker::INSIDER`] also knows the largest contribution to every cell | [`Attacker`] |
//! | T7 | dominance | one provider has nine tenths of the hours | p % rule, `X - x1 - x2 < p/100 x1` is unsafe, at least 3 contributors | [`is_dominated`] |
//! | T8 | complement measures | 20 took part, 19 completed | p, c and p - c are each a structural zero or >= t; one mask for all numbers of a cell | [`System::new`], [`Mask`] |
//!
//! T9 (node and hub publish about the same) is answered by handing both publications in as one [`System`]:
//! the hub does so, with [`Cell::unseen`] for what it does not know, and needs no secret. A district total that is not
//! shown as a value is left out rather than added unseen: it says nothing, and would tie all providers into one
//! large question where each is a small one. T13 (the status code
//! tells small from complement) by there being one mask.
//!
//! # Formulas
//!
//! Primary: cell c is unsafe iff some measure or complement x of it, not structural, has `0 <= x < t_c`. A total
//! has at least the threshold of its parts. Complement: choose the set S of hidden cells that keeps
//! `sum of cost(c) over S` low with, for every number y of a cell in S,
//!
//! ```text
//! max y - min y >= W   over   A y = what is published,  greater = lesser + complement,  y >= 0,
//!                             y <= t - 1 where y is small,  earlier <= later,  y whole
//! ```
//!
//! `cost(c) = log(1 + x)`, margins ten times ([`cost`]). Where the attacker's knowledge of a number *alone* leaves
//! less than W, that much must remain: what is known without us cannot be given away by us.
//!
//! # What is not promised
//!
//! * That a table is worth showing. Where it has fewer than t persons per cell on average nearly everything is hidden and
//!   the proof takes long: join categories first.
//! * Nothing about someone who knows *several* persons of one cell, or what stands outside the tables.
//! * The search is deterministic and public; whoever repeats it for every candidate table may exclude some (a
//!   minimality attack). Secondary cells are chosen by costs that depend on hidden values only through the cost of a
//!   hidden cell; publishing one status code leaves him to guess which is which.
//! * With values that only the node knows, growth is granted where it is true; the hub grants it only
//!   between values it knows.
//! * Rule N counts persons, so it needs all registrations of a person under one number.
//!
//! # Sources
//!
//! Threats, figures and the comparison with other systems: PRIVACY.md of this project. Linear programs as
//! audit of cell suppression and cycles as remedy: Fischetti and Salazar-González, "Models and algorithms for the
//! 2-dimensional cell suppression problem", Math. Programming 84 (1999); Kelly, Golden, Assad, "Cell suppression:
//! disclosure protection for sensitive tabular data", Networks 22 (1992); Hundepool et al., "Statistical
//! Disclosure Control", Wiley 2012 (thresholds, p % rule, singletons; tau-Argus). k-core: Seidman,
//! "Network structure and minimum degree", Social Networks 5 (1983). The titles are given from knowledge; none was
//! at hand when this was written.
//!
//! # How it is used
//!
//! ```
//! use calluna_protect::{Attacker, Budget, Cell, Memory, System, Verdict, protect};
//!
//! // Participants and completions; completions are a part of participants.
//! let mut system = System::new(2, &[(1, 0)]);
//! let women = system.add(Cell::counted(&[3, 1]))?;
//! let men = system.add(Cell::counted(&[30, 20]))?;
//! let all = system.add(Cell::counted(&[33, 21]))?;
//! system.sum(all, &[women, men])?;
//! let verdict = protect(&system, Attacker::OUTSIDER, &mut Budget::default(), &mut Memory::default());
//! let Verdict::Proved { mask, audit } = verdict else { return Ok(()) };
//! assert!(mask.hides(women) && (mask.hides(men) || mask.hides(all)));
//! assert_eq!((audit.exact, audit.narrower), (0, 0));
//! # Ok::<(), calluna_protect::InvalidSystem>(())
//! ```

pub mod batch;
mod cell;
mod invalid;
mod oracle;
mod pool;
mod primary;
mod proof;
mod space;
mod suppress;
mod system;

pub use cell::{Cell, CellId, Standing, cost};
pub use invalid::InvalidSystem;
pub use primary::{Mask, is_dominated, is_unsafe};
pub use proof::{Audit, Budget, Memory, prove};
pub use space::Attacker;
pub use suppress::{Verdict, loss, protect};
pub use system::System;
