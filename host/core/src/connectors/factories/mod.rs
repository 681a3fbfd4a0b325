//! Connector factories: the components of the binary, and uploaded ones with their versions: staged, approved, active, retired; and
//! the way back.

mod approve;
mod delete;
mod error;
mod follow;
mod serving;
mod switch;
mod upload;
mod versions;

pub use approve::approve;
pub use delete::{delete, delete_version};
pub use error::{FactoryError, Quota};
pub(crate) use follow::follow;
pub(super) use serving::serving;
pub use serving::{get, list, skew, skew_of_all};
pub use switch::{activate, roll_back};
pub(super) use upload::Uploads;
pub(crate) use upload::tidy_compiled;
pub use upload::{Upload, UploadTurn, turn, upload};
pub use versions::{UploadedVersion, version, versions};

use keyway_model::FactoryId;
use serde_json::json;

use crate::Cx;
use crate::events::{Event, EventKind};

/// What happened to a version, or to all of a factory.
fn event(cx: &Cx, kind: EventKind, factory: &FactoryId, digest: Option<&str>) -> Event {
    let event = Event::new(kind).target("factoryId", factory.as_str()).detail("factoryId", json!(factory));
    let event = event.detail("digest", json!(digest.unwrap_or_default())).detail("by", json!(cx.actor.id()));
    match digest {
        Some(digest) => event.target("digest", digest),
        None => event,
    }
}
