//! `POST /api/roles/{id}/applications`

use keyway_core::{Cx, roles};
use keyway_model::{ApplicationId, RoleId};
use serde::Deserialize;
use utoipa::ToSchema;

use super::at_least_one;
use crate::error::WebError;
use crate::request::{Body, Path};
use crate::response::Added;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationIds {
    #[schema(value_type = Vec<String>)]
    application_ids: Vec<ApplicationId>,
}

pub async fn add_applications(
    cx: Cx,
    Path(id): Path<RoleId>,
    Body(body): Body<ApplicationIds>,
) -> Result<Added, WebError> {
    roles::add_applications(&cx, &id, at_least_one("applicationIds", body.application_ids)?).await?;
    Ok(Added)
}
