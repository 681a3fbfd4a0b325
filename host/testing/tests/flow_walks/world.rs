//! A server, several people in front of it, and the model that says what each of their steps may do.

use std::collections::{HashMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use keyway_core::Cx;
use keyway_core::administrators;
use keyway_core::limits::Limits;
use keyway_core::users::{self, NewPassword, NewUser};
use keyway_model::user::{User, UserChange};
use keyway_model::{TenantId, UserId};
use keyway_testing::{Answer, Application, Browser, Database, Dice, Options, TestServer};
use serde_json::{Value, json};

use super::model::{Account, Event, Field, Flow, Kind, Model, Name, Policy, Sent, Submitted};

pub const PASSWORDS: [&str; 4] =
    ["correct horse battery", "another horse battery", "brown fox in the fog", "seven boats at sea"];
const PEOPLE: usize = 4;

/// Steps that were made last, shown when one of them fails.
pub struct Trace(Vec<String>);

impl Drop for Trace {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let from = self.0.len().saturating_sub(40);
            eprintln!("the last steps:\n{}", self.0[from..].join("\n"));
        }
    }
}

pub struct Person {
    pub browser: Browser,
    /// Steps that this browser still makes.
    pub left: usize,
    /// Interaction cookies that it had.
    pub old: Vec<String>,
}

pub struct World {
    pub server: TestServer,
    pub tenant: TenantId,
    pub application: Application,
    /// An application of the users' tenant.
    pub neighbour: Application,
    pub model: Model,
    pub flows: HashMap<String, Flow>,
    pub people: Vec<Person>,
    pub dice: Dice,
    pub walks: usize,
    /// Every session cookie that was ever given out.
    pub seen: HashSet<String>,
    pub refresh: Vec<String>,
    /// The interaction cookie that the last step was made with.
    acting: String,
    made: usize,
    trace: Trace,
}

impl World {
    pub async fn new(database: Database, policy: Policy, seed: u64) -> Self {
        let limits = Limits {
            sends_per_recipient_minute: 0,
            sends_per_recipient_hour: 0,
            sends_per_recipient_day: 0,
            unverified_per_ip_hour: 0,
            unverified_per_ip_day: 0,
            unverified_per_country_hour: 0,
            unverified_per_country_day: 0,
            unverified_per_prefix_hour: 0,
            countries_per_ip_day: 0,
            proof_of_work_bits: 0,
            failures_per_identifier_hour: 0,
            failures_before_delay: 0,
            failures_per_identifier_day: 0,
            failures_per_network_hour: 0,
        };
        let server =
            TestServer::start_with(database, Options { limits: Some(limits), seed, ..Options::default() }).await;
        let application = if policy == Policy::Operators {
            administrators::create(&server.operators(), "root", None, true, &[]).await.unwrap();
            Application {
                id: "admin-console".into(),
                secret: String::new(),
                redirect_uri: "http://localhost:3002/console/callback".into(),
            }
        } else {
            server.application().await
        };
        let neighbour = server.application().await;
        if policy == Policy::ByName {
            let settings = json!({
                "signUp": {
                    "identifiers": ["username"], "password": true, "verify": true,
                    "secondaryIdentifiers": [{ "identifier": "phone", "verify": true }],
                },
                "signIn": { "methods": [
                    { "identifier": "username", "password": true, "verificationCode": false, "isPasswordPrimary": true },
                    { "identifier": "phone", "password": true, "verificationCode": true, "isPasswordPrimary": false },
                ] },
            });
            server.api(Method::PATCH, "/sign-in-exp", Some(settings)).await.expect(200);
        }
        let tenant = if policy == Policy::Operators { TenantId::admin() } else { TenantId::default_tenant() };
        let model = Model { policy, accounts: Vec::new(), holders: HashMap::new(), now: 0 };
        let mut world = Self {
            server,
            tenant,
            application,
            neighbour,
            model,
            flows: HashMap::new(),
            people: Vec::new(),
            dice: Dice::new(seed),
            walks: 0,
            seen: HashSet::new(),
            refresh: Vec::new(),
            acting: String::new(),
            made: 0,
            trace: Trace(Vec::new()),
        };
        for _ in 0..5 {
            world.create().await;
        }
        for _ in 0..PEOPLE {
            let person = world.person();
            world.people.push(person);
        }
        world
    }

