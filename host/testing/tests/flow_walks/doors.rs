//! The steps that a person can make: through the Experience API, through the pages' forms, and with cookies of somebody else.

use http::Method;
use keyway_testing::{Answer, Application};
use serde_json::json;

use super::model::{Event, Field, Flow, Kind, Model, Name, Submitted};
use super::world::{PASSWORDS, World};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    Authorize,
    Start,
    Turn,
    Password,
    Send,
    Verify,
    Identify,
    NewName,
    Profile,
    NewPassword,
    Submit,
    PagePassword,
    PageSend,
    PageCode,
    PageResend,
    PageNewPassword,
    PageTurn,
    PageRegister,
    PageForged,
    OldCookie,
    OthersCookie,
    OtherTenant,
    PlantedSession,
    Silent,
    Refresh,
    Administrator,
    Clock,
}

impl Door {
    pub const ALL: [Self; 27] = [
        Self::Authorize,
        Self::Start,
        Self::Turn,
        Self::Password,
        Self::Send,
        Self::Verify,
        Self::Identify,
        Self::NewName,
        Self::Profile,
        Self::NewPassword,
        Self::Submit,
        Self::PagePassword,
        Self::PageSend,
        Self::PageCode,
        Self::PageResend,
        Self::PageNewPassword,
        Self::PageTurn,
        Self::PageRegister,
        Self::PageForged,
        Self::OldCookie,
        Self::OthersCookie,
        Self::OtherTenant,
        Self::PlantedSession,
        Self::Silent,
        Self::Refresh,
        Self::Administrator,
        Self::Clock,
    ];
}

/// Whether an answer redirects to this page.
pub(super) fn leads_to(answer: &Answer, page: &str) -> bool {
    answer.location().split('?').next() == Some(page)
}

impl World {
    /// A step that leads on from where a person stands, more often than not.
    pub fn door(&self, person: usize, favourites: &[Door]) -> Door {
        let api = self.dice.below(2) == 0;
        let either = |one, other| if api { one } else { other };
        match self.dice.below(10) {
            0..3 => return *self.dice.pick(&Door::ALL),
            3 => return *self.dice.pick(favourites),
            _ => {}
        }
        let Some(flow) = self.flow(person) else { return Door::Authorize };
        let Some(event) = flow.event else {
            return *self.dice.pick(&[Door::Start, Door::PagePassword, Door::PageSend]);
        };
        if flow.user.is_some() {
            let waits = event == Event::ForgotPassword && self.dice.below(3) > 0;
            return if waits { either(Door::NewPassword, Door::PageNewPassword) } else { Door::Submit };
        }
        if flow.proven().is_some() {
            return *self.dice.pick(&[Door::Identify, Door::Identify, Door::Profile, Door::PageTurn]);
        }
        if flow.pending().is_some() {
            return either(Door::Verify, Door::PageCode);
        }
        match event {
            Event::SignIn => *self.dice.pick(&[Door::Password, Door::Send, Door::PagePassword, Door::PageSend]),
            Event::Register => *self.dice.pick(&[Door::Send, Door::NewName, Door::PageRegister, Door::PageSend]),
            Event::ForgotPassword => either(Door::Send, Door::PageSend),
        }
    }

