//! The frame of the console's pages, and what several of them show.

use std::borrow::Borrow;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use keyway_core::{Page, Total};
use keyway_model::application::ApplicationType;
use keyway_model::look::is_web;
use keyway_model::resource::ManagementScope;
use keyway_model::tenant::Tenant;
use keyway_model::{TenantId, Timestamp};
use pulldown_cmark::{Event, Parser, Tag, html};
use time::OffsetDateTime;
use time::macros::format_description;

use super::address::base;
use super::session::Admin;
use super::texts::{Texts, texts};
use crate::audit::{NothingDone, RefusedFor};
use crate::error::{WebError, sentence};
use crate::locale::Locale;
use crate::oidc::answer::see_other;
use crate::pages::render;
use crate::request::Parameters;

/// What every page has.
pub struct Shell {
    /// The sentences.
    pub t: &'static Texts,
    /// Where the pages of the tenant are, without a slash at its end.
    pub base: String,
    /// The tenant that is administered, where there are others.
    pub tenant: Option<Choice>,
    /// All that can be chosen, where there is a choice.
    pub choices: Vec<Choice>,
    /// Whether there are more than the choice holds.
    pub has_more: bool,
    /// Whether every page may be opened.
    pub may_do_everything: bool,
    /// The entry of the bar that is marked.
    pub section: &'static str,
    /// The administrator's name.
    pub who: String,
    /// Good news.
    pub notice: String,
    /// What went wrong.
    pub alert: String,
    /// Whether the forms show what was sent and is not saved.
    pub draft: bool,
}

/// A tenant that can be administered.
#[derive(Clone)]
pub struct Choice {
    /// Its name, or its id where it has none.
    pub name: String,
    /// The host that leads to it.
    pub host: String,
    /// Where its pages are.
    pub href: String,
    /// Whether it is the one that is administered.
    pub is_chosen: bool,
}

/// Most tenants that the frame of a page holds; the page of tenants has the others.
const MAX_CHOICES: usize = 100;

/// The tenants that can be administered in a section; none where there is but one.
fn choices(admin: &Admin, section: &str) -> Vec<Choice> {
    if admin.tenants.len() < 2 {
        return Vec::new();
    }
    let path = match section {
        "home" | "tenants" | "" => String::new(),
        "experience" => "/sign-in-experience".into(),
        section => format!("/{section}"),
    };
    let choice = |tenant: &Tenant| Choice {
        name: display_name(tenant),
        host: tenant.address.as_ref().map(|address| address.host.clone()).unwrap_or_default(),
        href: format!("{}{path}", base(&tenant.id)),
        is_chosen: tenant.id == admin.tenant,
    };
    admin.tenants.iter().map(choice).collect()
}

/// What a tenant is called: its name, or its id where it has none.
pub fn display_name(tenant: &Tenant) -> String {
    if tenant.name.is_empty() { tenant.id.0.clone() } else { tenant.name.clone() }
}

/// What a finished action says once, on the page that comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// Something new is there.
    Created,
    /// A change is stored.
    Saved,
    /// Something is gone.
    Deleted,
    /// A version may be activated.
    Approved,
    /// A version serves.
    Activated,
    /// A module passed its checks.
    Uploaded,
    /// The version before serves again.
    RolledBack,
}

impl Notice {
    const ALL: [Self; 7] =
        [Self::Created, Self::Saved, Self::Deleted, Self::Approved, Self::Activated, Self::Uploaded, Self::RolledBack];

    fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Saved => "saved",
            Self::Deleted => "deleted",
            Self::Approved => "approved",
            Self::Activated => "activated",
            Self::Uploaded => "uploaded",
            Self::RolledBack => "rolled-back",
        }
    }

    /// As it is kept until the next page of the tenant.
    pub fn of(self, tenant: &TenantId) -> Kept {
        Kept(format!("{tenant}.{}", self.name()))
    }

    /// The notice of a cookie, at a page of a tenant.
    pub fn of_cookie(text: &str, tenant: &TenantId) -> Option<Self> {
        Self::ALL.into_iter().find(|notice| notice.of(tenant).0 == text)
    }

    fn text(self, t: &Texts) -> &'static str {
        match self {
            Self::Created => t.done_created,
            Self::Saved => t.done_saved,
            Self::Deleted => t.done_deleted,
            Self::Approved => t.done_approved,
            Self::Activated => t.done_activated,
            Self::Uploaded => t.done_uploaded,
            Self::RolledBack => t.done_rolled_back,
        }
    }
}

/// A notice as the browser keeps it in a cookie: with the tenant, whose pages alone say it.
#[derive(Debug, Clone)]
pub struct Kept(pub String);

