//! The steps that a person can make through the forms of the pages.

use keyway_testing::Answer;

use super::doors::{Door, leads_to};
use super::model::{Event, Name, Sent, Submitted};
use super::world::{PASSWORDS, World};

impl World {
    pub(super) async fn page(&mut self, person: usize, door: Door) {
        // The ids of proofs that pages made are known from here on.
        self.compare(person).await;
        let before = (self.session(person), self.cookie(person));
        let (answer, expected) = match door {
            Door::PagePassword => self.page_password(person).await,
            Door::PageSend => return self.page_send(person).await,
            Door::PageCode => self.page_code(person).await,
            Door::PageResend => return self.page_resend(person).await,
            Door::PageNewPassword => {
                let password = *self.dice.pick(&PASSWORDS);
                let answer = self.form(person, "/new-password", &[("password", password)]).await;
                let expected = self.judge(Submitted::Refused, |model, flow| {
                    if model.new_password(flow, password) { model.submit(flow) } else { Submitted::Refused }
                });
                let reset = answer.location().starts_with("/sign-in?reset=done");
                assert_eq!(
                    reset,
                    matches!(expected, Submitted::Reset(_)),
                    "a reset: {} {}",
                    answer.status,
                    answer.body
                );
                (answer, expected)
            }
            Door::PageTurn => {
                let (path, event) =
                    *self.dice.pick(&[("/no-account", Event::Register), ("/account-exists", Event::SignIn)]);
                let proof = self.flow(person).and_then(|flow| flow.proven().map(|proof| proof.id.clone()));
                let answer = self.form(person, path, &[]).await;
                let turned = self.judge(false, |model, flow| model.turn(flow, event));
                let expected = if turned { self.proceed(&proof.unwrap_or_default()) } else { Submitted::Refused };
                (answer, expected)
            }
            _ => self.page_register(person).await,
        };
        let code = answer.location_parameter("code");
        self.ended(&format!("{door:?}"), person, expected, code, before).await;
        self.compare(person).await;
    }

    async fn page_password(&mut self, person: usize) -> (Answer, Submitted) {
        let (name, number) = self.some_name();
        let password = self.some_password(number);
        let (Name::User(typed) | Name::Phone(typed)) = &name;
        let plus = if matches!(name, Name::Phone(_)) { "+" } else { "" };
        let typed = format!("{plus}{typed}");
        let answer = self.form(person, "/sign-in", &[("identifier", &typed), ("password", &password)]).await;
        let reads = matches!(name, Name::User(_)) || self.model.policy != super::model::Policy::Operators;
        let proven = self.judge(false, |model, flow| {
            reads && model.start(flow, Event::SignIn) && model.password(flow, &name, &password)
        });
        (answer, if proven { self.proceed_with_the_new_proof() } else { Submitted::Refused })
    }

    async fn page_register(&mut self, person: usize) -> (Answer, Submitted) {
        let (name, password) = (self.new_name(), *self.dice.pick(&PASSWORDS));
        let answer = self.form(person, "/register", &[("identifier", &name), ("password", password)]).await;
        let reads = self.model.policy != super::model::Policy::ByPhone;
        let proven = self.judge(false, |model, flow| {
            reads && model.start(flow, Event::Register) && model.new_name(flow, &name, password)
        });
        (answer, if proven { self.proceed_with_the_new_proof() } else { Submitted::Refused })
    }

    async fn page_send(&mut self, person: usize) {
        let phone = self.phone();
        let typed = format!("+{phone}");
        let (path, event) = *self.dice.pick(&[
            ("/sign-in", Event::SignIn),
            ("/register", Event::Register),
            ("/forgot-password", Event::ForgotPassword),
        ]);
        self.server.inbox.clear();
        let answer = self.form(person, path, &[("identifier", &typed), ("action", "code")]).await;
        let by_name = self.model.policy == super::model::Policy::ByName && event == Event::Register;
        let sent =
            self.judge(
                Sent::Refused,
                |model, flow| {
                    if by_name { Sent::Refused } else { model.send(flow, Some(event), &phone) }
                },
            );
        assert_eq!(leads_to(&answer, "/code"), sent != Sent::Refused, "{path}: {} {}", answer.status, answer.body);
        if let Sent::New(goes_out) = sent {
            self.receive(&phone, goes_out).await;
        }
        self.compare(person).await;
    }

    async fn page_resend(&mut self, person: usize) {
        let pending = self.flow(person).and_then(|flow| flow.pending()).map(|proof| proof.of.clone());
        self.server.inbox.clear();
        let answer = self.form(person, "/code/resend", &[]).await;
        let Some(Name::Phone(phone)) = pending else { return };
        let sent = self.judge(Sent::Refused, |model, flow| model.send(flow, None, &phone));
        assert_eq!(leads_to(&answer, "/code"), sent != Sent::Refused, "{} {}", answer.status, answer.body);
        if let Sent::New(goes_out) = sent {
            self.receive(&phone, goes_out).await;
        }
        self.compare(person).await;
    }

    async fn page_code(&mut self, person: usize) -> (Answer, Submitted) {
        let (_, _, digits) = self.some_code(person);
        let pending =
            self.flow(person).and_then(|flow| flow.pending()).map(|proof| (proof.id.clone(), proof.of.clone()));
        let answer = self.form(person, "/code", &[("code", &digits)]).await;
        let Some((id, Name::Phone(phone))) = pending else { return (answer, Submitted::Refused) };
        let proven = self.judge(false, |model, flow| model.verify(flow, &id, &phone, &digits));
        let expected = if proven { self.proceed(&id) } else { Submitted::Refused };
        (answer, expected)
    }
}
