//! `POST /api/resources`

use keyway_core::Cx;
use keyway_core::resources::{self, NewResource};
use keyway_model::oauth::ACCESS_TOKEN_TTL;
use serde::Deserialize;
use utoipa::ToSchema;

use super::view::ResourceView;
use crate::error::WebError;
use crate::request::Body;
use crate::response::Created;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateResource {
    name: String,
    indicator: String,
    /// Seconds; 3600 when absent.
    access_token_ttl: Option<i64>,
}

pub async fn create(cx: Cx, Body(body): Body<CreateResource>) -> Result<Created<ResourceView>, WebError> {
    let access_token_ttl = body.access_token_ttl.unwrap_or(ACCESS_TOKEN_TTL);
    let new = NewResource { name: body.name, indicator: body.indicator, access_token_ttl };
    Ok(Created(ResourceView::new(&cx, resources::create(&cx, new).await?)))
}