    pub async fn go(&mut self, person: usize, door: Door) {
        self.note(format!("{person} {door:?}"));
        match door {
            Door::Authorize => self.authorize(person).await,
            Door::Start | Door::Turn => {
                let event = self.events();
                let (method, path) =
                    if door == Door::Start { (Method::PUT, "") } else { (Method::PUT, "/interaction-event") };
                let body = json!({ "interactionEvent": event.name() });
                let answer = self.step(person, method, path, Some(body)).await;
                let allowed = self.judge(false, |model, flow| {
                    if door == Door::Start { model.start(flow, event) } else { model.turn(flow, event) }
                });
                World::agree(event.name(), allowed, &answer);
            }
            Door::Password => self.password(person).await,
            Door::Send => {
                let (phone, claimed) = (self.phone(), self.events().name());
                self.send(person, &phone, claimed).await;
            }
            Door::Verify => self.verify(person).await,
            Door::Identify => {
                let id = self.some_proof(person);
                let body = if id.is_empty() { json!({}) } else { json!({ "verificationId": id }) };
                let answer = self.step(person, Method::POST, "/identification", Some(body)).await;
                let id = Some(id.as_str()).filter(|id| !id.is_empty());
                let allowed = self.judge(false, |model, flow| model.identify(flow, id));
                World::agree("an identification", allowed, &answer);
            }
            Door::NewName => {
                let (name, password) = (self.new_name(), *self.dice.pick(&PASSWORDS));
                let body = json!({ "identifier": { "type": "username", "value": name }, "password": password });
                let answer = self.step(person, Method::POST, "/verification/new-password-identity", Some(body)).await;
                let allowed = self.judge(false, |model, flow| model.new_name(flow, &name, password));
                World::agree("a new name", allowed, &answer);
                if allowed {
                    self.name_proof(Kind::NewName, &answer);
                }
            }
            Door::Profile => {
                let id = self.some_proof(person);
                let field = match self.dice.below(3) {
                    0 => Field::Name(self.new_name()),
                    1 => Field::Password((*self.dice.pick(&PASSWORDS)).to_owned()),
                    _ => Field::Phone(id.clone()),
                };
                let body = World::fields(&field, &id);
                let answer = self.step(person, Method::POST, "/profile", Some(body)).await;
                let allowed = self.judge(false, |model, flow| model.profile(flow, field));
                World::agree("a field of the profile", allowed, &answer);
            }
            Door::NewPassword => {
                let password = *self.dice.pick(&PASSWORDS);
                let body = json!({ "password": password });
                let answer = self.step(person, Method::PUT, "/profile/password", Some(body)).await;
                let allowed = self.judge(false, |model, flow| model.new_password(flow, password));
                World::agree("a new password", allowed, &answer);
            }
            Door::Submit => self.submit(person).await,
            Door::PagePassword | Door::PageSend | Door::PageCode | Door::PageResend => self.page(person, door).await,
            Door::PageNewPassword | Door::PageTurn | Door::PageRegister => self.page(person, door).await,
            Door::PageForged => self.forged(person).await,
            Door::OldCookie => {
                if self.people[person].old.is_empty() {
                    return;
                }
                let (old, now) = (self.dice.pick(&self.people[person].old).clone(), self.cookie(person));
                self.people[person].old.push(now);
                let name = self.cookie_name("interaction");
                self.people[person].browser.cookies_mut().insert(name, old);
                self.submit(person).await;
            }
            Door::OthersCookie => self.others(person).await,
            Door::OtherTenant => self.other_tenant(person).await,
            Door::PlantedSession => {
                let planted = if self.dice.below(2) == 0 || self.seen.is_empty() {
                    format!("planted-{}", self.dice.below(1000))
                } else {
                    let mut all: Vec<&String> = self.seen.iter().collect();
                    all.sort();
                    (*self.dice.pick(&all)).clone()
                };
                let name = self.cookie_name("session");
                self.people[person].browser.cookies_mut().insert(name, planted);
            }
            Door::Silent => self.silent(person).await,
            Door::Refresh => self.refresh(person).await,
            Door::Administrator => self.administer().await,
            Door::Clock => {
                let seconds = *self.dice.pick(&[61, 61, 601]);
                self.server.clock.turn(seconds);
                self.model.now += seconds;
            }
        }
    }

    async fn authorize(&mut self, person: usize) {
        let application = self.application.clone();
        let old = self.cookie(person);
        let browser = &mut self.people[person].browser;
        browser.authorize_with(&application, &[("prompt", "login consent")]).await.expect(303);
        let cookie = self.cookie(person);
        assert!(
            !cookie.is_empty() && cookie != old && !self.flows.contains_key(&cookie),
            "each interaction has a secret"
        );
        if !old.is_empty() {
            self.people[person].old.push(old);
        }
        self.flows.insert(cookie, Flow::until(self.model.now + 3600));
    }

    async fn password(&mut self, person: usize) {
        let (name, number) = self.some_name();
        let password = self.some_password(number);
        let (kind, value) = match &name {
            Name::User(name) => ("username", name),
            Name::Phone(phone) => ("phone", phone),
        };
        let body = json!({ "identifier": { "type": kind, "value": value }, "password": password });
        let answer = self.step(person, Method::POST, "/verification/password", Some(body)).await;
        let allowed = self.judge(false, |model, flow| model.password(flow, &name, &password));
        World::agree("a password", allowed, &answer);
        if allowed {
            self.name_proof(Kind::Password, &answer);
        }
    }

