//! `/api/tenants`, on the operators' listener alone.

mod create;
mod delete;
mod get;
mod list;
mod update;
mod view;

use keyway_core::tenants::TenantError;
use keyway_model::resource::ManagementScope::All;
use keyway_model::{ErrorCode, Refusal};

use crate::declaration::{Operations, delete, get, patch, post};
use crate::error::WebError;

/// The operations on tenants.
pub fn operations() -> Operations {
    Operations::of("Tenants")
        .add(get("/api/tenants", All, "List tenants", list::list))
        .add(post("/api/tenants", All, "Create a tenant", create::create).refusing(&[422]))
        .add(get("/api/tenants/{id}", All, "Get a tenant", get::get))
        .add(patch("/api/tenants/{id}", All, "Update a tenant", update::update).refusing(&[422]))
        .add(delete("/api/tenants/{id}", All, "Delete a tenant", delete::delete).refusing(&[422]))
}

impl From<TenantError> for WebError {
    fn from(error: TenantError) -> Self {
        match error {
            TenantError::NotFound => ErrorCode::EntityNotFound.into(),
            TenantError::IdInUse => Refusal::from(ErrorCode::TenantIdInUse).of_field("id").into(),
            TenantError::AddressInUse => Refusal::from(ErrorCode::TenantAddressInUse).of_field("address").into(),
            TenantError::AddressFixed => Refusal::from(ErrorCode::TenantAddressFixed).of_field("address").into(),
            TenantError::Fixed => ErrorCode::TenantFixed.into(),
            TenantError::Refused(refusal) => refusal.into(),
            TenantError::Core(error) => error.into(),
        }
    }
}
