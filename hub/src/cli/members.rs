//! `calluna-hub members`.

use anyhow::Result;
use calluna_host::exit::Exit;
use calluna_host::out::{self, OutputFormat};
use calluna_model::member::{MemberState, Reach};
use calluna_wire::v1 as pb;
use clap::Args;

use super::Data;
use super::door::{Door, said};
use crate::view::{self, MemberDocument};

/// List the members: invited, expired, joined.
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
    out::table(
        &["id", "kind", "state", "since/until", "link", "days", "name"],
        &rows,
    )
}
