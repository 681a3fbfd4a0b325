//! Mail for connectors whose provider is an SMTP relay.

use std::sync::Arc;
use std::time::Instant;

use super::HostState;
use crate::call::HttpExchange;
use crate::contract::v1_0::bindings::keyway::host::smtp;
use crate::egress::FetchError;
use crate::relay;

impl smtp::Host for HostState {
    async fn send(&mut self, relay: smtp::Relay, mail: smtp::Mail) -> wasmtime::Result<Result<String, smtp::Error>> {
        self.count()?;
        self.turn.end();
        self.fetches += 1;
        if self.fetches > self.budgets.fetches {
            return Ok(Err(smtp::Error::Denied("too many requests in one call".into())));
        }
        let started = Instant::now();
        let left = self.deadline.saturating_duration_since(started).min(self.budgets.fetch);
        let (egress, hosts) = (Arc::clone(&self.egress), Arc::clone(&self.hosts));
        let host = relay.host.clone();
        let mut id = [0_u8; 16];
        self.rng.fill(&mut id);
        let id = hex::encode(id);
        if let Err(error) = relay::check(&relay) {
            return Ok(Err(error));
        }
        let sent = mail.text.as_ref().map_or(0, String::len) + mail.html.as_ref().map_or(0, String::len);
        if sent > self.budgets.request_bytes {
            return Ok(Err(smtp::Error::Invalid("the mail is larger than allowed".into())));
        }
        if let Some(transport) = egress.transport() {
            if !crate::egress::Egress::lists_relay(&relay.host, relay.port, &hosts) {
                return Ok(Err(smtp::Error::Denied(format!("host not in the allow-list: {}", relay.host))));
            }
            if let Err(error) = relay::message(&mail, &id) {
                return Ok(Err(error));
            }
            let taken = transport.mail(relay::shown(&relay, &mail)).await;
            return Ok(taken.map_err(smtp::Error::Refused));
        }
        let work = async {
            let (address, chosen) = egress.relay(&relay.host, relay.port, &hosts).await?;
            Ok(relay::send(relay, mail, address, chosen, left, (egress.client_name(), &id)).await)
        };
        let result = match tokio::time::timeout(left, work).await {
            Err(_) | Ok(Err(FetchError::Timeout)) => Err(smtp::Error::Timeout),
            Ok(Err(FetchError::Denied(crate::Denied::Policy(what) | crate::Denied::Invalid(what)))) => {
                Err(smtp::Error::Denied(what))
            }
            Ok(Err(FetchError::Unreachable | FetchError::TooLarge)) => {
                Err(smtp::Error::Unreachable("the relay's name has no address".into()))
            }
            Ok(Ok(result)) => result,
        };
        self.exchanges.push(HttpExchange {
            host,
            status: result.is_ok().then_some(250),
            sent,
            received: 0,
            time: started.elapsed(),
        });
        Ok(result)
    }
}
