//! Pictures that administrators upload for branding.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use keyway_core::{Cx, images};

use super::session::Admin;
use crate::error::WebError;
use crate::management::UploadView;
use crate::pages::assets::picture;
use crate::request::{File, Path};

/// `POST /console/images`: keeps a picture and answers its address.
pub async fn upload(cx: Cx, File(bytes): File) -> Result<(StatusCode, Json<UploadView>), WebError> {
    let url = images::upload(&cx, bytes).await?;
    Ok((StatusCode::CREATED, Json(UploadView { url })))
}

/// `GET /console/images/{id}.png`: the same picture on this listener, for the preview, whose content policy lets it load
/// nothing from another.
pub async fn show(cx: Cx, Path(name): Path<String>) -> Result<impl IntoResponse, WebError> {
    Ok(([(header::CONTENT_TYPE, "image/png")], picture(&cx, &name).await?))
}

/// The address of a picture of ours on this listener; another's stays.
pub fn on_this_listener(admin: &Admin, address: &str) -> String {
    let ours = format!("{}/images/", admin.endpoint());
    address.strip_prefix(&ours).map_or_else(|| address.to_owned(), |name| admin.to(&format!("/images/{name}")))
}
