//! `calluna-hub invite`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use calluna_host::config::ProcessEnvironment;
use calluna_host::durable::write_file;
use calluna_host::exit::Exit;
use calluna_host::out;
use calluna_model::clock::Moment;
use calluna_model::id::ProviderId;
use calluna_model::member::ProviderKind;
use calluna_wire::v1 as pb;
use clap::Args;

use super::door::{Door, said};
use super::{Data, Lang};
use crate::config;
use crate::letter::{self, Letter};
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
    /// Write a letter for the provider: one HTML page to print, with the token, a QR code of it, and the
    /// steps. Whoever has it can join, so nobody else can read the file.
    #[arg(long, value_name = "FILE")]
    letter: Option<PathBuf>,
    /// Language of the letter; without it that of the environment.
    #[arg(long, value_enum, requires = "letter")]
    lang: Option<Lang>,
    /// Show the token as a QR code too.
    #[arg(long)]
    qr: bool,
}

impl Invite {
    pub(super) async fn run(self) -> Result<Exit> {
        self.check_letter()?;
        let (token, expires) = self.invited().await?;
        out::say(&format!(
            "Token for {} ({}), good for one use until {expires}. An older token of this provider \
             is void.\nOn the provider's machine: calluna-node join TOKEN --data DIR",
            self.provider_id,
            out::safe(&self.name),
        ));
        // The token first: should the letter fail, it is not lost.
        out::data(&token);
        if self.qr {
            out::say(&letter::for_terminal(&token)?);
        }
        if let Some(file) = &self.letter {
            self.write_letter(file, &token, expires)?;
        }
        Ok(Exit::Done)
    }

    /// Whether the letter can be written, before the older token is void.
    fn check_letter(&self) -> Result<()> {
        let Some(file) = &self.letter else {
            return Ok(());
        };
        anyhow::ensure!(
            !file.exists(),
            "{} is there already; remove it, or give another name with --letter",
            file.display()
        );
        let folder = file
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        anyhow::ensure!(
            folder.is_none_or(Path::is_dir),
            "the folder of {} does not exist; make it, or give another place with --letter",
            file.display()
        );
        Ok(())
    }

    fn write_letter(&self, file: &Path, token: &str, expires: Moment) -> Result<()> {
        let config = config::read(&self.data.data, &ProcessEnvironment)?;
        let letter = Letter {
            district: &config.name,
            name: self.name.trim(),
            provider: self.provider_id.as_str(),
            hub: &config.address,
            token,
            expires,
            time_zone: &config.night.time_zone,
            contact: config.membership.contact.trim(),
        };
        let page = letter.page(Lang::or_environment(self.lang))?;
        write_file(file, page.as_bytes(), 0o600).with_context(|| {
            format!(
                "cannot write the letter {}; the token above is good all the same",
                file.display()
            )
        })?;
        out::say(&format!(
            "Letter: {} (open it in a browser and print it; whoever reads it can join, so remove the file afterwards)",
            file.display()
        ));
        Ok(())
    }

    async fn invited(&self) -> Result<(String, Moment)> {
        Ok(match Door::open(&self.data.data).await? {
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
        })
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
