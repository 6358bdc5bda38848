//! `join`: from a token to a member.

use std::collections::BTreeMap;
use std::io::{BufRead, IsTerminal, Read};
use std::sync::Arc;

use anyhow::Context;
use calluna_certs::{JoinToken, TokenError};
use calluna_host::exit::Exit;
use calluna_host::{out, socket};
use calluna_model::clock::Clock;
use clap::Args;

use super::{Around, Data, runtime};
use crate::config::{Public, Settings};
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
    /// The provider's name, for the public. What the district enters itself need not be said.
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    name: String,
    /// What kind of provider it is: school, vhs, trainer, university, counselling or other.
    #[arg(
        long,
        value_name = "KIND",
        default_value = "",
        hide_default_value = true
    )]
    kind: String,
    /// Its postal address, on one line.
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    address: String,
    /// Its website.
    #[arg(
        long,
        value_name = "URL",
        default_value = "",
        hide_default_value = true
    )]
    website: String,
}

impl Join {
    pub(super) fn run(self, around: &Around) -> anyhow::Result<Exit> {
        let text = if self.token == "-" {
            from_stdin(around.words)?
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
            public: Public {
                name: self.name,
                kind: self.kind,
                address: self.address,
                website: self.website,
            },
        };
        let clock = Arc::clone(&around.clock);
        let joining = membership::join(&token, &self.data.data, &wish, words.0, &clock);
        let runtime = runtime()?;
        let joined = runtime
            .block_on(joining)
            .map_err(|error| refused(words, &error))?;
        let runs = runtime.block_on(runs(&self.data))?;
        tell(&joined, words, &*around.clock, &self.data, runs);
        Ok(Exit::Done)
    }
}

/// Whether a node serves this directory already.
async fn runs(data: &Data) -> anyhow::Result<bool> {
    let settings = Settings::load(&data.data, &BTreeMap::new())?;
    Ok(socket::connect(&settings.socket()).await?.is_some())
}

fn refused(words: Words, error: &JoinError) -> anyhow::Error {
    anyhow::anyhow!(words.join_error(error))
}

fn from_stdin(words: Words) -> anyhow::Result<String> {
    let unreadable = "the token cannot be read from standard input";
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        let mut text = String::new();
        stdin
            .take(TOKEN_BYTES)
            .read_to_string(&mut text)
            .context(unreadable)?;
        return Ok(text);
    }
    out::say(words.pick(
        "Einladungscode einfügen und mit Enter abschließen:",
        "Paste the token and press Enter:",
    ));
    typed(stdin.lock().take(TOKEN_BYTES)).context(unreadable)
}

/// What a person enters: as many lines as a token that was wrapped has, up to an empty one. Nobody
/// should have to know how to end the input.
fn typed(mut lines: impl BufRead) -> std::io::Result<String> {
    let mut text = String::new();
    loop {
        let mut line = String::new();
        let ended = lines.read_line(&mut line)? == 0;
        if ended || (line.trim().is_empty() && !text.trim().is_empty()) {
            return Ok(text);
        }
        text.push_str(&line);
        let cut_off = matches!(text.parse::<JoinToken>(), Err(TokenError::CutOff { .. }));
        if !text.trim().is_empty() && !cut_off {
            return Ok(text);
        }
    }
}

fn tell(joined: &Joined, words: Words, clock: &dyn Clock, data: &Data, runs: bool) {
    let Joined {
        config,
        not_after,
        already,
        waiting,
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
    let next = if runs {
        words.pick(
            "Der Knoten, der hier läuft, übernimmt das in wenigen Sekunden. Neu starten müssen Sie ihn nur, wenn Sie --listen geändert haben.".to_owned(),
            "The node that runs here takes this over within seconds. Restart it only if you changed --listen.".to_owned(),
        )
    } else {
        words.pick(
            format!("Als Nächstes:\n  calluna-node import DATEI --data {dir}\n  calluna-node serve --data {dir}"),
            format!("Next:\n  calluna-node import FILE --data {dir}\n  calluna-node serve --data {dir}"),
        )
    };
    let (name, district) = (out::safe(&config.name), out::safe(&config.district));
    let (hub, provider, fingerprint) = (&config.hub, &config.provider, &config.fingerprint);
    out::data(&words.pick(
        format!(
            "{first}\n  Landkreis      {district}\n  Hub            {hub}\n  Anbieter       {name} ({provider})\n  \
             Fingerabdruck  {fingerprint}\n  Zertifikat     noch {days} Tage gültig\n\n{next}"
        ),
        format!(
            "{first}\n  District     {district}\n  Hub          {hub}\n  Provider     {name} ({provider})\n  \
             Fingerprint  {fingerprint}\n  Certificate  valid for {days} more days\n\n{next}"
        ),
    ));
    if *waiting {
        out::data(&format!("\n{}", words.waiting()));
    }
}

#[cfg(test)]
mod tests {
    use calluna_certs::mint;

    use super::*;

    #[test]
    fn a_token_that_is_typed_ends_with_itself() {
        let expires = mint::NOW.plus(60);
        let token = JoinToken::mint(
            "hub.example:7443",
            mint::district().fingerprint(),
            "vhs".parse().unwrap(),
            expires,
            &mint::entropy(),
        );
        let token = token.unwrap().to_string();
        let (first, second) = token.split_at(60);
        for entered in [
            format!("{token}\nnext line"),
            format!("\n{first}\n{second}\nnext line"),
        ] {
            let mut rest = entered.as_bytes();
            let read = typed(&mut rest).unwrap();
            assert_eq!(read.parse::<JoinToken>().unwrap().to_string(), token);
            assert_eq!(rest, b"next line");
        }
        // What cannot become a token is not waited for; a token without its end is, up to an empty line.
        assert_eq!(typed(&b"hello\nmore\n"[..]).unwrap(), "hello\n");
        assert_eq!(
            typed(format!("{first}\n\nmore\n").as_bytes()).unwrap(),
            format!("{first}\n")
        );
    }
}
