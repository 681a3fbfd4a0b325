//! `PUT /api/applications/{id}/roles`: these roles and no others.

use axum::Json;
use keyway_core::{Cx, roles};
use keyway_model::ApplicationId;

use super::RoleIds;
use crate::error::WebError;
use crate::request::{Body, Path};

pub async fn set_of_application(
    cx: Cx,
    Path(id): Path<ApplicationId>,
    Body(body): Body<RoleIds>,
) -> Result<Json<RoleIds>, WebError> {
    roles::set_of_application(&cx, &id, body.role_ids.clone()).await?;
    Ok(Json(body))
}
