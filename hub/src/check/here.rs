//! What is decided about this machine and the certificates.

use std::path::Path;

use calluna_certs::CertificateFacts;
use calluna_host::check::{Fault, Finding, Level, disk_level};
use calluna_host::config::ConfigError;
use calluna_host::out::human_bytes;
use calluna_model::clock::Moment;
use calluna_model::member::MemberState;
use calluna_sync::schedule::Schedule;

use crate::config::HubConfig;
use crate::view::MemberDocument;

const DAY: i64 = 86_400;
/// The authority's certificate: replacing it takes as long as the slowest member.
pub(super) const AUTHORITY_WARNING: i64 = 365;
pub(super) const AUTHORITY_FAILURE: i64 = 30;
/// The hub's own certificate: with fewer days nobody has time to find out why it was not renewed.
pub(super) const HUB_FAILURE: i64 = 3;
/// A member's certificate with fewer days left should have been renewed long before.
pub(super) const MEMBER_WARNING: i64 = 7;
/// Beginnings of nights that are looked at for the hour that does not always exist.
const BEGINNINGS: usize = 40;
/// Most files or providers that are named one by one.
const SHOWN: usize = 20;

/// `hub.toml`, and when nights begin.
pub(super) fn settings(config: &Result<HubConfig, ConfigError>, now: Moment) -> Vec<Finding> {
    let config = match config {
        Ok(config) => config,
        Err(error) => {
            let what = "the settings cannot be used";
            return vec![Finding::failure("settings", what, error.to_string())];
        }
    };
    let read = Finding::ok("settings", "hub.toml can be read and is complete");
    let night = match config.night.schedule() {
        Err(error) => Finding::failure("schedule", "nights cannot begin", error.to_string()),
        Ok(None) => Finding::note(
            "schedule",
            "nights begin by hand only (night.schedule is off)",
        ),
        Ok(Some(schedule)) => begins(&schedule, &config.night.time_zone, now),
    };
    vec![read, night]
}

fn begins(schedule: &Schedule, zone: &str, now: Moment) -> Finding {
    let all = std::iter::successors(schedule.after(now), |last| schedule.after(*last));
    let in_the_gap = all
        .take(BEGINNINGS)
        .any(|begin| schedule.local(begin).contains(" 02:"));
    let next = schedule.after(now).map(|next| schedule.local(next));
    let next = next.unwrap_or_else(|| "never".to_owned());
    let what = format!("the next night begins {next} ({})", schedule.pattern());
    if zone == "Europe/Berlin" && in_the_gap {
        return Finding::warning(
            "schedule",
            format!(
                "{what}; between 02:00 and 02:59 an hour is missing in March and comes twice in October"
            ),
            "choose another hour: schedule = \"17 3 * * *\" under [night] in hub.toml is 03:17",
        );
    }
    Finding::ok("schedule", what)
}

/// Private files: nobody else may read them. The control socket has a name of its own.
pub(super) fn modes(faults: &[Fault]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = faults.iter().take(SHOWN).map(fault).collect();
    let more = faults.len().saturating_sub(SHOWN);
    if more > 0 {
        findings.push(Finding::note(
            "file-modes",
            format!("… and {more} more files"),
        ));
    }
    if findings.is_empty() {
        let what = "directory, keys and control socket are for their owner alone";
        findings.push(Finding::ok("file-modes", what));
    }
    findings
}

fn fault(fault: &Fault) -> Finding {
    match fault {
        Fault::Exposed { path, mode, wanted } => {
            let socket = path.extension().is_some_and(|end| end == "sock");
            Finding::failure(
                if socket {
                    "control-socket"
                } else {
                    "file-modes"
                },
                format!(
                    "other users can read or change {} (mode {mode:04o})",
                    path.display()
                ),
                format!("run: chmod {wanted:o} '{}'", path.display()),
            )
        }
        Fault::Foreign {
            path,
            owner,
            expected,
        } => Finding::warning(
            "file-owner",
            format!(
                "{} belongs to user {owner}, but the data directory to {expected}: the daemon may be unable to read it",
                path.display()
            ),
            format!("run: chown {expected} '{}'", path.display()),
        ),
    }
}

/// Room on the disk; the store's reserve is taken from it already.
pub(super) fn disk(dir: &Path, free: Option<u64>, reserve_mib: u64) -> Finding {
    let place = dir.display();
    let Some(free) = free else {
        let what = format!("the file system of {place} does not say how much of it is free");
        return Finding::note("disk", what);
    };
    let what = format!(
        "{} free where {place} lies, beside the reserve of {reserve_mib} MiB",
        human_bytes(free)
    );
    let level = disk_level(Some(free));
    let way_out = if level >= Level::Warning {
        "make room on this disk; on a full one readers see the last whole night, and no new one is taken"
    } else {
        ""
    };
    Finding::new("disk", level, what, way_out)
}

