//! What may follow what in a sign-in, written down a second time and without the server's code: accounts, what each interaction
//! has proven, and who may go on with it.

use std::collections::HashMap;

/// A code that survives no sixth guess, and ends after these seconds.
const TRIES: u32 = 5;
const CODE_LIFE: i64 = 600;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    SignIn,
    Register,
    ForgotPassword,
}

impl Event {
    pub const ALL: [Self; 3] = [Self::SignIn, Self::Register, Self::ForgotPassword];

    pub fn name(self) -> &'static str {
        match self {
            Self::SignIn => "SignIn",
            Self::Register => "Register",
            Self::ForgotPassword => "ForgotPassword",
        }
    }
}

/// How people sign up and in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// By a code to a phone; passwords are for those who have one.
    ByPhone,
    /// By username and password; a phone is asked for as well.
    ByName,
    /// Operators: by username and password, and nobody signs up.
    Operators,
}

impl Policy {
    fn offers(self, event: Event) -> bool {
        self != Self::Operators || event == Event::SignIn
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    User(String),
    Phone(String),
}

#[derive(Debug, Clone, Default)]
pub struct Account {
    pub id: String,
    pub name: Option<String>,
    pub phone: Option<String>,
    pub password: Option<String>,
    pub suspended: bool,
    pub deleted: bool,
    /// Grows whenever everybody is signed out of the account.
    pub epoch: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Password,
    Phone,
    NewName,
}

#[derive(Debug, Clone)]
pub struct Code {
    /// What the message said; none when no message went out.
    pub digits: Option<String>,
    sent_at: i64,
    tries: u32,
    used: bool,
}

#[derive(Debug, Clone)]
pub struct Proof {
    pub id: String,
    pub kind: Kind,
    pub of: Name,
    pub verified: bool,
    pub code: Option<Code>,
    account: Option<usize>,
    epoch: u32,
    event: Event,
    password: Option<String>,
}

/// An interaction, known by its cookie.
#[derive(Debug, Clone, Default)]
pub struct Flow {
    pub event: Option<Event>,
    pub proofs: Vec<Proof>,
    pub user: Option<usize>,
    pub csrf: Option<String>,
    epoch: u32,
    name: Option<String>,
    phone: Option<String>,
    password: Option<String>,
    pub ends_at: i64,
}

impl Flow {
    pub fn until(ends_at: i64) -> Self {
        Self { ends_at, ..Self::default() }
    }

    fn reset(&mut self, event: Option<Event>) {
        *self = Self { event, csrf: self.csrf.take(), ends_at: self.ends_at, ..Self::default() };
    }

    fn put(&mut self, proof: Proof) {
        self.proofs.retain(|other| other.kind != proof.kind);
        self.proofs.push(proof);
    }

    fn of(&self, id: &str) -> Option<&Proof> {
        self.proofs.iter().find(|proof| !id.is_empty() && proof.id == id)
    }

    /// The code that the page asks for.
    pub fn pending(&self) -> Option<&Proof> {
        self.proofs.iter().rev().find(|proof| proof.code.is_some() && !proof.verified)
    }

