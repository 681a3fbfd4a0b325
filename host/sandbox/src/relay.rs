//! Speaks SMTP (RFC 5321) to a relay whose address the egress guard has checked.

use std::net::SocketAddr;
use std::time::Duration;

use lettre::Message;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;

use crate::bindings::keyway::host::smtp::{Error, Mail, Relay, Security};

/// Headers that lettre or the relay set, or that would send the mail to others.
const RESERVED: [&str; 12] = [
    "from",
    "to",
    "cc",
    "bcc",
    "subject",
    "reply-to",
    "sender",
    "date",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "return-path",
];

/// Sends one mail. `trusted` says that the operator chose the address: only then may it go without TLS.
pub async fn send(
    relay: Relay,
    mail: Mail,
    address: SocketAddr,
    trusted: bool,
    time: Duration,
) -> Result<String, Error> {
    if relay.security == Security::Opportunistic && !trusted {
        return Err(Error::Denied("mail without TLS goes only to relays that the operator allows".into()));
    }
    let message = message(&mail)?;
    let client = ClientId::Domain(relay.client_name.clone().unwrap_or_else(|| "keyway".into()));
    let tls = || TlsParameters::new(relay.host.clone()).map_err(|_| Error::Invalid("the relay's name".into()));
    let wrapped = if relay.security == Security::Tls { Some(tls()?) } else { None };
    let failed = |error: lettre::transport::smtp::Error| {
        if error.is_timeout() {
            Error::Timeout
        } else if error.is_permanent() || error.is_transient() {
            Error::Refused(error.to_string())
        } else {
            Error::Unreachable(error.to_string())
        }
    };
    let mut connection =
        AsyncSmtpConnection::connect_tokio1(address, Some(time), &client, wrapped, None).await.map_err(failed)?;
    let upgrade = match relay.security {
        Security::Tls => false,
        Security::StartTls => true,
        Security::Opportunistic => connection.can_starttls(),
    };
    if upgrade {
        match connection.starttls(tls()?, &client).await {
            Ok(()) => {}
            // TLS that may be left out protects nothing by failing: relays on one's own network offer it with a certificate that
            // nobody signed.
            Err(error) if relay.security == Security::Opportunistic && !error.is_timeout() => {
                tracing::warn!(%error, host = %relay.host, "the relay's TLS cannot be used: the mail goes without it");
                connection = AsyncSmtpConnection::connect_tokio1(address, Some(time), &client, None, None)
                    .await
                    .map_err(failed)?;
            }
            Err(error) => return Err(failed(error)),
        }
    }
    if let Some((user, password)) = relay.credentials {
        let mechanisms = match relay.mechanism.as_deref() {
            None => vec![Mechanism::Plain, Mechanism::Login],
            Some("plain") => vec![Mechanism::Plain],
            Some("login") => vec![Mechanism::Login],
            Some("xoauth2") => vec![Mechanism::Xoauth2],
            Some(other) => return Err(Error::Invalid(format!("there is no mechanism {other}"))),
        };
        connection.auth(&mechanisms, &Credentials::new(user, password)).await.map_err(failed)?;
    }
    let answer = connection.send(message.envelope(), &message.formatted()).await.map_err(failed)?;
    let _ = connection.quit().await;
    Ok(answer.message().collect::<Vec<_>>().join(" "))
}

/// Relay and mail as a JSON object, for a transport that takes the network's place.
pub fn shown(relay: &Relay, mail: &Mail) -> serde_json::Value {
    let security = match relay.security {
        Security::Tls => "tls",
        Security::StartTls => "start-tls",
        Security::Opportunistic => "opportunistic",
    };
    let (user, password) = relay.credentials.clone().unzip();
    serde_json::json!({
        "host": relay.host, "port": relay.port, "security": security, "user": user, "password": password,
        "mechanism": relay.mechanism, "clientName": relay.client_name, "sender": mail.sender, "to": mail.to,
        "replyTo": mail.reply_to, "subject": mail.subject, "text": mail.text, "html": mail.html,
        "headers": mail.headers.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
    })
}

/// The mail as it is sent.
pub fn message(mail: &Mail) -> Result<Message, Error> {
    let mailbox = |name: &str, text: &str| {
        text.parse::<Mailbox>().map_err(|_| Error::Invalid(format!("{name} is no e-mail address: {text}")))
    };
    let mut builder =
        Message::builder().from(mailbox("sender", &mail.sender)?).to(mailbox("to", &mail.to)?).subject(&mail.subject);
    if let Some(reply_to) = &mail.reply_to {
        builder = builder.reply_to(mailbox("reply-to", reply_to)?);
    }
    for (name, value) in &mail.headers {
        let invalid = || Error::Invalid(format!("the header {name} cannot be set"));
        if RESERVED.contains(&name.to_ascii_lowercase().as_str()) || value.contains(['\r', '\n']) {
            return Err(invalid());
        }
        let header = HeaderName::new_from_ascii(name.clone()).map_err(|_| invalid())?;
        builder = builder.raw_header(HeaderValue::new(header, value.clone()));
    }
    let built = match (&mail.text, &mail.html) {
        (Some(text), Some(html)) => builder.multipart(MultiPart::alternative_plain_html(text.clone(), html.clone())),
        (Some(text), None) => builder.singlepart(SinglePart::plain(text.clone())),
        (None, Some(html)) => builder.singlepart(SinglePart::html(html.clone())),
        (None, None) => return Err(Error::Invalid("the mail has no text".into())),
    };
    built.map_err(|error| Error::Invalid(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail() -> Mail {
        Mail {
            sender: "Keyway <no-reply@example.com>".into(),
            to: "ada@example.com".into(),
            reply_to: None,
            subject: "您的验证码".into(),
            text: None,
            html: Some("<p>123456</p>".into()),
            headers: Vec::new(),
        }
    }

    #[test]
    fn header_injection_is_refused() {
        let text = String::from_utf8(message(&mail()).unwrap().formatted()).unwrap();
        assert!(text.contains("Subject: =?utf-8?b?"), "{text}");
        let mut evil = mail();
        evil.subject = "a\r\nBcc: evil@example.com".into();
        let text = String::from_utf8(message(&evil).unwrap().formatted()).unwrap();
        assert!(!text.contains("\r\nBcc:"), "{text}");
        evil = mail();
        evil.to = "a@example.com\r\nBcc: evil@example.com".into();
        assert!(message(&evil).is_err());
        for (name, value) in [("Bcc", "evil@example.com"), ("X-A", "a\r\nBcc: evil@example.com"), ("X A", "b")] {
            let headers = vec![(name.to_owned(), value.to_owned())];
            assert!(message(&Mail { headers, ..mail() }).is_err(), "{name}");
        }
    }
}
