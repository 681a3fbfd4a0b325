//! The list of users and the search in it.

use keyway_model::user::User;
use keyway_store::user_search::{self, ListPosition, UserMatch, UserSearch};
use keyway_store::{Page, Total};

use super::UserError;
use crate::Cx;

/// What a search counts to: nobody reads on so far, and counting all of a million takes its time.
const MAX_FOUND: i64 = 1000;

/// What the list counts to where nobody computes with it.
const MAX_COUNTED: i64 = 10_000;

/// Users that follow each other in the list.
#[derive(Debug)]
pub struct Window {
    /// Newest first.
    pub users: Vec<User>,
    /// Whether there are newer ones.
    pub has_newer: bool,
    /// Whether there are older ones.
    pub has_older: bool,
    /// How many there are.
    pub total: Total,
}

/// What is looked for anywhere in any field, when that is all that is asked.
fn part_of_any(search: &UserSearch) -> Option<String> {
    let [UserMatch { field: None, exact: false, values }] = search.matches.as_slice() else { return None };
    let text = values.first()?.strip_prefix('%')?.strip_suffix('%')?;
    let plain = !search.case_sensitive && !text.trim().is_empty() && !text.contains(['%', '_', '\\']);
    plain.then(|| text.to_owned())
}

/// A page of users whose names or identifiers hold `search`, newest first, and how many there are. A search is counted
/// to a thousand.
#[tracing::instrument(name = "users.list", skip_all)]
pub async fn list(cx: &Cx, search: Option<String>, page: Page) -> Result<(Vec<User>, Total), UserError> {
    let most = if search.is_some() { MAX_FOUND } else { i64::MAX };
    cx.read(async |tx| Ok(user_search::page(tx, &cx.tenant, search.as_deref(), page, most).await?)).await
}

/// A page of the users that a search by fields finds. A pattern of the form `%text%` over all fields goes by the index.
#[tracing::instrument(name = "users.search", skip_all)]
pub async fn search(cx: &Cx, search: UserSearch, page: Page) -> Result<(Vec<User>, Total), UserError> {
    if let Some(text) = part_of_any(&search) {
        return list(cx, Some(text), page).await;
    }
    cx.read(async |tx| Ok(user_search::matching(tx, &cx.tenant, &search, page, MAX_FOUND).await?)).await
}

/// `limit` users at a place of the list: as quick at its end as at its beginning.
#[tracing::instrument(name = "users.window", skip_all)]
pub async fn window(cx: &Cx, place: ListPosition, limit: i64) -> Result<Window, UserError> {
    let one_more = limit.saturating_add(1);
    let limit = usize::try_from(limit).unwrap_or_default();
    cx.read(async move |tx| {
        let mut place = place;
        let mut users = user_search::at(tx, &cx.tenant, place.clone(), one_more).await?;
        if matches!(place, ListPosition::NewerThan(..)) && users.len() <= limit {
            place = ListPosition::Newest;
            users = user_search::at(tx, &cx.tenant, ListPosition::Newest, one_more).await?;
        }
        let goes_on = users.len() > limit;
        let (has_newer, has_older) = match place {
            ListPosition::Newest => (false, goes_on),
            ListPosition::OlderThan(..) => (true, goes_on),
            ListPosition::NewerThan(..) => (goes_on, true),
            ListPosition::Oldest => (goes_on, false),
        };
        if goes_on && matches!(place, ListPosition::NewerThan(..) | ListPosition::Oldest) {
            users.remove(0);
        }
        users.truncate(limit);
        let total = user_search::count(tx, &cx.tenant, None, MAX_COUNTED).await?;
        Ok(Window { users, has_newer, has_older, total })
    })
    .await
}