/// Whether the system says that its clock is set from the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClockSync {
    Yes,
    No,
    Unknown,
}

pub(super) fn clock(sync: ClockSync) -> Finding {
    match sync {
        ClockSync::Yes => Finding::ok(
            "clock-synchronised",
            "the system's clock is set from the network",
        ),
        ClockSync::No => Finding::warning(
            "clock-synchronised",
            "systemd-timesyncd runs, but has not set the clock yet",
            "look whether it reaches its time servers: timedatectl timesync-status",
        ),
        ClockSync::Unknown => Finding::note(
            "clock-synchronised",
            "whether the clock is set from the network is unknown here (no systemd-timesyncd); `chronyc tracking` or `ntpq -p` may say it",
        ),
    }
}

/// The district's authority.
pub(super) fn authority(ca: &CertificateFacts, now: Moment) -> Finding {
    let (days, until) = (ca.days_left(now), ca.not_after);
    let what = format!(
        "the authority `{}` is valid for {days} more days (until {until})",
        ca.subject
    );
    let way_out =
        "introduce a new authority beside it while there is time: every member has to move over";
    if days < AUTHORITY_FAILURE {
        Finding::failure("authority-certificate", what, way_out)
    } else if days < AUTHORITY_WARNING {
        Finding::warning("authority-certificate", what, way_out)
    } else {
        Finding::ok("authority-certificate", what)
    }
}

/// The hub's own certificate. It is renewed when a third of its life is left, so a day later it
/// should have been.
pub(super) fn own(own: &CertificateFacts, now: Moment) -> Finding {
    let (days, until) = (own.days_left(now), own.not_after);
    if now < own.not_before {
        return Finding::failure(
            "hub-certificate",
            format!(
                "the clock of this machine is wrong: it shows {now}, and the hub's certificate is valid from {} to {until}",
                own.not_before
            ),
            "set the clock, and have it set from the network (timedatectl set-ntp true)",
        );
    }
    let what = if days < 0 {
        format!("the hub's own certificate expired on {until}: no node can connect")
    } else {
        format!("the hub's own certificate is valid for {days} more days (until {until})")
    };
    let way_out = "start the daemon, which renews it, and look at its log for why it did not; or look whether the clock is right";
    let third = own.not_after.since(own.not_before) / 3;
    if days < HUB_FAILURE {
        Finding::failure("hub-certificate", what, way_out)
    } else if own.not_after.since(now) < third - DAY {
        Finding::warning("hub-certificate", what, way_out)
    } else {
        Finding::ok("hub-certificate", what)
    }
}

/// Certificate, key and authority are not what they should be.
pub(super) fn unfit(why: &str) -> Finding {
    Finding::failure(
        "certificate-key",
        format!("hub.crt, hub.key and ca.crt do not fit together: {why}"),
        "restore all of them from the same backup of this hub",
    )
}

/// Members whose certificates run out or have.
pub(super) fn members(members: &[MemberDocument]) -> Vec<Finding> {
    let joined = members
        .iter()
        .filter(|member| member.state == MemberState::Joined);
    let late: Vec<(&str, i64)> = joined
        .filter_map(|member| Some((member.id.as_str(), member.certificate_days_left?)))
        .filter(|(_, days)| *days < MEMBER_WARNING)
        .collect();
    let mut findings: Vec<Finding> = late
        .iter()
        .take(SHOWN)
        .map(|(id, days)| member(id, *days))
        .collect();
    if let Some(more) = late.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        let what = format!("… and {more} more members (calluna-hub members)");
        findings.push(Finding::note("member-certificate", what));
    }
    if findings.is_empty() {
        let what = format!("no member's certificate runs out within {MEMBER_WARNING} days");
        findings.push(Finding::ok("member-certificate", what));
    }
    findings
}

fn member(id: &str, days: i64) -> Finding {
    let invite =
        format!("invite it again: calluna-hub invite {id}, and have it join with the new token");
    if days < 0 {
        let what = format!("the certificate of `{id}` has expired: its node cannot connect");
        Finding::failure("member-certificate", what, invite)
    } else {
        let what = format!(
            "the certificate of `{id}` runs out in {days} days and should have been renewed"
        );
        Finding::warning(
            "member-certificate",
            what,
            format!("ask whether its node runs (calluna-node check); if it stays away, {invite}"),
        )
    }
}
