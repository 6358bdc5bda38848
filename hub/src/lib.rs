//! The hub: collects what the providers of a district publish, and keeps it.
//!
//! # Architecture
//! Arrows point down: `cli` → `check` → `run` → {`service`, `night`, `link`} → `report` → `view` → {`ca`, `upkeep`} →
//! `members` → `backup` → `hub` → {`convert`, `current`, `audit`, `trust`, `tries`, `letter`} → `config`.
//!
//! | module | does |
//! |---|---|
//! | [`ca`] | the life of the district's authority: what is due, what the operator asks |
//! | [`config`] | `hub.toml` |
//! | [`backup`] | one file of the whole hub, and a hub from it |
//! | [`convert`] | opens the store, and puts one of another engine in its place |
//! | [`current`] | the night that runs: one at a time, and how it is ended |
//! | [`hub`] | opens a data directory: settings, keys, store |
//! | [`members`] | invites, enrols, renews, decides whose certificate is good |
//! | [`revoke`] | puts a member out: connections, certificates, offers |
//! | [`trust`] | authority, own certificate, TLS configurations; exchanged as a whole |
//! | [`upkeep`] | what is renewed without being asked |
//! | [`view`] | the documents that `status` and `members` show |
//! | [`tries`] | who tries tokens that do not fit, and how often |
//! | [`letter`] | an invitation on paper: the token, also as a QR code, and the steps |
//! | [`link`] | provider → gRPC channel, whichever side opened the connection |
//! | [`night`] | performs the steps of `calluna-sync` with real calls; decides nothing itself |
//! | [`report`] | the morning report: in words, by mail, to an address |
//! | [`download`] | the catalogue as files that everybody may fetch |
//! | [`release_files`] | the files of the releases of the dataset, for everybody |
//! | [`export`] | the catalogue row by row, in a format of `calluna-catalogue` |
//! | [`pages`] | the public side put together: readers, search, interface, listener |
//! | [`web`] | the listener of pages and interface: slow, many and greedy clients |
//! | [`finder`] | the search index: opened, brought up to date, asked |
//! | [`demand`] | searches that found nothing, counted |
//! | [`duplicates`] | the same offer from two providers, and the operator's word on it |
//! | [`readers`] | what readers of the catalogue see: pages, interface, search |
//! | [`held`] | nights that a guard holds back, and the operator's word on them |
//! | [`audit`] | records what happens, in the same write as the change itself |
//! | [`trail`] | the audit log for whoever reads or verifies it |
//! | [`quarantine`] | the refused records, one by one |
//! | [`service`] | gRPC adapters: Membership for joining nodes, HubControl for the command line |
//! | [`run`] | puts it together, starts and stops it in order |
//! | [`check`] | everything that a hub needs, looked at; what is wrong, and the way out |
//! | [`cli`] | one file per command; each works through the daemon or, without one, on the store |
//!
//! One port serves everything that nodes need; the ALPN name decides before the handshake which
//! door it is: `calluna-enrol/1` (no valid client certificate; `Enrol`, `Greet`, and `Renew` for one
//! that expired), `h2` (mutual TLS: `Renew`, `GetTrustBundle`), `calluna-rev/1` (mutual TLS; the roles
//! then swap: the node serves, the hub calls).
//!
//! The data directory holds `hub.toml`, the authority and the hub's own key (mode 0600), the
//! store, and the control socket; `audit.key` signs the audit log, `audit.pub` is its public half,
//! `audit.head` says where the log ends.

pub mod audit;
pub mod backup;
pub mod ca;
pub mod check;
pub mod cli;
pub mod config;
pub mod convert;
pub mod current;
pub mod dataset;
pub mod demand;
pub mod desk;
pub mod download;
pub mod duplicates;
pub mod export;
pub mod figures;
pub mod finder;
pub mod gaps;
pub mod held;
pub mod hub;
pub mod letter;
pub mod link;
mod listen;
pub mod members;
pub mod newest;
pub mod night;
pub mod pages;
pub mod quarantine;
pub mod readers;
pub mod release_files;
pub mod report;
pub mod revoke;
pub mod run;
pub mod service;
pub mod trail;
pub mod tries;
pub mod trust;
pub mod upkeep;
pub mod view;
pub mod web;
