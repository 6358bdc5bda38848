//! `calluna-hub members`.

use anyhow::Result;
use calluna_host::exit::Exit;
use calluna_host::out::{self, OutputFormat};
use calluna_model::member::{MemberState, Reach, Stated};
use calluna_wire::v1 as pb;
use clap::Args;

use super::Data;
use super::door::{Door, said};
use crate::view::{self, MemberDocument};

/// List the members: invited, expired, cancelled, waiting, joined, revoked.
#[derive(Debug, Args)]
pub(super) struct Members {
    #[command(flatten)]
    data: Data,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: OutputFormat,
}

impl Members {
    pub(super) async fn run(self) -> Result<Exit> {
        let list: Vec<MemberDocument> = match Door::open(&self.data.data).await? {
            Door::Daemon(mut daemon) => {
                let answer = daemon
                    .list_members(pb::ListMembersRequest {})
                    .await
                    .map_err(said)?;
                serde_json::from_str(&answer.into_inner().json)?
            }
            Door::Here(hub) => view::members(&hub)?,
        };
        match self.format {
            OutputFormat::Json => out::json(&list),
            OutputFormat::Text if list.is_empty() => {
                out::say(
                    "Nobody has been invited yet. Next: calluna-hub invite PROVIDER_ID --name TEXT",
                );
            }
            OutputFormat::Text => out::data(&text(&list)),
        }
        Ok(Exit::Done)
    }
}

fn text(list: &[MemberDocument]) -> String {
    let rows: Vec<Vec<String>> = list
        .iter()
        .map(|member| {
            let when = match (member.joined_at, member.token_expires) {
                _ if member.state == MemberState::Revoked => {
                    member.revoked_at.map(out::day).unwrap_or_default()
                }
                (Some(at), None) | (Some(_), Some(at)) => out::day(at),
                (None, Some(until)) => out::day(until),
                (None, None) => String::new(),
            };
            let reach = match &member.reach {
                Reach::DialsOut => "dials".to_owned(),
                Reach::Listens(address) => format!("at {address}"),
            };
            vec![
                member.id.clone(),
                member.kind.to_string(),
                member.state.as_str().to_owned(),
                when,
                reach,
                member
                    .certificate_days_left
                    .map(|days| days.to_string())
                    .unwrap_or_default(),
                member.name.clone(),
            ]
        })
        .collect();
    let mut text = out::table(
        &["id", "kind", "state", "since/until", "link", "days", "name"],
        &rows,
    );
    for member in list {
        text.push_str(&to_approve(member));
    }
    text
}

/// What there is to approve of a member, and how.
fn to_approve(member: &MemberDocument) -> String {
    let waiting = member.state == MemberState::Waiting;
    let Stated {
        name,
        kind,
        address,
        website,
    } = &member.stated;
    let kind = kind.map(|kind| kind.to_string());
    let said: Vec<String> = [
        ("name", name),
        ("kind", &kind),
        ("address", address),
        ("website", website),
    ]
    .into_iter()
    .filter_map(|(field, text)| Some(format!("{field} {}", out::safe(text.as_ref()?))))
    .collect();
    if !waiting && said.is_empty() {
        return String::new();
    }
    let id = &member.id;
    let head = if waiting {
        format!("\n{id} waits for your approval")
    } else {
        format!("\n{id} takes part, and its node states something new")
    };
    let said = match said.is_empty() {
        true => String::new(),
        false => format!("; its node states: {}", said.join(" · ")),
    };
    format!("{head}{said}\n  calluna-hub approve {id}")
}
