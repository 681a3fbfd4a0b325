//! What lists around roles are searched by.

use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SearchQuery {
    /// What id, name or description are like; `%` stands for anything.
    pub search: Option<String>,
}
