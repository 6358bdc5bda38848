//! The pages, a file each.

pub(crate) mod about;
pub(crate) mod compare;
pub(crate) mod data;
pub(crate) mod home;
pub(crate) mod list;
pub(crate) mod map;
pub(crate) mod monitoring;
pub(crate) mod offer;
pub(crate) mod prose;
pub(crate) mod provider;
pub(crate) mod providers;
pub(crate) mod ranking;
pub(crate) mod releases;
pub(crate) mod search;
pub(crate) mod suggest;