    /// The id of a proof: of this interaction mostly, else of another's.
    pub(super) fn some_proof(&self, person: usize) -> String {
        let own = self.flow(person).and_then(|flow| flow.proofs.last().map(|proof| proof.id.clone()));
        match self.dice.below(6) {
            0 => {
                let mut ids: Vec<&String> =
                    self.flows.values().flat_map(|flow| flow.proofs.iter().map(|proof| &proof.id)).collect();
                ids.sort();
                if ids.is_empty() { String::new() } else { (*self.dice.pick(&ids)).clone() }
            }
            1 => String::new(),
            2 => {
                let first = self.flow(person).and_then(|flow| flow.proofs.first().map(|proof| proof.id.clone()));
                first.unwrap_or_default()
            }
            _ => own.unwrap_or_default(),
        }
    }

    /// A code that somebody was sent: one's own mostly.
    pub(super) fn some_code(&self, person: usize) -> (String, String, String) {
        let of = |flow: &Flow| {
            flow.proofs.iter().find_map(|proof| {
                let (Name::Phone(phone), Some(code)) = (&proof.of, &proof.code) else { return None };
                Some((proof.id.clone(), phone.clone(), code.digits.clone().unwrap_or_else(|| "000000".into())))
            })
        };
        let own = self.flow(person).and_then(of);
        let (id, phone, digits) = own.unwrap_or_else(|| ("an-id".into(), self.phone(), "000000".into()));
        match self.dice.below(8) {
            0 => (id, phone, if digits == "111111" { "111112".into() } else { "111111".into() }),
            1 => (id, self.phone(), digits),
            2 => {
                let mut all: Vec<(String, String, String)> = self.flows.values().filter_map(of).collect();
                all.sort();
                if all.is_empty() {
                    return (id, phone, digits);
                }
                let (other, whose, theirs) = self.dice.pick(&all).clone();
                if self.dice.below(2) == 0 { (other, whose, theirs) } else { (id, phone, theirs) }
            }
            _ => (id, phone, digits),
        }
    }

    async fn verify(&mut self, person: usize) {
        let (id, phone, digits) = self.some_code(person);
        self.act(person);
        let answer = self.people[person].browser.verify_code(&phone, &id, &digits).await;
        self.note(format!("   {person} types {digits} for {phone}: {}", answer.status));
        let allowed = self.judge(false, |model, flow| model.verify(flow, &id, &phone, &digits));
        World::agree("a code that was typed", allowed, &answer);
    }

    async fn submit(&mut self, person: usize) {
        let before = (self.session(person), self.cookie(person));
        let answer = self.step(person, Method::POST, "/submit", None).await;
        let expected = self.judge(Submitted::Refused, Model::submit);
        World::agree("a submission", expected != Submitted::Refused, &answer);
        let code = answer.json()["redirectTo"].as_str().and_then(|to| {
            let query = to.split_once('?')?.1;
            url::form_urlencoded::parse(query.as_bytes())
                .find(|(name, _)| name == "code")
                .map(|(_, code)| code.into_owned())
        });
        self.ended("a submission", person, expected, code, before).await;
    }

    /// Somebody else's interaction cookie, alive or over: one's own proofs do not come along.
    async fn others(&mut self, person: usize) {
        let mut cookies: Vec<&String> = self.flows.keys().collect();
        cookies.sort();
        let stolen = if cookies.is_empty() { String::new() } else { (*self.dice.pick(&cookies)).clone() };
        let id =
            self.flow(person).and_then(|flow| flow.proofs.last()).map(|proof| proof.id.clone()).unwrap_or_default();
        let name = self.cookie_name("interaction");
        let own = self.cookie(person);
        if stolen.is_empty() || own.is_empty() || stolen == own {
            return;
        }
        self.people[person].browser.cookies_mut().insert(name.clone(), stolen);
        let body = json!({ "verificationId": id });
        let answer = self.step(person, Method::POST, "/identification", Some(body)).await;
        let allowed = self.judge(false, |model, flow| model.identify(flow, Some(&id)));
        World::agree("an identification with another's cookie", allowed, &answer);
        self.people[person].browser.cookies_mut().insert(name, own);
    }

    /// The cookies under the names that the other tenant's listener reads.
    async fn other_tenant(&mut self, person: usize) {
        let operators = self.cookie_name("session").starts_with("_admin");
        let mut other = if operators {
            self.server.browser("203.0.113.251")
        } else {
            self.server.operators_browser("203.0.113.251")
        };
        let prefix = if operators { "" } else { "_admin" };
        for (name, value) in [("interaction", self.cookie(person)), ("session", self.session(person))] {
            other.cookies_mut().insert(format!("{prefix}_{name}"), value);
        }
        let started = other.step(Method::PUT, "", Some(json!({ "interactionEvent": "SignIn" }))).await;
        assert!(started.status.is_client_error(), "an interaction of another tenant: {}", started.body);
        assert!(other.step(Method::POST, "/submit", None).await.status.is_client_error());
        let client = if operators {
            self.neighbour.clone()
        } else {
            let redirect_uri = "http://localhost:3002/console/callback".into();
            Application { id: "admin-console".into(), secret: String::new(), redirect_uri }
        };
        let silent = other.authorize_with(&client, &[("prompt", "none")]).await;
        assert_eq!(
            silent.location_parameter("error").as_deref(),
            Some("login_required"),
            "a session of another tenant"
        );
    }

