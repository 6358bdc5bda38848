//! `join`: from a token to a member.

use std::io::Read;
use std::sync::Arc;

use anyhow::Context;
use calluna_certs::JoinToken;
use calluna_host::exit::Exit;
use calluna_host::out;
use calluna_model::clock::Clock;
use clap::Args;

use super::{Around, Data, runtime};
use crate::membership::{self, JoinError, Joined, ListenWish};
use crate::text::Words;

/// Longest token that is read, in bytes: far more than any token, with room for line breaks.
const TOKEN_BYTES: u64 = 16 * 1024;

#[derive(Debug, Args)]
pub(super) struct Join {
    /// The join token from the invitation; `-` reads it from standard input, where no other user
    /// of this machine can see it.
    token: String,
    #[command(flatten)]
    data: Data,
    /// Listen here for the hub instead of dialling it.
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<String>,
    /// Where the hub reaches this node, if that differs from --listen.
    #[arg(long, value_name = "HOST:PORT", requires = "listen")]
    advertise: Option<String>,
}

impl Join {
    pub(super) fn run(self, around: &Around) -> anyhow::Result<Exit> {
        let text = if self.token == "-" {
            from_stdin()?
        } else {
            self.token
        };
        let words = around.words;
        let token: JoinToken = match text.parse() {
            Ok(token) => token,
            Err(error) => return Err(refused(words, &JoinError::Token(error))),
        };
        let wish = ListenWish {
            address: self.listen,
            advertise: self.advertise,
        };
        let clock = Arc::clone(&around.clock);
        let joining = membership::join(&token, &self.data.data, &wish, words.0, &clock);
        let joined = runtime()?
            .block_on(joining)
            .map_err(|error| refused(words, &error))?;
        tell(&joined, words, &*around.clock, &self.data);
        Ok(Exit::Done)
    }
}

fn refused(words: Words, error: &JoinError) -> anyhow::Error {
    anyhow::anyhow!(words.join_error(error))
}

fn from_stdin() -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin()
        .take(TOKEN_BYTES)
        .read_to_string(&mut text)
        .context("the token cannot be read from standard input")?;
    Ok(text)
}

fn tell(joined: &Joined, words: Words, clock: &dyn Clock, data: &Data) {
    let Joined {
        config,
        not_after,
        already,
    } = joined;
    let days = not_after.since(clock.now()).div_euclid(86_400);
    let dir = out::safe(&data.data.display().to_string());
    let first = if *already {
        words.pick(
            "Dieser Knoten ist bereits Mitglied:",
            "This node is a member already:",
        )
    } else {
        words.pick("Beigetreten:", "Joined:")
    };
    let (name, district) = (out::safe(&config.name), out::safe(&config.district));
    let (hub, provider, fingerprint) = (&config.hub, &config.provider, &config.fingerprint);
    out::data(&words.pick(
        format!(
            "{first}\n  Landkreis      {district}\n  Hub            {hub}\n  Anbieter       {name} ({provider})\n  \
             Fingerabdruck  {fingerprint}\n  Zertifikat     noch {days} Tage gültig\n\n\
             Als Nächstes:\n  calluna-node import DATEI --data {dir}\n  calluna-node serve --data {dir}"
        ),
        format!(
            "{first}\n  District     {district}\n  Hub          {hub}\n  Provider     {name} ({provider})\n  \
             Fingerprint  {fingerprint}\n  Certificate  valid for {days} more days\n\n\
             Next:\n  calluna-node import FILE --data {dir}\n  calluna-node serve --data {dir}"
        ),
    ));
}
