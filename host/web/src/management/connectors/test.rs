//! `POST /api/connectors/{id}/test`: sends the code 000000, with the duty of configuring through settings that need not be saved; the
//! id is that of a factory. A refusal tells the provider's code, message and request id.

use axum::extract::Extension;
use keyway_core::Cx;
use keyway_core::connectors::{self, TestMessage};
use keyway_model::{ConnectorId, FactoryId};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::error::WebError;
use crate::management::Duties;
use crate::request::{Body, Path};
use crate::response::NoContent;

#[derive(Deserialize, ToSchema)]
pub struct TestConnector {
    phone: Option<String>,
    email: Option<String>,
    /// BCP 47 tag of the message's language.
    locale: Option<String>,
    /// Id of the connector whose stored secrets stand for masked ones; needed where the factory has several.
    id: Option<String>,
    #[schema(value_type = Object)]
    config: Map<String, Value>,
}

pub async fn test(
    cx: Cx,
    Extension(duties): Extension<Duties>,
    Path(factory_id): Path<FactoryId>,
    Body(body): Body<TestConnector>,
) -> Result<NoContent, WebError> {
    let message = TestMessage {
        factory_id,
        connector: body.id.map(ConnectorId),
        phone: body.phone.as_deref(),
        email: body.email.as_deref(),
        locale: body.locale.as_deref(),
        config: Value::Object(body.config),
        may_configure: duties.may_configure,
    };
    connectors::send_test_message(&cx, message).await?;
    Ok(NoContent)
}
