//! `POST /api/applications/{id}/roles`: roles that are had already stay.

use keyway_core::{Cx, roles};
use keyway_model::ApplicationId;

use super::{AddedRoles, RoleIds, at_least_one};
use crate::error::WebError;
use crate::request::{Body, Path};
use crate::response::Created;

pub async fn add_to_application(
    cx: Cx,
    Path(id): Path<ApplicationId>,
    Body(body): Body<RoleIds>,
) -> Result<Created<AddedRoles>, WebError> {
    let role_ids = at_least_one("roleIds", body.role_ids)?;
    let added_role_ids = roles::add_to_application(&cx, &id, role_ids.clone()).await?;
    Ok(Created(AddedRoles { role_ids, added_role_ids }))
}