    /// What the pages register with.
    pub fn proven(&self) -> Option<&Proof> {
        self.proofs.iter().find(|proof| proof.verified)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    Refused,
    /// And whether a message goes out.
    New(bool),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Submitted {
    Refused,
    SignedIn(usize),
    Reset(usize),
}

#[derive(Debug, Clone)]
pub enum Field {
    Name(String),
    Password(String),
    /// A phone that this proof is of.
    Phone(String),
}

pub struct Model {
    pub policy: Policy,
    pub accounts: Vec<Account>,
    /// Who may stay signed in: what a cookie or a refresh token is of, and since which epoch.
    pub holders: HashMap<String, (usize, u32)>,
    pub now: i64,
}

impl Model {
    pub fn account(&self, number: usize) -> &Account {
        &self.accounts[number]
    }

    pub fn living(&self) -> Vec<usize> {
        (0..self.accounts.len()).filter(|number| !self.account(*number).deleted).collect()
    }

    fn named(&self, name: &Name) -> Option<usize> {
        self.living().into_iter().find(|number| {
            let account = self.account(*number);
            match name {
                Name::User(name) => account.name.as_ref() == Some(name),
                Name::Phone(phone) => account.phone.as_ref() == Some(phone),
            }
        })
    }

    fn is_free(&self, name: &Name, own: Option<usize>) -> bool {
        self.named(name).is_none_or(|other| Some(other) == own)
    }

    /// Ends everything that is signed in to an account or about to.
    pub fn sign_out(&mut self, number: usize) {
        self.accounts[number].epoch += 1;
    }

    pub fn holds(&self, token: &str) -> Option<usize> {
        let (number, epoch) = self.holders.get(token)?;
        let account = self.account(*number);
        (!account.deleted && !account.suspended && account.epoch == *epoch).then_some(*number)
    }

    pub fn hold(&mut self, token: &str, number: usize) {
        let epoch = self.account(number).epoch;
        self.holders.insert(token.to_owned(), (number, epoch));
    }

    pub fn start(&self, flow: &mut Flow, event: Event) -> bool {
        let offered = self.policy.offers(event);
        if offered {
            flow.reset(Some(event));
        }
        offered
    }

    pub fn turn(&self, flow: &mut Flow, event: Event) -> bool {
        let Some(present) = flow.event else { return false };
        let resets = [present, event].contains(&Event::ForgotPassword);
        let other = present != event;
        if (other && (resets || flow.user.is_some())) || !self.policy.offers(event) {
            return false;
        }
        flow.event = Some(event);
        true
    }

    pub fn password(&self, flow: &mut Flow, name: &Name, password: &str) -> bool {
        let enabled = matches!(name, Name::User(_)) || self.policy != Policy::Operators;
        if flow.event != Some(Event::SignIn) || !enabled {
            return false;
        }
        let Some(number) = self.named(name) else { return false };
        if self.account(number).password.as_deref() != Some(password) {
            return false;
        }
        flow.put(Proof {
            id: String::new(),
            kind: Kind::Password,
            of: name.clone(),
            verified: true,
            code: None,
            account: Some(number),
            epoch: self.account(number).epoch,
            event: Event::SignIn,
            password: None,
        });
        true
    }

    /// A code to a phone; `starts` begins anew. Without a limit of messages a minute no page goes on with an earlier code.
    pub fn send(&self, flow: &mut Flow, starts: Option<Event>, phone: &str) -> Sent {
        if self.policy == Policy::Operators {
            return Sent::Refused;
        }
        let Some(event) = starts.or(flow.event) else { return Sent::Refused };
        if starts.is_some() {
            flow.reset(Some(event));
        }
        let of = Name::Phone(phone.to_owned());
        let owner = self.named(&of);
        let code = Code { digits: None, sent_at: self.now, tries: 0, used: false };
        flow.put(Proof {
            id: String::new(),
            kind: Kind::Phone,
            of,
            verified: false,
            code: Some(code),
            account: None,
            epoch: owner.map_or(0, |number| self.account(number).epoch),
            event,
            password: None,
        });
        Sent::New(owner.is_some() || event != Event::ForgotPassword)
    }

    pub fn verify(&self, flow: &mut Flow, id: &str, phone: &str, digits: &str) -> bool {
        if flow.event.is_none() {
            return false;
        }
        let now = self.now;
        let Some(proof) = flow.proofs.iter_mut().find(|proof| !id.is_empty() && proof.id == id) else { return false };
        let is_of = proof.of == Name::Phone(phone.to_owned());
        let Some(code) = proof.code.as_mut().filter(|_| is_of) else { return false };
        if code.used || now - code.sent_at > CODE_LIFE || code.tries >= TRIES {
            return false;
        }
        if code.digits.as_deref() != Some(digits) {
            code.tries += 1;
            return false;
        }
        code.used = true;
        proof.verified = true;
        true
    }

    pub fn new_name(&self, flow: &mut Flow, name: &str, password: &str) -> bool {
        let of = Name::User(name.to_owned());
        if flow.event != Some(Event::Register) || !self.policy.offers(Event::Register) || !self.is_free(&of, None) {
            return false;
        }
        flow.put(Proof {
            id: String::new(),
            kind: Kind::NewName,
            of,
            verified: true,
            code: None,
            account: None,
            epoch: 0,
            event: Event::Register,
            password: Some(password.to_owned()),
        });
        true
    }

    /// Whether this proof says whose account it is in this event.
    fn counts(&self, proof: &Proof, event: Event) -> bool {
        let resets = |event| event == Event::ForgotPassword;
        resets(proof.event) == resets(event)
            && match (event, proof.kind) {
                (_, Kind::Phone) => self.policy != Policy::Operators,
                (Event::SignIn, Kind::Password) => true,
                (Event::Register, Kind::NewName) => self.policy == Policy::ByName,
                _ => false,
            }
    }

    pub fn identify(&mut self, flow: &mut Flow, id: Option<&str>) -> bool {
        let Some(event) = flow.event.filter(|event| self.policy.offers(*event)) else { return false };
        if event == Event::Register {
            return self.register(flow, id);
        }
        let Some(proof) = id.and_then(|id| flow.of(id)).filter(|proof| proof.verified && self.counts(proof, event))
        else {
            return false;
        };
        let owner = match proof.kind {
            Kind::Password => proof.account.filter(|number| !self.account(*number).deleted),
            _ => self.named(&proof.of),
        };
        let Some(number) = owner else { return false };
        let account = self.account(number);
        if account.suspended || flow.user.is_some_and(|user| user != number) || account.epoch != proof.epoch {
            return false;
        }
        flow.epoch = account.epoch;
        flow.user = Some(number);
        true
    }

    fn register(&mut self, flow: &mut Flow, id: Option<&str>) -> bool {
        if flow.user.is_some() {
            return false;
        }
        if let Some(id) = id {
            let proof = flow.of(id).filter(|proof| proof.verified && self.counts(proof, Event::Register)).cloned();
            let Some(proof) = proof else { return false };
            match proof.of {
                Name::User(name) => flow.name = Some(name),
                Name::Phone(phone) => flow.phone = Some(phone),
            }
            flow.password = proof.password.or(flow.password.take());
        }
        let made = Account {
            name: flow.name.clone(),
            phone: flow.phone.clone(),
            password: flow.password.clone(),
            ..Account::default()
        };
        let name = made.name.clone().is_none_or(|name| self.is_free(&Name::User(name), None));
        let phone = made.phone.clone().is_none_or(|phone| self.is_free(&Name::Phone(phone), None));
        if !name || !phone || !self.is_complete(&made) {
            return false;
        }
        self.accounts.push(made);
        (flow.user, flow.epoch) = (Some(self.accounts.len() - 1), 0);
        (flow.name, flow.phone, flow.password) = (None, None, None);
        true
    }

    fn is_complete(&self, account: &Account) -> bool {
        match self.policy {
            Policy::ByPhone => account.phone.is_some(),
            Policy::ByName => account.name.is_some() && account.phone.is_some() && account.password.is_some(),
            Policy::Operators => account.name.is_some() && account.password.is_some(),
        }
    }

    fn present(&self, flow: &Flow) -> Option<Account> {
        match flow.user {
            Some(number) => Some(self.account(number).clone()).filter(|account| !account.deleted),
            None => Some(Account::default()),
        }
    }

    pub fn profile(&self, flow: &mut Flow, field: Field) -> bool {
        let Some(event) = flow.event else { return false };
        let Some(account) = self.present(flow) else { return false };
        if event == Event::ForgotPassword || (event == Event::SignIn && flow.user.is_none()) {
            return false;
        }
        match field {
            Field::Name(name) => {
                if account.name.is_some() || !self.is_free(&Name::User(name.clone()), flow.user) {
                    return false;
                }
                flow.name = Some(name);
            }
            Field::Password(password) => {
                if account.password.is_some() {
                    return false;
                }
                flow.password = Some(password);
            }
            Field::Phone(id) => {
                let proof = flow.of(&id).filter(|proof| proof.verified && proof.kind == Kind::Phone);
                let Some(Name::Phone(phone)) = proof.map(|proof| proof.of.clone()) else { return false };
                if account.phone.is_some() || !self.is_free(&Name::Phone(phone.clone()), flow.user) {
                    return false;
                }
                flow.phone = Some(phone);
            }
        }
        true
    }

    pub fn new_password(&self, flow: &mut Flow, password: &str) -> bool {
        let account = self.present(flow).filter(|_| flow.user.is_some());
        let fits = account.is_some_and(|account| account.password.as_deref() != Some(password));
        if flow.event != Some(Event::ForgotPassword) || !fits {
            return false;
        }
        flow.password = Some(password.to_owned());
        true
    }

    /// Signed in, the interaction is over: the caller forgets it.
    pub fn submit(&mut self, flow: &mut Flow) -> Submitted {
        let (Some(event), Some(number)) = (flow.event, flow.user) else { return Submitted::Refused };
        let mut account = self.account(number).clone();
        if account.deleted || account.suspended {
            return Submitted::Refused;
        }
        if account.epoch != flow.epoch {
            flow.reset(flow.event);
            return Submitted::Refused;
        }
        if event == Event::ForgotPassword {
            let Some(password) = flow.password.clone() else { return Submitted::Refused };
            self.accounts[number].password = Some(password);
            self.sign_out(number);
            flow.reset(None);
            return Submitted::Reset(number);
        }
        account.name = flow.name.clone().or(account.name);
        account.phone = flow.phone.clone().or(account.phone);
        account.password = flow.password.clone().or(account.password);
        let name = flow.name.clone().is_none_or(|name| self.is_free(&Name::User(name), Some(number)));
        let phone = flow.phone.clone().is_none_or(|phone| self.is_free(&Name::Phone(phone), Some(number)));
        if !name || !phone || !self.is_complete(&account) {
            return Submitted::Refused;
        }
        self.accounts[number] = account;
        Submitted::SignedIn(number)
    }
}