    pub fn person(&mut self) -> Person {
        self.walks += 1;
        let address = format!("203.0.113.{}", self.walks % 250);
        let browser = match self.model.policy {
            Policy::Operators => self.server.operators_browser(&address),
            _ => self.server.browser(&address),
        };
        Person { browser, left: 6 + self.dice.below(16), old: Vec::new() }
    }

    pub fn note(&mut self, text: String) {
        self.trace.0.push(text);
    }

    pub fn cookie_name(&self, base: &str) -> String {
        let tenant = if self.model.policy == Policy::Operators { "_admin" } else { "" };
        format!("{tenant}_{base}")
    }

    pub fn cookie(&self, person: usize) -> String {
        self.people[person].browser.cookie(&self.cookie_name("interaction")).unwrap_or_default().to_owned()
    }

    pub fn session(&self, person: usize) -> String {
        self.people[person].browser.cookie(&self.cookie_name("session")).unwrap_or_default().to_owned()
    }

    /// The step that was just made: `rule` is what the model makes of it.
    pub fn judge<T>(&mut self, refused: T, rule: impl FnOnce(&mut Model, &mut Flow) -> T) -> T {
        let cookie = self.acting.clone();
        if self.flows.get(&cookie).is_none_or(|flow| self.model.now > flow.ends_at) {
            return refused;
        }
        let Some(mut flow) = self.flows.remove(&cookie) else { return refused };
        let outcome = rule(&mut self.model, &mut flow);
        self.flows.insert(cookie, flow);
        outcome
    }

    /// Whatever follows is judged by the interaction that the person is in now.
    pub fn act(&mut self, person: usize) {
        self.acting = self.cookie(person);
    }

    pub fn flow(&self, person: usize) -> Option<&Flow> {
        self.flows.get(&self.cookie(person)).filter(|flow| self.model.now <= flow.ends_at)
    }

    pub fn flow_mut(&mut self) -> Option<&mut Flow> {
        self.flows.get_mut(&self.acting)
    }

    /// Stops unless the step was let through exactly when the model lets it through.
    #[track_caller]
    pub fn agree(what: &str, allowed: bool, answer: &Answer) {
        assert_ne!(answer.status, 500, "{what}: {}", answer.body);
        let passed = answer.status.is_success();
        assert_eq!(passed, allowed, "{what}: the server said {} {}", answer.status, answer.body);
    }

    pub async fn step(&mut self, person: usize, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.act(person);
        let answer = self.people[person].browser.step(method, path, body).await;
        self.note(format!("   {person} {path} {}", answer.status));
        answer
    }

    /// Compares what the server kept of an interaction with what the model keeps, and learns the ids.
    pub async fn compare(&mut self, person: usize) {
        self.act(person);
        let shown = self.people[person].browser.step(Method::GET, "/interaction", None).await;
        let Some(flow) = self.flow(person).filter(|flow| flow.event.is_some()).cloned() else {
            assert!(shown.status.is_client_error(), "an interaction that is over is shown: {}", shown.body);
            return;
        };
        let shown = shown.expect(200).json();
        assert_eq!(shown["interactionEvent"], flow.event.unwrap().name());
        if let Some(number) = flow.user {
            self.learn(number, shown["userId"].as_str().unwrap_or_default());
        } else {
            assert_eq!(shown["userId"], Value::Null, "nobody was identified: {shown}");
        }
        let records = shown["verificationRecords"].as_array().unwrap().clone();
        let (mine, theirs) = (flow.proofs.len(), records.len());
        assert_eq!(mine, theirs, "proofs: {:?} and {shown}", flow.proofs);
        let flow = self.flow_mut().unwrap();
        for (proof, record) in flow.proofs.iter_mut().zip(&records) {
            let kind = match proof.kind {
                Kind::Password => "Password",
                Kind::Phone => "PhoneVerificationCode",
                Kind::NewName => "NewPasswordIdentity",
            };
            assert_eq!((record["type"].as_str(), record["verified"].as_bool()), (Some(kind), Some(proof.verified)));
            let id = record["id"].as_str().unwrap();
            if proof.id.is_empty() {
                id.clone_into(&mut proof.id);
            }
            assert_eq!(proof.id, id);
        }
    }

