//! The network behind the egress guard, as a transport: for an author's recording of a live call.

use std::sync::Arc;

use url::Url;

use crate::budget::Budgets;
use crate::egress::{Egress, EgressPolicy, FetchError, Request, Response, Transport};

/// Carries requests to the network. The component's own guard has checked the name by then; this one checks the address.
pub struct Network {
    egress: Egress,
    budgets: Budgets,
}

impl Network {
    /// The network under the operator's `policy`.
    pub fn new(policy: EgressPolicy) -> Self {
        Self { egress: Egress::new(Arc::new(policy), None), budgets: Budgets::default() }
    }
}

#[async_trait::async_trait]
impl Transport for Network {
    async fn carry(&self, request: Request) -> Result<Response, FetchError> {
        let url = Url::parse(&request.url).ok();
        let host = url.as_ref().and_then(|url| {
            let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
            Some(format!("{}{port}", url.host_str()?))
        });
        self.egress.fetch(request, &[host.unwrap_or_default()], self.budgets.response_bytes, self.budgets.wall).await
    }
}
