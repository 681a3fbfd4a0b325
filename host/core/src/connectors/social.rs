//! Calls of social connectors.

use std::collections::BTreeMap;

use keyway_model::ErrorCode;
use keyway_model::connector::{Connector, Platform};
use keyway_sandbox::{CallError, Context, Start};
use serde_json::Value;
use url::Url;

use super::Factory;
use super::calls::note;
use super::context::{call_context, keep_cache};
use super::deliver::explain;
use crate::{CoreError, Cx};

/// The provider's address that the browser is sent to, and what the connector keeps for the answer.
pub(crate) async fn authorization_uri(
    cx: &Cx,
    connector: &Connector,
    factory: &Factory,
    start: Start,
) -> Result<(String, BTreeMap<String, String>), CoreError> {
    let sandbox = cx.core().registry.sandbox();
    let component = factory.component(sandbox).await.map_err(|_| ErrorCode::ConnectorFailed)?;
    let context = call_context(cx, connector, factory).await;
    let (result, report) = sandbox.authorization_uri(component, &context, start).await;
    note(cx, Some(&connector.id), factory, &result, &report);
    keep_cache(cx, &connector.id, &report).await;
    let uri = result.map_err(explain)?;
    // A browser must not be sent to a script or into a file; an application's own scheme is for native connectors.
    let scheme = Url::parse(&uri).map(|uri| uri.scheme().to_owned()).unwrap_or_default();
    let native = factory.manifest.platform == Some(Platform::Native);
    let forbidden = ["javascript", "data", "file", "blob", "vbscript", "about", ""].contains(&scheme.as_str());
    if forbidden || (!native && scheme != "https") {
        return Err(ErrorCode::ConnectorInvalidResponse.into());
    }
    Ok((uri, report.session.unwrap_or_default()))
}

/// The identity behind a callback, as the connector's JSON text.
pub(crate) async fn user_info(
    cx: &Cx,
    connector: &Connector,
    factory: &Factory,
    context: Context,
    callback: &Value,
) -> Result<String, CallError> {
    let sandbox = cx.core().registry.sandbox();
    let Ok(component) = factory.component(sandbox).await else { return Err(CallError::Instantiate) };
    let cache = call_context(cx, connector, factory).await.cache;
    let context = Context { cache, marks: connector.marks.clone(), ..context };
    let (result, report) = sandbox.user_info(component, &context, callback).await;
    note(cx, Some(&connector.id), factory, &result, &report);
    keep_cache(cx, &connector.id, &report).await;
    result
}
