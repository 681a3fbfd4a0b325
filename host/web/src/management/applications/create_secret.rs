//! `POST /api/applications/{id}/secrets`: one beside those that are there.

use keyway_core::Cx;
use keyway_core::applications::{self, NewSecret};
use keyway_model::{ApplicationId, Timestamp};
use serde::Deserialize;
use utoipa::ToSchema;

use super::view::SecretView;
use crate::error::WebError;
use crate::request::{Body, Path};
use crate::response::Created;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateSecret {
    name: String,
    /// Milliseconds since 1970; never when absent.
    expires_at: Option<i64>,
}

pub async fn create_secret(
    cx: Cx,
    Path(id): Path<ApplicationId>,
    Body(body): Body<CreateSecret>,
) -> Result<Created<SecretView>, WebError> {
    let new = NewSecret { name: body.name, expires_at: body.expires_at.map(Timestamp) };
    let made = applications::create_secret(&cx, &id, new).await?;
    Ok(Created(SecretView::new(&cx, &id, made)))
}
