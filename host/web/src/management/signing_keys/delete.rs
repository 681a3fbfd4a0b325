//! `DELETE /api/configs/oidc/{keyType}/{keyId}`: a key that does not sign; tokens that it signed are refused from then on.

use keyway_core::{Cx, signing_keys};
use keyway_model::KeyId;

use super::check_kind;
use crate::error::WebError;
use crate::request::Path;
use crate::response::NoContent;

pub async fn delete(cx: Cx, Path((key_type, key_id)): Path<(String, KeyId)>) -> Result<NoContent, WebError> {
    check_kind(&key_type)?;
    signing_keys::delete(&cx, &key_id).await?;
    Ok(NoContent)
}
