//! `POST /api/roles/{id}/scopes`

use keyway_core::Cx;
use keyway_core::roles;
use keyway_model::{RoleId, ScopeId};
use serde::Deserialize;
use utoipa::ToSchema;

use super::at_least_one;
use crate::error::WebError;
use crate::management::resources::view::ScopeView;
use crate::request::{Body, Path};
use crate::response::Created;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScopeIds {
    #[schema(value_type = Vec<String>)]
    scope_ids: Vec<ScopeId>,
}

pub async fn add_scopes(
    cx: Cx,
    Path(id): Path<RoleId>,
    Body(body): Body<ScopeIds>,
) -> Result<Created<Vec<ScopeView>>, WebError> {
    let held = roles::add_scopes(&cx, &id, at_least_one("scopeIds", body.scope_ids)?).await?;
    Ok(Created(held.into_iter().map(|scope| ScopeView::new(&cx, scope)).collect()))
}
