//! What comes next in a sign-in. The one place where it is decided: the pages show it, the Experience API refuses what is not
//! its turn.

use super::{Interaction, InteractionEvent};
use crate::ErrorCode;
use crate::identifier::Identifier;
use crate::sign_in_experience::{MissingField, SignInExperience};
use crate::user::User;

/// The account that an interaction is about, as the store has it now.
#[derive(Debug, Clone, Copy)]
pub enum Account<'a> {
    /// It was identified in this interaction before.
    Identified(&'a User),
    /// What was proven names it.
    Named {
        /// The account.
        user: &'a User,
        /// The account's [`User::credential_epoch`] when that was proven.
        credential_epoch: i64,
        /// The identifier that was proven; none for an outside provider's identity.
        by: Option<&'a Identifier>,
    },
    /// It has an address that an outside provider verified, and is not linked to the provider's identity.
    Related,
    /// There is none: this one would be made of what was proven and typed so far.
    New {
        /// The account to be.
        user: &'a User,
        /// Whether an outside provider vouches for it.
        by_provider: bool,
    },
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// The person proves who they are.
    Prove,
    /// The person proves once that the account is theirs which has the address that a provider verified; it is linked then.
    Link,
    /// What was proven fits another event: there is no account to sign in to, or one already.
    Offer(InteractionEvent),
    /// The account that was proven is taken.
    Identify,
    /// The account is made.
    Register,
    /// The person completes the account.
    Fulfil(Vec<MissingField>),
    /// The person chooses a new password.
    NewPassword,
    /// Everything is there: the interaction ends.
    Submit,
}

/// Decides what comes next; an error where nothing can, but starting over.
pub fn next(
    policy: &SignInExperience,
    interaction: &Interaction,
    account: Option<Account<'_>>,
) -> Result<Next, ErrorCode> {
    let event = interaction.event.ok_or(ErrorCode::InteractionNotFound)?;
    let resets = event == InteractionEvent::ForgotPassword;
    match (account, event) {
        (None, _) => Ok(Next::Prove),
        (Some(Account::Identified(user)), _) => {
            fresh(user, interaction.credential_epoch)?;
            Ok(match resets {
                true if interaction.profile.password.is_none() => Next::NewPassword,
                true => Next::Submit,
                false => completed(policy, interaction, user),
            })
        }
        // An interaction makes one account.
        (Some(_), InteractionEvent::Register) if interaction.user_id.is_some() => Err(ErrorCode::IdentityConflict),
        (Some(Account::Named { by, .. }), InteractionEvent::Register) => {
            let Some(identifier) = by else { return Err(ErrorCode::IdentityInUse) };
            let can_prove = identifier.kind.receives_codes() && policy.allows(InteractionEvent::SignIn);
            if can_prove { Ok(Next::Offer(InteractionEvent::SignIn)) } else { Err(identifier.kind.in_use()) }
        }
        (Some(Account::Named { user, credential_epoch, .. }), _) => {
            if user.is_suspended {
                return Err(ErrorCode::UserSuspended);
            }
            if interaction.user_id.as_ref().is_some_and(|identified| *identified != user.id) {
                return Err(ErrorCode::IdentityConflict);
            }
            fresh(user, credential_epoch)?;
            Ok(Next::Identify)
        }
        (Some(Account::New { user, by_provider }), InteractionEvent::Register) => {
            let missing = policy.missing(user, by_provider);
            // Where providers alone make accounts nothing is missing: an account still has somebody who can come back to it.
            let is_somebody_s = by_provider || user.has_identifier();
            Ok(match missing.is_empty() {
                false => Next::Fulfil(missing),
                true if is_somebody_s => Next::Register,
                true => Next::Prove,
            })
        }
        (Some(Account::Related), InteractionEvent::SignIn) if policy.social_sign_in.links() => Ok(Next::Link),
        (Some(Account::Related | Account::New { by_provider: true, .. }), _) => {
            let makes = event != InteractionEvent::ForgotPassword && policy.allows(InteractionEvent::Register);
            if makes { Ok(Next::Register) } else { Err(ErrorCode::IdentityNotExist) }
        }
        (Some(Account::New { .. }), InteractionEvent::SignIn) if policy.allows(InteractionEvent::Register) => {
            Ok(Next::Offer(InteractionEvent::Register))
        }
        (Some(Account::New { .. }), _) => Err(ErrorCode::UserNotExist),
    }
}

