//! `calluna-hub invitations`.

use std::path::PathBuf;

use anyhow::Result;
use calluna_host::exit::Exit;
use calluna_host::out::{self, OutputFormat};
use calluna_model::clock::Moment;
use calluna_model::id::ProviderId;
use calluna_wire::v1 as pb;
use clap::{Args, Subcommand};

use super::Data;
use super::door::{Door, said};
use crate::members::InvitationState;
use crate::view::{self, InvitationDocument};

/// List the invitations: open, used, expired, cancelled. With `cancel`: take an open one back.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Invitations {
    #[command(subcommand)]
    what: Option<What>,
    /// The hub's data directory.
    #[arg(long, env = "CALLUNA_DATA", value_name = "DIR", required = true)]
    data: Option<PathBuf>,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: OutputFormat,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Take an open invitation back: its token opens nothing any more, and its node reads why.
    Cancel(Cancel),
}

#[derive(Debug, Args)]
struct Cancel {
    /// Whose invitation.
    provider_id: ProviderId,
    #[command(flatten)]
    data: Data,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: OutputFormat,
}

impl Invitations {
    pub(super) async fn run(self) -> Result<Exit> {
        if let Some(What::Cancel(cancel)) = self.what {
            return cancel.run().await;
        }
        let data = self.data.unwrap_or_default();
        let list: Vec<InvitationDocument> = match Door::open(&data).await? {
            Door::Daemon(mut daemon) => {
                let answer = daemon.list_invitations(pb::ListInvitationsRequest {}).await;
                serde_json::from_str(&answer.map_err(said)?.into_inner().json)?
            }
            Door::Here(hub) => view::invitations(&hub)?,
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

impl Cancel {
    async fn run(self) -> Result<Exit> {
        let done: InvitationDocument = match Door::open(&self.data.data).await? {
            Door::Daemon(mut daemon) => {
                let request = pb::CancelInvitationRequest {
                    provider_id: self.provider_id.to_string(),
                };
                let answer = daemon.cancel_invitation(request).await;
                serde_json::from_str(&answer.map_err(said)?.into_inner().json)?
            }
            Door::Here(hub) => view::cancelled(&hub, &self.provider_id)?,
        };
        match self.format {
            OutputFormat::Json => out::json(&done),
            OutputFormat::Text => out::say(&format!(
                "The invitation of {0} is taken back since {1}; its token opens nothing any more. \
                 A new one: calluna-hub invite {0}",
                done.provider,
                done.cancelled_at
                    .map_or_else(String::new, |at| at.to_string()),
            )),
        }
        Ok(Exit::Done)
    }
}

fn text(list: &[InvitationDocument]) -> String {
    let day = |at: Option<Moment>| at.map(out::day).unwrap_or_default();
    let rows: Vec<Vec<String>> = list
        .iter()
        .map(|one| {
            let since = match one.state {
                InvitationState::Open => String::new(),
                InvitationState::Used => day(one.used_at),
                InvitationState::Expired => out::day(one.expires),
                InvitationState::Cancelled => day(one.cancelled_at),
            };
            vec![
                one.provider.clone(),
                one.state.as_str().to_owned(),
                out::day(one.invited_at),
                since,
                one.days_left
                    .map(|days| days.to_string())
                    .unwrap_or_default(),
                one.name.clone(),
            ]
        })
        .collect();
    out::table(
        &["id", "state", "invited", "since", "days left", "name"],
        &rows,
    )
}
