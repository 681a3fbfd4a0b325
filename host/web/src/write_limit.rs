//! How many sign-ins one address may begin, and how many writes it may send to the pages and the Experience API: far more than any
//! office behind one address sends, far fewer than it takes to fill a disk. Endpoints that applications call for many users, and
//! those that ask for an access token, are not counted here.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use keyway_model::ErrorCode;
use keyway_model::network::subnet;

use crate::Web;
use crate::error::WebError;
use crate::pages;
use crate::request::visitor;

/// A /48 is what a site gets, and holds 65,536 customers' worth of addresses: so many times what one address may.
const SITE: u32 = 4;
/// Requests between two times that addresses which are quiet are forgotten.
const TIDY: u32 = 10_000;

/// The buckets.
pub struct WriteLimit {
    addresses: DefaultKeyedRateLimiter<IpAddr>,
    sites: DefaultKeyedRateLimiter<IpAddr>,
    seen: AtomicU32,
}

impl WriteLimit {
    /// Buckets that hold and regain `per_minute` writes; none where that is zero.
    pub fn new(per_minute: u32) -> Option<Self> {
        let quota = |times: u32| Some(Quota::per_minute(NonZeroU32::new(per_minute.saturating_mul(times))?));
        Some(Self {
            addresses: RateLimiter::keyed(quota(1)?),
            sites: RateLimiter::keyed(quota(SITE)?),
            seen: AtomicU32::new(0),
        })
    }

    /// Takes one write from the buckets of an address; otherwise the seconds until there is one again.
    fn take(&self, address: IpAddr) -> Result<(), u64> {
        if self.seen.fetch_add(1, Ordering::Relaxed) % TIDY == TIDY - 1 {
            self.addresses.retain_recent();
            self.sites.retain_recent();
        }
        // The site first: whoever has a whole /48 fills no table with its networks.
        let site = if address.is_ipv6() { self.sites.check_key(&subnet(address, 48)) } else { Ok(()) };
        let taken = site.and_then(|()| self.addresses.check_key(&subnet(address, 64)));
        let now = DefaultClock::default().now();
        taken.map_err(|refused| refused.wait_time_from(now).as_secs() + 1)
    }
}

/// Refuses a write of an address that has sent too many.
pub async fn count(State(web): State<Web>, request: Request, next: Next) -> Response {
    let limit = web.writes.clone().filter(|_| !request.method().is_safe());
    pass(&web, limit, request, next).await
}

/// Refuses an authorization request of an address that has sent too many: each begins a sign-in, which is kept for an hour.
pub async fn count_authorization(State(web): State<Web>, request: Request, next: Next) -> Response {
    let limit = web.authorizations.clone();
    pass(&web, limit, request, next).await
}

async fn pass(web: &Web, limit: Option<Arc<WriteLimit>>, request: Request, next: Next) -> Response {
    let Some(limit) = limit else { return next.run(request).await };
    let (parts, body) = request.into_parts();
    let visitor = visitor(web, &parts);
    let taken = match visitor.ip.parse::<IpAddr>() {
        Ok(address) if !visitor.local => limit.take(address),
        _ => Ok(()),
    };
    match taken {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(seconds) => {
            let mut response = pages::error(&parts.headers, WebError::from(ErrorCode::TooManyRequests));
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            response
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(limit: &WriteLimit, address: &str, times: usize) -> usize {
        let address: IpAddr = address.parse().unwrap();
        (0..times).filter(|_| limit.take(address).is_ok()).count()
    }

    #[test]
    fn resource_exhaustion_by_one_customers_addresses() {
        let limit = WriteLimit::new(6).unwrap();
        assert_eq!(taken(&limit, "192.0.2.1", 9), 6);
        assert_eq!(taken(&limit, "192.0.2.2", 3), 3, "another address");
        let of = |subnet: u32, times| taken(&limit, &format!("2001:db8:0:{subnet:x}::{subnet:x}"), times);
        assert_eq!(of(1, 9), 6);
        assert_eq!(taken(&limit, "2001:db8:0:1:ffff::2", 3), 0, "the same /64");
        let site: usize = (2..40).map(|subnet| of(subnet, 6)).sum();
        assert!(site <= 6 * 4, "{site} from one /48");
        assert_eq!(taken(&limit, "2001:db8:1::1", 3), 3, "another /48");
        assert!(WriteLimit::new(0).is_none());
    }
}