    /// An account's id, which no other account may have.
    fn learn(&mut self, number: usize, id: &str) {
        assert!(!id.is_empty());
        let known = self.model.accounts.iter().position(|account| account.id == id);
        assert_eq!(known.unwrap_or(number), number, "another account than the one that was proven");
        let account = &mut self.model.accounts[number];
        if account.id.is_empty() {
            id.clone_into(&mut account.id);
        }
        assert_eq!(account.id, id, "another account than the one that was proven");
    }

    /// Somebody came in: the account is the proven one, and nothing from before is worth anything.
    pub async fn came_in(&mut self, person: usize, number: usize, code: &str, before: (String, String)) {
        let (session, interaction) = before;
        self.flows.remove(&interaction);
        self.model.holders.remove(&session);
        let now = self.session(person);
        assert!(!now.is_empty() && self.seen.insert(now.clone()), "the session's secret is new");
        self.model.hold(&now, number);
        let account = self.model.account(number);
        assert!(!account.suspended && !account.deleted);
        let tokens = self.exchange(person, code).await.expect(200).json();
        let claims = tokens["id_token"].as_str().unwrap().split('.').nth(1).unwrap();
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
        self.learn(number, claims["sub"].as_str().unwrap());
        if let Some(token) = tokens["refresh_token"].as_str() {
            self.model.hold(token, number);
            self.refresh.push(token.to_owned());
        }
        if self.dice.below(4) == 0 {
            let again = self.exchange(person, code).await;
            assert_eq!(again.status, 400, "a code works once: {}", again.body);
            // Whoever shows a code twice may have stolen it: what it gave ends.
            if let Some(token) = tokens["refresh_token"].as_str() {
                self.model.holders.remove(token);
            }
        }
    }