    async fn silent(&mut self, person: usize) {
        let (application, session) = (self.application.clone(), self.session(person));
        let answer = self.people[person].browser.authorize_with(&application, &[("prompt", "none")]).await;
        let expected = self.model.holds(&session);
        let code = answer.location_parameter("code");
        assert_eq!(code.is_some(), expected.is_some(), "a session: {} {:?}", answer.location(), expected);
    }

    async fn refresh(&mut self, person: usize) {
        if self.refresh.is_empty() {
            return;
        }
        let token = self.dice.pick(&self.refresh).clone();
        let application = self.application.clone();
        let answer = self.people[person].browser.clone().refresh(&application, &token).await;
        assert!(!answer.status.is_server_error(), "{}", answer.body);
        let expected = self.model.holds(&token);
        assert_eq!(answer.status == 200, expected.is_some(), "a refresh token: {}", answer.body);
    }

    pub(crate) fn new_name(&mut self) -> String {
        let taken = self.model.living().into_iter().find_map(|number| self.model.account(number).name.clone());
        let fresh = self.fresh_name();
        taken.filter(|_| self.dice.below(4) == 0).unwrap_or(fresh)
    }

    /// A form of this interaction's page, or with the secret of no page.
    pub(crate) async fn form(&mut self, person: usize, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.act(person);
        let known = self.flow(person).and_then(|flow| flow.csrf.clone());
        let csrf = if let Some(csrf) = known {
            csrf
        } else {
            let page = self.people[person].browser.get("/sign-in").await;
            let csrf = page.input("csrf").unwrap_or_default();
            if let Some(flow) = self.flow_mut() {
                flow.csrf = Some(csrf.clone()).filter(|csrf| !csrf.is_empty());
            }
            csrf
        };
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend(fields);
        let answer = self.people[person].browser.post_form(path, &all).await;
        self.note(format!("   {person} {path} {} {}", answer.status, answer.location()));
        assert_ne!(answer.status, 500, "{path}: {}", answer.body);
        answer
    }

    /// A form without the interaction's secret, or with another's: nothing happens.
    async fn forged(&mut self, person: usize) {
        let mut others: Vec<String> = self.flows.values().filter_map(|flow| flow.csrf.clone()).collect();
        let own = self.flow(person).and_then(|flow| flow.csrf.clone());
        others.retain(|csrf| Some(csrf) != own.as_ref());
        others.sort();
        let csrf = others.first().cloned().unwrap_or_default();
        let (name, number) = self.some_name();
        let password = self.some_password(number);
        let (Name::User(name) | Name::Phone(name)) = name;
        let path =
            *self.dice.pick(&["/sign-in", "/code", "/new-password", "/register", "/no-account", "/forgot-password"]);
        let fields = [("csrf", csrf.as_str()), ("identifier", &name), ("password", &password), ("code", "000000")];
        let before = self.session(person);
        let answer = self.people[person].browser.post_form(path, &fields).await;
        assert!(answer.status.is_client_error(), "{path} without the form's secret: {} {}", answer.status, answer.body);
        assert_eq!(self.session(person), before);
    }

    /// What the pages do with a proof: identify, and submit at once.
    pub(super) fn proceed(&mut self, id: &str) -> Submitted {
        self.judge(Submitted::Refused, |model, flow| {
            let event = flow.event;
            if !model.identify(flow, Some(id).filter(|id| !id.is_empty())) || event == Some(Event::ForgotPassword) {
                return Submitted::Refused;
            }
            model.submit(flow)
        })
    }

    /// The same with the proof that was just made. Its id is the server's; here any name will do until the server's is read.
    pub(super) fn proceed_with_the_new_proof(&mut self) -> Submitted {
        self.flow_mut().unwrap().proofs.last_mut().unwrap().id = "new".into();
        let expected = self.proceed("new");
        if let Some(flow) = self.flow_mut() {
            flow.proofs.iter_mut().filter(|proof| proof.id == "new").for_each(|proof| proof.id.clear());
        }
        expected
    }
}
