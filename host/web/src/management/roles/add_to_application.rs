//! `POST /api/applications/{id}/roles`: for a machine-to-machine application

use keyway_core::Cx;
use keyway_core::roles;
use keyway_model::ApplicationId;

use super::RoleIds;
use crate::error::WebError;
use crate::request::{Body, Path};
use crate::response::Added;

pub async fn add_to_application(
    cx: Cx,
    Path(id): Path<ApplicationId>,
    Body(body): Body<RoleIds>,
) -> Result<Added, WebError> {
    roles::add_to_application(&cx, &id, body.role_ids).await?;
    Ok(Added)
}
