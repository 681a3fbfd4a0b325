//! `/api/connector-factories`: the components, their versions and their lives.

mod activate;
mod approve;
mod delete;
mod delete_version;
mod error;
mod form_items;
mod get;
mod list;
mod roll_back;
mod upload;
pub(super) mod view;

use keyway_model::resource::ManagementScope::{ConnectorsApprove, ConnectorsUpload, ConnectorsView};

use crate::declaration::{Operations, delete, get, post};

pub use upload::read;

/// The operations on factories and their versions.
pub fn operations() -> Operations {
    let (many, one) = ("/api/connector-factories", "/api/connector-factories/{id}");
    Operations::of("Connector factories")
        .add(get(many, ConnectorsView, "List connector factories", list::list))
        .add(get(one, ConnectorsView, "Get a connector factory", get::get))
        .add(post(many, ConnectorsUpload, "Upload a component", upload::upload).refusing(&[409, 413, 429, 507]))
        .add(delete(one, ConnectorsApprove, "Delete an uploaded factory", delete::delete).refusing(&[409]))
        .add(
            post("/api/connector-factories/{id}/rollback", ConnectorsApprove, "Roll back", roll_back::roll_back)
                .refusing(&[409]),
        )
        .merge(versions())
}

fn versions() -> Operations {
    let one = "/api/connector-factories/{id}/versions/{digest}";
    let approval = "/api/connector-factories/{id}/versions/{digest}/approve";
    let activation = "/api/connector-factories/{id}/versions/{digest}/activate";
    Operations::of("Connector factories")
        .add(post(approval, ConnectorsApprove, "Approve a version", approve::approve).refusing(&[409]))
        .add(post(activation, ConnectorsApprove, "Activate a version", activate::activate).refusing(&[409]))
        .add(delete(one, ConnectorsApprove, "Delete a version", delete_version::delete_version).refusing(&[409]))
}
