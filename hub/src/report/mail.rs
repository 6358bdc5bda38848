//! The report as an e-mail: plain text, one message to all.

use std::path::Path;
use std::time::{Duration, SystemTime};

use calluna_model::clock::Moment;
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MessageBuilder};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use super::deliver::{Failure, TRY, file_in, secret_in};
use crate::config::{MailConfig, MailTls};

/// What a mail says.
pub(super) struct Words {
    pub(super) subject: String,
    pub(super) body: String,
    /// The same for each try of one report: whoever gets two can tell.
    pub(super) id: String,
}

/// Sends one mail.
pub(super) async fn send(
    config: &MailConfig,
    dir: &Path,
    own_address: &str,
    words: Words,
    now: Moment,
) -> Result<(), Failure> {
    let message = message(config, words, now)?;
    let server = &config.server;
    let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(server)
        .port(config.port.unwrap_or(config.tls.port()))
        .tls(tls(config, dir)?)
        .timeout(Some(TRY))
        .hello_name(hello(own_address));
    if !config.username.is_empty() {
        if config.tls == MailTls::None && !is_here(server) {
            return Err(Failure::final_(
                "a password is not sent in the clear over a network: set mail.tls to \"starttls\" or \"tls\"",
            ));
        }
        let password = secret_in(dir, &config.password_file)?;
        let password = password.map(|secret| secret.expose().to_owned());
        transport = transport.credentials(Credentials::new(
            config.username.clone(),
            password.unwrap_or_default(),
        ));
    }
    match transport.build().send(message).await {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure {
            // A wrong certificate, a wrong password or an unknown address do not pass.
            passing: !(error.is_permanent() || error.is_client()),
            reason: format!("the mail server {server}: {error}"),
        }),
    }
}

fn message(config: &MailConfig, words: Words, now: Moment) -> Result<Message, Failure> {
    let wrong = |error: lettre::error::Error| Failure::final_(format!("the mail: {error}"));
    let from = config.from.0.clone();
    let from = from.ok_or_else(|| Failure::final_("mail.from is missing in hub.toml"))?;
    let seconds = u64::try_from(now.0).unwrap_or(0);
    let id = format!("<{}@{}>", words.id, from.email.domain());
    let to: Vec<Mailbox> = config.to.iter().filter_map(|to| to.0.clone()).collect();
    to.into_iter()
        .fold(Message::builder(), MessageBuilder::to)
        .from(from)
        .subject(words.subject)
        .date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
        .message_id(Some(id))
        .header(Automatic)
        .header(ContentType::TEXT_PLAIN)
        .body(words.body)
        .map_err(wrong)
}

fn tls(config: &MailConfig, dir: &Path) -> Result<Tls, Failure> {
    if config.tls == MailTls::None {
        return Ok(Tls::None);
    }
    let wrong = |error| Failure::final_(format!("mail.ca_file: {error}"));
    let mut parameters = TlsParameters::builder(config.server.clone());
    if let Some(pem) = file_in(dir, &config.ca_file)? {
        let authority = Certificate::from_pem(&pem).map_err(wrong)?;
        parameters = parameters.add_root_certificate(authority);
    }
    let parameters = parameters
        .build()
        .map_err(|error| Failure::final_(format!("TLS with the mail server: {error}")))?;
    Ok(match config.tls {
        MailTls::Tls => Tls::Wrapper(parameters),
        _ => Tls::Required(parameters),
    })
}

/// The hub's public name; a server may look it up. Without a name, the library's own stand-in.
fn hello(own_address: &str) -> ClientId {
    let name = own_address
        .rsplit_once(':')
        .map_or(own_address, |(host, _)| host);
    let is_name = name.contains('.') && name.chars().any(|c| c.is_ascii_alphabetic());
    if is_name && !name.contains(':') {
        ClientId::Domain(name.to_owned())
    } else {
        ClientId::default()
    }
}

fn is_here(server: &str) -> bool {
    server == "localhost"
        || server
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// `Auto-Submitted: auto-generated` (RFC 3834): holiday notices do not answer.
#[derive(Clone)]
struct Automatic;

impl Header for Automatic {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Address;

    #[test]
    fn no_line_of_a_name_becomes_a_header() {
        let address = |text: &str| Address(Some(text.parse().unwrap()));
        let config = MailConfig {
            from: address("Calluna <hub@landkreis.example>"),
            to: vec![
                address("buero@landkreis.example"),
                address("b@landkreis.example"),
            ],
            ..MailConfig::default()
        };
        let words = Words {
            subject: "Landkreis Müster\r\nBcc: evil@evil.example".to_owned(),
            body: "58 von 60 aktuell\n.\nQUIT\n".to_owned(),
            id: "night-7.1".to_owned(),
        };
        let sent = message(&config, words, Moment(1_800_000_000))
            .unwrap()
            .formatted();
        let text = String::from_utf8(sent).unwrap();
        let head = text.split("\r\n\r\n").next().unwrap();
        assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
        assert!(
            head.contains("Message-ID: <night-7.1@landkreis.example>"),
            "{head}"
        );
        assert!(head.contains("Auto-Submitted: auto-generated"), "{head}");
        assert!(
            head.contains("Date: Fri, 15 Jan 2027 08:00:00 +0000"),
            "{head}"
        );
    }

    #[test]
    fn the_hub_greets_with_its_name() {
        let named = ClientId::Domain("hub.example".to_owned());
        assert_eq!(hello("hub.example:7443"), named);
        assert_eq!(hello("192.0.2.1:7443"), ClientId::default());
        assert!(is_here("127.0.0.1") && is_here("::1") && !is_here("mail.example"));
    }
}