/// A redirect to a page of the tenant that is administered, which says what was done. The address does not: it would say so again at
/// each reload.
pub fn done(admin: &Admin, path: &str, notice: Notice) -> Response {
    let mut response = see_other(&admin.to(path));
    response.extensions_mut().insert(notice.of(&admin.tenant));
    response
}

impl Shell {
    /// The frame of a page of `section`, with the notice of the action that led here.
    pub fn new(admin: &Admin, section: &'static str) -> Self {
        let t = texts(admin.locale);
        let notice = admin.notice.map(|notice| notice.text(t)).unwrap_or_default().to_owned();
        let mut choices = choices(admin, section);
        let tenant = choices.iter().find(|choice| choice.is_chosen).cloned();
        let has_more = choices.len() > MAX_CHOICES;
        choices.truncate(MAX_CHOICES);
        Self {
            t,
            base: base(&admin.tenant),
            tenant,
            choices,
            has_more,
            may_do_everything: ManagementScope::All.is_within(&admin.scopes),
            section,
            who: admin.name(),
            notice,
            alert: String::new(),
            draft: false,
        }
    }

    /// The languages that the server speaks.
    #[expect(clippy::unused_self, reason = "templates reach methods alone")]
    pub fn languages(&self) -> &'static [Locale] {
        Locale::ALL
    }

    /// The frame of a page that shows what was refused.
    pub fn refused(admin: &Admin, section: &'static str, error: &WebError) -> Self {
        Self::new(admin, section).failing(explain(error, admin.locale)).drafted()
    }

    /// The same above forms that hold what is not saved.
    #[must_use]
    pub fn drafted(self) -> Self {
        Self { draft: true, ..self }
    }

    /// The same with an error.
    #[must_use]
    pub fn failing(self, alert: String) -> Self {
        Self { alert, ..self }
    }
}

/// Whether a form that has operations besides saving asks to be saved. Only its Save button says so: whatever else brings
/// the form here, a script that names no button too, draws it anew and stores nothing.
pub fn saves(sent: &Parameters) -> bool {
    sent.get("op").as_deref() == Some("save")
}

/// What to say to a form that names no operation; empty to one that names its own.
pub fn unnamed(sent: &Parameters, locale: Locale) -> &'static str {
    if sent.get("op").is_none() { texts(locale).nothing_saved } else { "" }
}

/// A form that was drawn anew: nothing was done, so nothing is audited.
pub fn redrawn(shown: &impl Template, problem: &str) -> Response {
    let status = if problem.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let mut response = page(status, shown);
    response.extensions_mut().insert(NothingDone);
    response
}

/// A page that shows what was refused; the audit log has the code of it.
pub fn refused_page(error: &WebError, page: &impl Template) -> Response {
    let mut response = render::html(error.status(), page, None);
    response.extensions_mut().insert(RefusedFor(error.code().to_owned()));
    response
}

/// A page as an answer.
pub fn page(status: StatusCode, page: &impl Template) -> Response {
    render::html(status, page, None)
}

#[derive(Template)]
#[template(path = "console/forbidden.html")]
struct ForbiddenPage {
    shell: Shell,
}

#[derive(Template)]
#[template(path = "console/no_tenant.html")]
struct NoTenantPage {
    shell: Shell,
}

/// At an address of a tenant that is not there, or not any more: the way back.
pub fn no_tenant(admin: &Admin) -> Response {
    page(StatusCode::NOT_FOUND, &NoTenantPage { shell: Shell::new(admin, "") })
}

/// To somebody whose duties do not reach here: who is signed in, and the way out.
pub fn forbidden(admin: &Admin) -> Response {
    page(StatusCode::FORBIDDEN, &ForbiddenPage { shell: Shell::new(admin, "") })
}

/// What to tell an administrator: the whole message, with the provider's own words.
pub fn explain(error: &WebError, locale: Locale) -> String {
    match error {
        WebError::Refusal(refusal) => sentence(refusal, locale),
        WebError::OAuth(error) => error.description.clone(),
    }
}

/// What kind of application, in words.
pub fn kind_text(kind: impl Borrow<ApplicationType>, t: &Texts) -> &'static str {
    match kind.borrow() {
        ApplicationType::Native => t.kind_native,
        ApplicationType::Spa => t.kind_spa,
        ApplicationType::Traditional => t.kind_traditional,
        ApplicationType::MachineToMachine => t.kind_machine,
    }
}

/// A moment as people read it, in UTC.
pub fn moment(at: Timestamp) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
    let text = OffsetDateTime::from_unix_timestamp(at.seconds()).ok().and_then(|at| at.format(format).ok());
    text.unwrap_or_default()
}

