//! `calluna-hub init`.

use std::net::SocketAddr;

use anyhow::Result;
use calluna_host::clock::SystemClock;
use calluna_host::entropy::OsEntropy;
use calluna_host::exit::Exit;
use calluna_host::out;
use clap::Args;

use super::Data;
use crate::hub::{Setup, create};

/// Make a new hub in an empty directory.
#[derive(Debug, Args)]
pub(super) struct Init {
    #[command(flatten)]
    data: Data,
    /// Name of the district, as members and citizens read it.
    #[arg(long, value_name = "TEXT")]
    name: String,
    /// Address to listen on for nodes.
    #[arg(long, value_name = "ADDR:PORT", default_value = "0.0.0.0:7443")]
    listen: SocketAddr,
    /// Address for the catalogue pages.
    #[arg(long, value_name = "ADDR:PORT")]
    web: Option<SocketAddr>,
    /// What nodes dial, such as hub.landkreis.example:7443; default: the address to listen on.
    #[arg(long, value_name = "HOST:PORT", value_parser = address)]
    address: Option<String>,
}

impl Init {
    pub(super) fn run(self) -> Result<Exit> {
        let address = match self.address {
            Some(address) => address,
            None if self.listen.ip().is_unspecified() => {
                out::say(
                    "error: --listen names no single address, so nodes would not know what to dial; \
                     add --address HOST:PORT with a name that the schools can reach",
                );
                return Ok(Exit::Usage);
            }
            None => self.listen.to_string(),
        };
        let setup = Setup {
            name: self.name,
            listen: self.listen,
            web: self.web,
            address,
        };
        let dir = create(&self.data.data, &setup, &SystemClock, &OsEntropy)?;
        let path = dir.path().display();
        out::say(&format!(
            "The hub of {} is ready in {path}.\nNodes will dial {}. Settings are in hub.toml.\n\
             Keep a copy of ca.key in a safe place: whoever has it can speak for any provider.\n\
             Next: calluna-hub serve --data {path}",
            out::safe(&setup.name),
            setup.address,
        ));
        Ok(Exit::Done)
    }
}

/// `HOST:PORT`, where the host may be a name.
fn address(text: &str) -> Result<String, String> {
    let ok = text.rsplit_once(':').is_some_and(|(host, port)| {
        !host.is_empty()
            && !host.contains(char::is_whitespace)
            && port.parse::<u16>().is_ok_and(|port| port > 0)
    });
    if ok {
        Ok(text.to_owned())
    } else {
        Err("write HOST:PORT, for example hub.example:7443".into())
    }
}