/// Refuses an account that may not go on: everybody was signed out of it since that moment, by a new password or an
/// administrator, so that whoever waits with what was proven before proves it again.
fn fresh(user: &User, credential_epoch: i64) -> Result<(), ErrorCode> {
    if user.is_suspended {
        return Err(ErrorCode::UserSuspended);
    }
    if user.credential_epoch == credential_epoch { Ok(()) } else { Err(ErrorCode::VerificationFailed) }
}

/// What an identified account still lacks with what waits to be written to it.
fn completed(policy: &SignInExperience, interaction: &Interaction, user: &User) -> Next {
    let mut completed = user.clone();
    interaction.profile.apply(&mut completed);
    let missing = policy.missing(&completed, interaction.is_vouched_for());
    if missing.is_empty() { Next::Submit } else { Next::Fulfil(missing) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Timestamp;
    use crate::identifier::IdentifierKind;
    use crate::interaction::{Profile, Proof, SocialProof, SocialUserInfo, VerificationRecord};
    use crate::oauth::Authorization;
    use crate::sign_in_experience::SignInMode;
    use crate::user::{PasswordHash, PasswordMethod};

    use ErrorCode as Error;
    use InteractionEvent::{ForgotPassword, Register, SignIn};

    fn interaction() -> Interaction {
        Interaction::new("i".into(), "a".into(), Authorization::default(), String::new(), Timestamp(0))
    }

    fn policy(mode: SignInMode, links: bool) -> SignInExperience {
        let mut policy = SignInExperience { sign_in_mode: mode, ..SignInExperience::default() };
        policy.sign_up.identifiers = vec![IdentifierKind::Phone];
        policy.sign_up.password = false;
        policy.social_sign_in.automatic_account_linking = Some(links);
        policy
    }

    fn user(phone: Option<&str>) -> User {
        User { primary_phone: phone.map(Into::into), credential_epoch: 3, ..User::new("u".into(), Timestamp(0)) }
    }

    fn phone() -> Identifier {
        Identifier { kind: IdentifierKind::Phone, value: "8613800000009".into() }
    }

    #[test]
    fn what_comes_next_before_an_account_is_identified() {
        let (whole, bare) = (user(Some("8613800000009")), user(None));
        let suspended = User { is_suspended: true, ..whole.clone() };
        let (phone, name) = (phone(), Identifier { kind: IdentifierKind::Username, value: "ada".into() });
        let named = |user, by| Some(Account::Named { user, credential_epoch: 3, by });
        let (by_phone, by_name, by_provider) =
            (named(&whole, Some(&phone)), named(&whole, Some(&name)), named(&whole, None));
        let outdated = Some(Account::Named { user: &whole, credential_epoch: 2, by: Some(&phone) });
        let fresh = |user, by_provider| Some(Account::New { user, by_provider });
        let missing = || Next::Fulfil(vec![MissingField::Phone]);
        let both = policy(SignInMode::SignInAndRegister, false);
        let linking = policy(SignInMode::SignInAndRegister, true);
        let (closed, only_new) = (policy(SignInMode::SignIn, false), policy(SignInMode::Register, false));
        let mut providers = both.clone();
        providers.sign_up.identifiers.clear();
        let related = Some(Account::Related);
        let table = [
            ("nothing proven", &both, SignIn, None, Ok(Next::Prove)),
            ("an account", &both, SignIn, by_phone, Ok(Next::Identify)),
            ("an account, for a reset", &both, ForgotPassword, by_phone, Ok(Next::Identify)),
            ("signed out since", &both, SignIn, outdated, Err(Error::VerificationFailed)),
            ("suspended", &both, SignIn, named(&suspended, Some(&phone)), Err(Error::UserSuspended)),
            ("no account", &both, SignIn, fresh(&bare, false), Ok(Next::Offer(Register))),
            ("no account, none made", &closed, SignIn, fresh(&bare, false), Err(Error::UserNotExist)),
            ("no account to reset", &both, ForgotPassword, fresh(&bare, false), Err(Error::UserNotExist)),
            ("an account already", &both, Register, by_phone, Ok(Next::Offer(SignIn))),
            ("an account, no way in", &only_new, Register, by_phone, Err(Error::PhoneInUse)),
            ("a name that is taken", &both, Register, by_name, Err(Error::UsernameInUse)),
            ("an identity that is taken", &both, Register, by_provider, Err(Error::IdentityInUse)),
            ("a new account", &both, Register, fresh(&whole, false), Ok(Next::Register)),
            ("nobody's account", &providers, Register, fresh(&bare, false), Ok(Next::Prove)),
            (
                "a provider's account where they alone make one",
                &providers,
                Register,
                fresh(&bare, true),
                Ok(Next::Register),
            ),
            ("a new account in part", &both, Register, fresh(&bare, false), Ok(missing())),
            ("a provider's account", &both, SignIn, by_provider, Ok(Next::Identify)),
            ("a provider's stranger", &both, SignIn, fresh(&bare, true), Ok(Next::Register)),
            ("a provider's stranger, none made", &closed, SignIn, fresh(&bare, true), Err(Error::IdentityNotExist)),
            ("a provider's new account", &both, Register, fresh(&bare, true), Ok(missing())),
            ("somebody's address", &linking, SignIn, related, Ok(Next::Link)),
            ("somebody's address, no links", &both, SignIn, related, Ok(Next::Register)),
            ("somebody's address, none made", &closed, SignIn, related, Err(Error::IdentityNotExist)),
        ];
        for (what, policy, event, account, expected) in table {
            let interaction = Interaction { event: Some(event), ..interaction() };
            assert_eq!(next(policy, &interaction, account), expected, "{what}");
        }
        let chosen = next(&both, &interaction(), by_phone);
        assert_eq!(chosen, Err(Error::InteractionNotFound), "nothing was chosen");
    }

    #[test]
    fn what_comes_next_for_an_identified_account() {
        let policy = policy(SignInMode::SignInAndRegister, false);
        let (whole, bare) = (user(Some("8613800000009")), user(None));
        let suspended = User { is_suspended: true, ..whole.clone() };
        let password = PasswordHash { method: PasswordMethod::Argon2id, encoded: "hash".into() };
        let with_phone = Profile { phone: Some("8613800000009".into()), ..Profile::default() };
        let with_password = Profile { password: Some(password), ..Profile::default() };
        let none = Profile::default;
        let table = [
            ("whole", SignIn, &whole, 3, none(), Ok(Next::Submit)),
            ("made", Register, &whole, 3, none(), Ok(Next::Submit)),
            ("in part", SignIn, &bare, 3, none(), Ok(Next::Fulfil(vec![MissingField::Phone]))),
            ("completed", SignIn, &bare, 3, with_phone, Ok(Next::Submit)),
            ("a reset", ForgotPassword, &bare, 3, none(), Ok(Next::NewPassword)),
            ("a reset with its password", ForgotPassword, &bare, 3, with_password, Ok(Next::Submit)),
            ("signed out since", SignIn, &whole, 2, none(), Err(Error::VerificationFailed)),
            ("suspended", SignIn, &suspended, 3, none(), Err(Error::UserSuspended)),
        ];
        for (what, event, user, credential_epoch, profile, expected) in table {
            let (event, user_id) = (Some(event), Some(user.id.clone()));
            let interaction = Interaction { event, user_id, credential_epoch, profile, ..interaction() };
            assert_eq!(next(&policy, &interaction, Some(Account::Identified(user))), expected, "{what}");
        }
    }

    #[test]
    fn an_interaction_stays_with_its_account() {
        let policy = policy(SignInMode::SignInAndRegister, false);
        let (other, phone) = (user(Some("8613800000009")), phone());
        for event in [SignIn, Register, ForgotPassword] {
            let interaction = Interaction { event: Some(event), user_id: Some("first".into()), ..interaction() };
            let account = Account::Named { user: &other, credential_epoch: 3, by: Some(&phone) };
            assert_eq!(next(&policy, &interaction, Some(account)), Err(Error::IdentityConflict), "{event:?}");
        }
    }

    #[test]
    fn a_provider_stands_for_the_password() {
        let mut policy = policy(SignInMode::SignInAndRegister, false);
        policy.sign_up.password = true;
        let whole = user(Some("8613800000009"));
        let signs_in =
            Interaction { event: Some(SignIn), user_id: Some(whole.id.clone()), credential_epoch: 3, ..interaction() };
        let account = Some(Account::Identified(&whole));
        assert_eq!(next(&policy, &signs_in, account), Ok(Next::Fulfil(vec![MissingField::Password])));
        let info: SocialUserInfo = serde_json::from_value(json!({ "id": "1" })).unwrap();
        let social = SocialProof {
            connector_id: "c".into(),
            target: "t".into(),
            state: String::new(),
            redirect_uri: String::new(),
            session: None,
            sync_profile: false,
            related: false,
            user_info: Some(info),
        };
        let proof = Proof::Social(Box::new(social));
        let record = VerificationRecord { id: "v".into(), event: SignIn, credential_epoch: 3, proof };
        let vouched = Interaction { verifications: vec![record], ..signs_in };
        assert_eq!(next(&policy, &vouched, account), Ok(Next::Submit));
    }
}