/// A module's README as HTML: its author is a stranger, so raw HTML is text, pictures are left out, and links lead to web
/// addresses alone.
pub fn markdown(text: &str) -> String {
    let mut images = 0;
    let mut hidden = Vec::new();
    let events = Parser::new(text).filter_map(|event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
        Event::Start(Tag::Image { .. }) => {
            images += 1;
            None
        }
        Event::End(pulldown_cmark::TagEnd::Image) => None,
        Event::Start(Tag::Link { dest_url, .. }) if !is_web(&dest_url) => {
            hidden.push(true);
            None
        }
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            hidden.push(false);
            Some(Event::Start(Tag::Link { link_type, dest_url, title, id }))
        }
        Event::End(pulldown_cmark::TagEnd::Link) => (!hidden.pop().unwrap_or(true)).then_some(event),
        other => Some(other),
    });
    let events: Vec<Event<'_>> = events.collect();
    let mut shown = String::new();
    html::push_html(&mut shown, events.into_iter());
    shown
}

/// The page of a list that is asked for: its number, and its place in the store.
pub fn requested_page(parameters: &Parameters) -> (i64, Page) {
    let number =
        parameters.get("page").and_then(|number| number.parse().ok()).filter(|number| *number > 0).unwrap_or(1);
    (number, Page { offset: (number - 1).saturating_mul(PAGE), limit: PAGE })
}

/// How many, with a plus where counting stopped.
pub fn shown_total(total: Total) -> String {
    format!("{}{}", total.count, if total.is_capped { "+" } else { "" })
}

/// Where a list goes on.
pub struct Paging {
    /// The page that is shown, from 1.
    pub number: i64,
    /// The last page.
    pub last: i64,
    /// How many there are in all.
    pub total: String,
    /// The address of another page, without its number.
    base: String,
}

/// Entries of one page.
pub const PAGE: i64 = 20;

impl Paging {
    /// The page that `parameters` ask for; `kept` are the filters that stay.
    pub fn new(path: &str, number: i64, total: impl Into<Total>, kept: &[(&str, &str)]) -> Self {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(kept.iter().filter(|(_, value)| !value.is_empty()));
        let total = total.into();
        let last = ((total.count + PAGE - 1) / PAGE).max(1);
        Self { number, last, total: shown_total(total), base: format!("{path}?{}", query.finish()) }
    }

    /// The address of a page.
    pub fn to(&self, number: i64) -> String {
        let joint = if self.base.ends_with('?') { "" } else { "&" };
        format!("{}{joint}page={number}", self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_xss_through_a_readme_is_text() {
        let shown = markdown(
            "# Title\n<script>alert(1)</script>\n\n[a](javascript:alert(1)) [b](https://b.example) ![c](https://c.example/x.png)",
        );
        assert!(shown.contains("<h1>Title</h1>"), "{shown}");
        assert!(shown.contains("<a href=\"https://b.example\">b</a>"), "{shown}");
        for bad in ["<script", "javascript:", "<img"] {
            assert!(!shown.contains(bad), "{bad} in {shown}");
        }
    }

    #[test]
    fn a_list_keeps_its_filters_from_page_to_page() {
        assert_eq!(
            Paging::new("/console/users", 1, 41, &[("search", "a b")]).to(2),
            "/console/users?search=a+b&page=2"
        );
        assert_eq!(Paging::new("/console/users", 1, 41, &[("search", "")]).to(3), "/console/users?page=3");
        assert_eq!(Paging::new("/console/users", 1, 0, &[]).last, 1);
    }

    /// Names of the elements in a piece of HTML: `a` for `<a href=…>` and `</a>`.
    fn elements(html: &str) -> impl Iterator<Item = &str> {
        let tags = html.split('<').skip(1).map(|rest| rest.trim_start_matches('/'));
        tags.map(|tag| tag.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default())
    }

    proptest::proptest! {
        #[test]
        fn parser_exhaustion_of_readmes(
            text in "(\\[|\\]|\\(|\\)|!|#|`|\\*|_|-|>|<|&lt;|\\n| |\\\\|script|onerror=x|img src=x|javascript:|https://a\\.example|data:|\"|'|\\PC){0,30}",
        ) {
            let shown = markdown(&text);
            let safe = ["p", "h1", "h2", "h3", "h4", "h5", "h6", "a", "code", "pre", "em", "strong", "ul", "ol", "li", "hr", "br", "blockquote"];
            for name in elements(&shown) {
                proptest::prop_assert!(safe.contains(&name), "{name:?} in {shown}");
            }
            for target in shown.split("<a href=\"").skip(1) {
                proptest::prop_assert!(is_web(target), "{shown}");
            }
        }
    }
}
