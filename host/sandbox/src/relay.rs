//! Speaks SMTP (RFC 5321) to a relay whose address the egress guard has checked.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use lettre::Message;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, CertificateStore, TlsParameters};
use lettre::transport::smtp::extension::ClientId;

use crate::bounded::Bounded;
use crate::contract::v1_0::bindings::keyway::host::smtp::{Error, Mail, Relay, Security};
use crate::egress::host_name;

/// Most bytes that a relay may send in one connection.
const MAX_ANSWERED: usize = 256 * 1024;

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
    (own_name, id): (&str, &str),
) -> Result<String, Error> {
    if relay.security == Security::Opportunistic && !trusted {
        return Err(Error::Denied("mail without TLS goes only to relays that the operator allows".into()));
    }
    check(&relay)?;
    let message = message(&mail, id)?;
    let client = client_id(relay.client_name.as_deref(), own_name)?;
    let tls = || {
        // The system's certificates, `SSL_CERT_FILE` and `SSL_CERT_DIR` included; Mozilla's where it has none.
        let with = |store| TlsParameters::builder(relay.host.clone()).certificate_store(store).build_rustls();
        with(CertificateStore::Default)
            .or_else(|_| with(CertificateStore::WebpkiRoots))
            .map_err(|_| Error::Invalid("the relay's name".into()))
    };
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
    let stream = Bounded::connect(address, time, wrapped, MAX_ANSWERED).await.map_err(failed)?;
    let mut connection =
        AsyncSmtpConnection::connect_with_transport(Box::new(stream), &client).await.map_err(failed)?;
    // An administrator may say of a relay that the operator allows to speak to it without TLS: then what it offers is not taken,
    // since its certificate is often its own.
    if relay.security == Security::StartTls {
        connection.starttls(tls()?, &client).await.map_err(failed)?;
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

/// Refuses what would be read as a command of its own: a line end in any word of the protocol.
pub fn check(relay: &Relay) -> Result<(), Error> {
    let (user, password) = relay.credentials.clone().unzip();
    for (name, word) in [
        ("host", Some(&relay.host)),
        ("user name", user.as_ref()),
        ("password", password.as_ref()),
        ("mechanism", relay.mechanism.as_ref()),
        ("client name", relay.client_name.as_ref()),
    ] {
        if word.is_some_and(|word| word.chars().any(char::is_control)) {
            return Err(Error::Invalid(format!("the {name} must not hold control characters")));
        }
    }
    client_id(relay.client_name.as_deref(), "[127.0.0.1]").map(|_| ())
}

/// The name for EHLO (RFC 5321 section 4.1.1.1): a host name, which is put into ASCII, or an address in brackets.
fn client_id(given: Option<&str>, own: &str) -> Result<ClientId, Error> {
    let text = given.unwrap_or(own);
    let literal = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    if let Some(literal) = literal {
        let address = literal.strip_prefix("IPv6:").unwrap_or(literal);
        return match address.parse() {
            Ok(IpAddr::V4(address)) => Ok(ClientId::Ipv4(address)),
            Ok(IpAddr::V6(address)) => Ok(ClientId::Ipv6(address)),
            Err(_) => Err(Error::Invalid("the client name is no address".into())),
        };
    }
    match host_name(text) {
        Some(name) => Ok(ClientId::Domain(name)),
        None => Err(Error::Invalid("the client name is no host name".into())),
    }
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

/// The mail as it is sent; `id` makes its Message-ID where the connector sets none.
pub fn message(mail: &Mail, id: &str) -> Result<Message, Error> {
    let mailbox = |name: &str, text: &str| {
        if text.chars().any(char::is_control) {
            return Err(Error::Invalid(format!("{name} must not hold control characters")));
        }
        text.parse::<Mailbox>().map_err(|_| Error::Invalid(format!("{name} is no e-mail address: {text}")))
    };
    let sender = mailbox("sender", &mail.sender)?;
    let domain = sender.email.domain().to_owned();
    let mut builder = Message::builder().from(sender).to(mailbox("to", &mail.to)?).subject(&mail.subject);
    // RFC 5322 section 3.6.4; large providers refuse mail without one.
    if !mail.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("message-id")) {
        builder = builder.message_id(Some(format!("<{id}@{domain}>")));
    }
    if let Some(reply_to) = &mail.reply_to {
        builder = builder.reply_to(mailbox("reply-to", reply_to)?);
    }
    for (name, value) in &mail.headers {
        let invalid = || Error::Invalid(format!("the header {name} cannot be set"));
        // RFC 5322 section 3.6.8; lettre takes line ends in a name, which make a header of what follows them.
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':');
        if !is_name
            || RESERVED.contains(&name.to_ascii_lowercase().as_str())
            || value.chars().any(|c| c.is_control() && c != '\t')
        {
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
        let text = String::from_utf8(message(&mail(), "1").unwrap().formatted()).unwrap();
        assert!(text.contains("Subject: =?utf-8?b?"), "{text}");
        let mut evil = mail();
        evil.subject = "a\r\nBcc: evil@example.com".into();
        let text = String::from_utf8(message(&evil, "1").unwrap().formatted()).unwrap();
        assert!(!text.contains("\r\nBcc:"), "{text}");
        evil = mail();
        evil.to = "a@example.com\r\nBcc: evil@example.com".into();
        assert!(message(&evil, "1").is_err());
        for (name, value) in
            [("Bcc", "evil@example.com"), ("X-A", "a\r\nBcc: evil@example.com"), ("X A", "b"), ("\nBcc", "a")]
        {
            let headers = vec![(name.to_owned(), value.to_owned())];
            assert!(message(&Mail { headers, ..mail() }, "1").is_err(), "{name}");
        }
    }

    #[test]
    fn a_mail_has_an_id_of_its_sender_s_domain() {
        let text = |mail: &Mail| String::from_utf8(message(mail, "7").unwrap().formatted()).unwrap();
        assert!(text(&mail()).contains("Message-ID: <7@example.com>\r\n"));
        let own = Mail { headers: vec![("Message-ID".into(), "<a@b.example>".into())], ..mail() };
        assert_eq!(text(&own).matches("Message-ID").count(), 1);
    }

    fn relay() -> Relay {
        Relay {
            host: "relay.example".into(),
            port: 587,
            security: Security::StartTls,
            credentials: None,
            mechanism: None,
            client_name: None,
        }
    }

    #[test]
    fn smtp_command_injection_no_word_of_the_protocol_holds_a_line_end() {
        assert!(check(&relay()).is_ok());
        let evil = "x\r\nMAIL FROM:<a@evil.example>\r\nRCPT TO:<b@example.com>\r\nDATA";
        for wrong in [
            Relay { client_name: Some(evil.into()), ..relay() },
            Relay { client_name: Some("a b".into()), ..relay() },
            Relay { client_name: Some(String::new()), ..relay() },
            Relay { client_name: Some("[1.2.3.4".into()), ..relay() },
            Relay { client_name: Some("[1.2.3.4\r\nDATA]".into()), ..relay() },
            Relay { host: evil.into(), ..relay() },
            Relay { mechanism: Some(evil.into()), ..relay() },
            Relay { credentials: Some((evil.into(), "p".into())), ..relay() },
            Relay { credentials: Some(("u\u{1}auth=Bearer x".into(), "p".into())), ..relay() },
            Relay { credentials: Some(("u".into(), evil.into())), ..relay() },
        ] {
            assert!(matches!(check(&wrong), Err(Error::Invalid(_))), "{:?}", wrong.client_name);
        }
        for field in 0..3 {
            let mut wrong = mail();
            match field {
                0 => wrong.sender = format!("a@example.com{evil}"),
                1 => wrong.to = format!("\"a\r\nb\"@example.com{evil}"),
                _ => wrong.reply_to = Some(format!("a@example.com\0{evil}")),
            }
            assert!(message(&wrong, "1").is_err(), "{field}");
        }
    }

    #[tokio::test]
    async fn parser_exhaustion_a_relay_that_ends_no_line_is_left() {
        use tokio::io::AsyncWriteExt as _;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let endless = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let piece = vec![b'2'; 64 * 1024];
            let mut written = 0;
            // What the system keeps for a reader that is slow or gone is a few megabytes.
            while written < 64 * 1024 * 1024 && stream.write_all(&piece).await.is_ok() {
                written += piece.len();
            }
            written
        };
        let relay = Relay { security: Security::Opportunistic, ..relay() };
        let sent = send(relay, mail(), address, true, Duration::from_mins(1), ("id.example.com", "1"));
        let (sent, written) = tokio::join!(sent, endless);
        assert!(matches!(sent, Err(Error::Unreachable(_))), "{sent:?}");
        assert!(written < 64 * 1024 * 1024, "the client took everything");
    }

    #[test]
    fn the_greeting_is_a_host_name_in_ascii_or_an_address() {
        let said = |given: Option<&str>, own: &str| client_id(given, own).map(|id| id.to_string()).ok();
        assert_eq!(said(None, "id.example.com").as_deref(), Some("id.example.com"));
        assert_eq!(said(None, "[127.0.0.1]").as_deref(), Some("[127.0.0.1]"));
        assert_eq!(said(Some("[IPv6:::1]"), "").as_deref(), Some("[IPv6:::1]"));
        assert!(said(Some("钥匙.example"), "").is_some_and(|name| name.starts_with("xn--") && name.is_ascii()));
        assert_eq!(said(Some("Mail.Example"), "").as_deref(), Some("mail.example"));
    }
}
