//! `POST /api/users/{userId}/password/verify`

use keyway_core::{Cx, users};
use keyway_model::UserId;

use super::Password;
use crate::error::WebError;
use crate::request::{Body, Path};
use crate::response::NoContent;

pub async fn check_password(cx: Cx, Path(id): Path<UserId>, Body(body): Body<Password>) -> Result<NoContent, WebError> {
    users::check_password(&cx, &id, body.password).await?;
    Ok(NoContent)
}
