//! `/api/connectors`

mod create;
mod delete;
mod error;
mod get;
mod list;
mod log;
mod log_view;
mod settings;
mod test;
mod update;
mod view;

use keyway_model::resource::ManagementScope::{ConnectorsConfigure, ConnectorsTest, ConnectorsView};

use crate::declaration::{Operations, delete, get, patch, post};

pub use log_view::LogContentView;

/// The operations on connectors.
pub fn operations() -> Operations {
    let (many, one) = ("/api/connectors", "/api/connectors/{id}");
    Operations::of("Connectors")
        .add(get(many, ConnectorsView, "List connectors", list::list))
        .add(post(many, ConnectorsConfigure, "Create a connector", create::create).refusing(&[422]))
        .add(get(one, ConnectorsView, "Get a connector", get::get))
        .add(patch(one, ConnectorsConfigure, "Update a connector", update::update).refusing(&[422]))
        .add(delete(one, ConnectorsConfigure, "Delete a connector", delete::delete))
        .add(
            post("/api/connectors/{id}/test", ConnectorsTest, "Send a test message", test::test)
                .refusing(&[422, 429, 502]),
        )
        .add(get("/api/connectors/{id}/logs", ConnectorsView, "Get a connector's log", log::log))
}
