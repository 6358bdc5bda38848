//! `calluna-hub init`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use calluna_host::clock::SystemClock;
use calluna_host::config::{Environment, ProcessEnvironment};
use calluna_host::entropy::OsEntropy;
use calluna_host::exit::Exit;
use calluna_host::out;
use clap::Args;

use super::Data;
use super::ca::passphrase::new;
use crate::hub::{Setup, create_sealed};
use crate::trust::Found;
use crate::trust::passphrase::find;

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
    /// Encrypt the authority's key; asks for a passphrase where none is found (systemd credential
    /// ca-passphrase, CALLUNA_CERTIFICATES_PASSPHRASE_FILE, CALLUNA_CERTIFICATES_PASSPHRASE). Where one is
    /// found the key is encrypted also without this.
    #[arg(long)]
    seal: bool,
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
        let found = found(&self.data.data)?;
        let passphrase = match found.passphrase {
            None if self.seal => Some(new(None, "the authority's key")?),
            known => known,
        };
        let sealed = passphrase.as_ref();
        let dir = create_sealed(&self.data.data, &setup, sealed, &SystemClock, &OsEntropy)?;
        let path = dir.path().display();
        let key = match (sealed, found.place.as_str()) {
            (None, _) => {
                "Keep a copy of ca.key in a safe place: whoever has it can speak for any provider. Encrypt it with: \
                 calluna-hub ca seal"
                    .to_owned()
            }
            (Some(_), "") => {
                "ca.key is encrypted. Keep a copy of it and, apart, the passphrase. Before the hub can issue it has \
                 to be told the passphrase: passphrase_file in hub.toml, or the systemd credential ca-passphrase."
                    .to_owned()
            }
            (Some(_), place) => format!(
                "ca.key is encrypted (passphrase from {place}). Keep a copy of it and, apart, the passphrase."
            ),
        };
        out::say(&format!(
            "The hub of {} is ready in {path}.\nNodes will dial {}. Settings are in hub.toml.\n{key}\n\
             Next: calluna-hub serve --data {path}",
            out::safe(&setup.name),
            setup.address,
        ));
        Ok(Exit::Done)
    }
}

/// The passphrase that the new hub will find. There are no settings yet; their variable counts already.
fn found(data: &Path) -> Result<Found> {
    let named = ProcessEnvironment.get("CALLUNA_CERTIFICATES_PASSPHRASE_FILE");
    let file = PathBuf::from(named.unwrap_or_default());
    let found = find(&ProcessEnvironment, data, &file);
    ensure!(
        found.trouble.is_empty(),
        "the passphrase of the authority's key cannot be read, and nothing was made: {}",
        found.trouble
    );
    Ok(found)
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