    async fn exchange(&self, person: usize, code: &str) -> Answer {
        let mut program = self.people[person].browser.clone();
        if !self.application.secret.is_empty() {
            return program.exchange(&self.application, code).await;
        }
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.application.redirect_uri),
            ("client_id", &self.application.id),
            ("code_verifier", "a-verifier-of-the-test-that-is-long-enough-for-pkce"),
        ];
        program.post_form("/oidc/token", &fields).await
    }

    /// The result of a step that may have ended the interaction, against what the model says.
    pub async fn ended(
        &mut self,
        what: &str,
        person: usize,
        expected: Submitted,
        code: Option<String>,
        before: (String, String),
    ) {
        match expected {
            Submitted::SignedIn(number) => {
                let code = code.unwrap_or_else(|| panic!("{what}: not signed in although everything was proven"));
                self.note(format!("   {person} is signed in to account {number}"));
                self.came_in(person, number, &code, before).await;
            }
            Submitted::Reset(_) | Submitted::Refused => {
                assert!(code.is_none(), "{what}: signed in without what the account asks for");
                assert_eq!(self.session(person), before.0, "{what}: a session without a sign-in");
            }
        }
    }

    /// The message of a code that was just asked for.
    pub async fn receive(&mut self, phone: &str, goes_out: bool) {
        let message =
            if goes_out { Some(self.server.inbox.awaited(phone).await) } else { self.server.inbox.last(phone) };
        assert_eq!(message.is_some(), goes_out, "a message to {phone}");
        let Some(flow) = self.flow_mut() else { return };
        let event = flow.event.unwrap().name();
        let code = flow.proofs.iter_mut().find_map(|proof| proof.code.as_mut().filter(|_| proof.kind == Kind::Phone));
        if let Some(message) = message {
            assert_eq!((message.to.as_str(), message.usage.as_str()), (phone, event));
            code.unwrap().digits = Some(message.code().to_owned());
        }
    }

    pub async fn send(&mut self, person: usize, phone: &str, claimed: &str) {
        self.server.inbox.clear();
        self.act(person);
        let answer = self.people[person].browser.send_code(phone, claimed).await;
        self.note(format!("   {person} asks for a code to {phone}: {}", answer.status));
        let sent = self.judge(Sent::Refused, |model, flow| model.send(flow, None, phone));
        Self::agree("a code", sent != Sent::Refused, &answer);
        if let Sent::New(goes_out) = sent {
            self.name_proof(Kind::Phone, &answer);
            self.receive(phone, goes_out).await;
        }
    }

    /// Keeps the id of a proof that the server just made.
    pub fn name_proof(&mut self, kind: Kind, answer: &Answer) {
        let id = answer.json()["verificationId"].as_str().unwrap().to_owned();
        let flow = self.flow_mut().unwrap();
        flow.proofs.iter_mut().find(|proof| proof.kind == kind).unwrap().id = id;
    }

    pub fn fresh_name(&mut self) -> String {
        self.made += 1;
        format!("walker_{}", self.made)
    }

    pub fn phone(&self) -> String {
        format!("861380000{:04}", self.dice.below(14))
    }

    /// A name of an account, or of none.
    pub fn some_name(&self) -> (Name, Option<usize>) {
        let living = self.model.living();
        let number = *self.dice.pick(&living);
        let account = self.model.account(number);
        match (self.dice.below(8), &account.name, &account.phone) {
            (0, ..) => (Name::User("nobody".into()), None),
            (1, ..) => (Name::Phone("8613800009999".into()), None),
            (2..5, Some(name), _) => (Name::User(name.clone()), Some(number)),
            (_, _, Some(phone)) => (Name::Phone(phone.clone()), Some(number)),
            (_, Some(name), _) => (Name::User(name.clone()), Some(number)),
            _ => (Name::User("nobody".into()), None),
        }
    }

    /// The account's password, mostly.
    pub fn some_password(&self, number: Option<usize>) -> String {
        let right = number.and_then(|number| self.model.account(number).password.clone());
        right.filter(|_| self.dice.below(5) > 0).unwrap_or_else(|| (*self.dice.pick(&PASSWORDS)).to_owned())
    }

    /// An account that an administrator makes.
    pub async fn create(&mut self) {
        let (name, phone) = (self.fresh_name(), self.phone());
        let operators = self.model.policy == Policy::Operators;
        let is_taken =
            self.model.living().iter().any(|number| self.model.account(*number).phone.as_ref() == Some(&phone));
        let phone = Some(phone).filter(|_| !is_taken && !operators);
        let name = Some(name).filter(|_| operators || phone.is_none() || self.dice.below(3) > 0);
        let password = (*self.dice.pick(&PASSWORDS)).to_owned();
        let password = Some(password).filter(|_| phone.is_none() || self.dice.below(3) > 0);
        let mut user = User::new(UserId(String::new()), self.server.core.now());
        (user.username, user.primary_phone) = (name.clone(), phone.clone());
        let new = NewUser { user, password: password.clone().map(NewPassword::Plain) };
        let made = users::create(&self.system(), new).await.unwrap();
        self.model.accounts.push(Account { id: made.id.0, name, phone, password, ..Account::default() });
    }

    fn system(&self) -> Cx {
        Cx::system(&self.server.core, self.tenant.clone())
    }

    /// An administrator does something to an account.
    pub async fn administer(&mut self) {
        let living: Vec<usize> =
            self.model.living().into_iter().filter(|number| !self.model.account(*number).id.is_empty()).collect();
        if living.len() < 4 {
            return self.create().await;
        }
        let number = *self.dice.pick(&living);
        let cx = self.system();
        let id = UserId(self.model.account(number).id.clone());
        let choice = self.dice.below(9);
        self.note(format!("   an administrator does {choice} to account {number}"));
        match choice {
            0..3 => {
                let suspend = !self.model.account(number).suspended;
                let change = UserChange { is_suspended: Some(suspend), ..UserChange::default() };
                users::update(&cx, &id, change).await.unwrap();
                self.model.accounts[number].suspended = suspend;
                if suspend {
                    self.model.sign_out(number);
                }
            }
            3 | 4 => {
                users::sign_out(&cx, &id).await.unwrap();
                self.model.sign_out(number);
            }
            5 => {
                let password = (*self.dice.pick(&PASSWORDS)).to_owned();
                users::set_password(&cx, &id, password.clone()).await.unwrap();
                self.model.accounts[number].password = Some(password);
                self.model.sign_out(number);
            }
            6 => {
                users::delete(&cx, &id).await.unwrap();
                self.model.accounts[number].deleted = true;
                self.create().await;
            }
            _ => {
                let change = UserChange { is_suspended: Some(false), ..UserChange::default() };
                users::update(&cx, &id, change).await.unwrap();
                self.model.accounts[number].suspended = false;
            }
        }
    }

    pub fn fields(field: &Field, id: &str) -> Value {
        match field {
            Field::Name(name) => json!({ "type": "username", "value": name }),
            Field::Password(password) => json!({ "type": "password", "value": password }),
            Field::Phone(_) => json!({ "type": "phone", "verificationId": id }),
        }
    }

    pub fn events(&self) -> Event {
        *self.dice.pick(&Event::ALL)
    }
}
