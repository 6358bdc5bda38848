//! A mail server and a web server on 127.0.0.1 that keep what they are given: so much of SMTP and
//! HTTP as a report needs, spoken over real sockets.

mod smtp;
mod web;

pub use self::smtp::{Mail, MailServer, Manners};
pub use self::web::{Call, WebServer};
