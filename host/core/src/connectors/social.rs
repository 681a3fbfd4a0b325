//! Calls of social connectors.

use keyway_model::connector::Connector;
use keyway_model::{ErrorCode, TenantId};
use keyway_sandbox::{CallError, Context, Start};
use serde_json::Value;
use std::collections::BTreeMap;
use url::Url;

use super::Factory;
use super::deliver::explain;
use crate::{Core, CoreError};

impl Core {
    /// The provider's address that the browser is sent to, and what the connector keeps for the answer.
    pub(crate) async fn authorization_uri(
        &self,
        tenant: &TenantId,
        connector: &Connector,
        factory: &Factory,
        start: Start,
    ) -> Result<(String, BTreeMap<String, String>), CoreError> {
        let sandbox = self.registry.sandbox();
        let component = factory.component(sandbox).await.map_err(|_| ErrorCode::ConnectorFailed)?;
        let context = self.call_context(tenant, connector, factory).await;
        let (result, report) = sandbox.authorization_uri(component, &context, start).await;
        self.note(Some(&connector.id), factory, &result, &report);
        self.keep_cache(tenant, &connector.id, &report).await;
        let uri = result.map_err(explain)?;
        // A browser must not be sent to a script or into a file; an application's own scheme is for native connectors.
        let scheme = Url::parse(&uri).map(|uri| uri.scheme().to_owned()).unwrap_or_default();
        let native = factory.manifest.platform == Some(keyway_model::connector::Platform::Native);
        let forbidden = ["javascript", "data", "file", "blob", "vbscript", "about", ""].contains(&scheme.as_str());
        if forbidden || (!native && scheme != "https") {
            return Err(ErrorCode::ConnectorInvalidResponse.into());
        }
        Ok((uri, report.session.unwrap_or_default()))
    }

    /// The identity behind a callback, as the connector's JSON text.
    pub(crate) async fn social_call(
        &self,
        tenant: &TenantId,
        connector: &Connector,
        factory: &Factory,
        context: Context,
        callback: &Value,
    ) -> Result<String, CallError> {
        let sandbox = self.registry.sandbox();
        let Ok(component) = factory.component(sandbox).await else { return Err(CallError::Instantiate) };
        let cache = self.call_context(tenant, connector, factory).await.cache;
        let context = Context { cache, marks: connector.marks.clone(), ..context };
        let (result, report) = sandbox.user_info(component, &context, callback).await;
        self.note(Some(&connector.id), factory, &result, &report);
        self.keep_cache(tenant, &connector.id, &report).await;
        result
    }
}
