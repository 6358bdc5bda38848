//! `calluna-hub invite`.

use anyhow::Result;
use calluna_host::exit::Exit;
use calluna_host::out;
use calluna_model::clock::Moment;
use calluna_model::id::ProviderId;
use calluna_model::member::ProviderKind;
use calluna_wire::v1 as pb;
use clap::Args;

use super::Data;
use super::door::{Door, said};
use crate::members::invite;

/// Invite a provider. The token alone goes to standard output.
#[derive(Debug, Args)]
pub(super) struct Invite {
    /// Short, stable name of the provider: a-z, 0-9 and -, such as vhs-heidekreis.
    provider_id: ProviderId,
    #[command(flatten)]
    data: Data,
    /// Its public name.
    #[arg(long, value_name = "TEXT")]
    name: String,
    /// What kind of provider it is: school, vhs, trainer, university, counselling or other.
    #[arg(long, default_value = "other")]
    kind: ProviderKind,
    /// How long the token is good: a number with s, m, h or d.
    #[arg(long, default_value = "7d", value_parser = seconds)]
    expires: i64,
}

impl Invite {
    pub(super) async fn run(self) -> Result<Exit> {
        let (token, expires) = match Door::open(&self.data.data).await? {
            Door::Daemon(mut daemon) => {
                let request = pb::InviteRequest {
                    provider_id: self.provider_id.to_string(),
                    name: self.name.clone(),
                    kind: self.kind.to_string(),
                    expires_in: self.expires,
                };
                let answer = daemon.invite(request).await.map_err(said)?.into_inner();
                (answer.token, Moment(answer.expires_at))
            }
            Door::Here(hub) => {
                let token = invite(&hub, &self.provider_id, &self.name, self.kind, self.expires)?;
                (token.to_string(), token.expires)
            }
        };
        out::say(&format!(
            "Token for {} ({}), good for one use until {expires}. An older token of this provider \
             is void.\nOn the provider's machine: calluna-node join TOKEN --data DIR",
            self.provider_id,
            out::safe(&self.name),
        ));
        out::data(&token);
        Ok(Exit::Done)
    }
}

/// `7d`, `12h`, `30m`, `90s`.
fn seconds(text: &str) -> Result<i64, String> {
    let wrong = || "write a number with s, m, h or d, for example 7d; at most 90d".to_owned();
    let unit = text.chars().last().ok_or_else(wrong)?;
    let number: i64 = text[..text.len() - unit.len_utf8()]
        .parse()
        .map_err(|_| wrong())?;
    let unit = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let seconds = number.checked_mul(unit).ok_or_else(wrong)?;
    if (1..=90 * 86_400).contains(&seconds) {
        Ok(seconds)
    } else {
        Err(wrong())
    }
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn a_life_is_a_number_with_a_unit() {
        assert_eq!(seconds("7d"), Ok(604_800));
        assert_eq!(seconds("90s"), Ok(90));
        for bad in [
            "",
            "7",
            "d",
            "0d",
            "-1d",
            "91d",
            "7 d",
            "7ü",
            "99999999999999999999d",
        ] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }
}
