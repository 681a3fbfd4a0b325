//! What kinds of things happen, and the names that the audit log and its filters know them by.

use keyway_model::interaction::InteractionEvent;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $key:literal;)*) => {
        /// What kind of thing happened.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum EventKind {
            $($(#[$doc])* $name,)*
        }

        impl EventKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The key in the audit log.
            pub fn key(self) -> &'static str {
                match self {
                    $(Self::$name => $key,)*
                }
            }
        }
    };
}

kinds! {
    /// A sign-in began, or began anew.
    SignInStarted = "Interaction.SignIn.Update";
    /// A registration began, or began anew.
    RegistrationStarted = "Interaction.Register.Update";
    /// Setting a new password began, or began anew.
    PasswordResetStarted = "Interaction.ForgotPassword.Update";
    /// Somebody said whose account it is, to sign in.
    SignInIdentified = "Interaction.SignIn.Identifier.Submit";
    /// Somebody said whose account it is to be, which makes it.
    RegistrationIdentified = "Interaction.Register.Identifier.Submit";
    /// Somebody said whose account it is, to set a new password.
    PasswordResetIdentified = "Interaction.ForgotPassword.Identifier.Submit";
    /// A code was sent, to sign in.
    SignInCodeSent = "Interaction.SignIn.Verification.VerificationCode.Create";
    /// A code was sent, to register.
    RegistrationCodeSent = "Interaction.Register.Verification.VerificationCode.Create";
    /// A code was sent, to set a new password.
    PasswordResetCodeSent = "Interaction.ForgotPassword.Verification.VerificationCode.Create";
    /// A code was typed, to sign in.
    SignInCodeSubmitted = "Interaction.SignIn.Verification.VerificationCode.Submit";
    /// A code was typed, to register.
    RegistrationCodeSubmitted = "Interaction.Register.Verification.VerificationCode.Submit";
    /// A code was typed, to set a new password.
    PasswordResetCodeSubmitted = "Interaction.ForgotPassword.Verification.VerificationCode.Submit";
    /// A password was typed.
    PasswordSubmitted = "Interaction.SignIn.Verification.Password.Submit";
    /// A browser was sent to an outside provider.
    SocialStarted = "Interaction.SignIn.Verification.Social.Create";
    /// A browser came back from an outside provider.
    SocialSubmitted = "Interaction.SignIn.Verification.Social.Submit";
    /// An identity of an outside provider was linked to the account.
    IdentityLinked = "Interaction.SignIn.Social.Link";
    /// A sign-in ended: a session began, or it was refused.
    SignInSubmitted = "Interaction.SignIn.Submit";
    /// A registration ended: a session began, or it was refused.
    RegistrationSubmitted = "Interaction.Register.Submit";
    /// A new password was set, or refused.
    PasswordResetSubmitted = "Interaction.ForgotPassword.Submit";
    /// A password was set by a link of an administrator's.
    PasswordLinkUsed = "Interaction.ForgotPassword.Link.Submit";
    /// A limit on messages was reached.
    MessageHeldBack = "Message.RateLimited";
    /// An authorization code was exchanged for tokens.
    CodeExchanged = "ExchangeTokenBy.AuthorizationCode";
    /// A refresh token was exchanged for tokens.
    RefreshTokenExchanged = "ExchangeTokenBy.RefreshToken";
    /// An application gave a token back, which ended all that came of its grant.
    TokenRevoked = "RevokeToken";
    /// A user signed out in a browser.
    SignedOut = "Session.End";
    /// An application was made.
    ApplicationCreated = "Management.Applications.Create";
    /// An application was changed.
    ApplicationUpdated = "Management.Applications.Update";
    /// What the pages look like for an application was replaced.
    ApplicationExperienceReplaced = "Management.Applications.SignInExperience.Replace";
    /// An application was removed with its secrets and everybody's tokens for it.
    ApplicationDeleted = "Management.Applications.Delete";
    /// An application was given a secret.
    ApplicationSecretCreated = "Management.Applications.Secrets.Create";
    /// A secret was taken from an application.
    ApplicationSecretDeleted = "Management.Applications.Secrets.Delete";
    /// The sign-in settings were changed.
    SignInExperienceUpdated = "Management.SignInExp.Update";
    /// The tenant's own words in a language were replaced.
    PhrasesReplaced = "Management.CustomPhrases.Replace";
    /// The tenant's own words in a language were taken back.
    PhrasesDeleted = "Management.CustomPhrases.Delete";
    /// E-mail templates were added or replaced.
    EmailTemplatesReplaced = "Management.EmailTemplates.Replace";
    /// An e-mail template was removed.
    EmailTemplateDeleted = "Management.EmailTemplates.Delete";
    /// A picture was uploaded.
    ImageUploaded = "Management.UserAssets.Create";
    /// A new signing key was made.
    SigningKeyRotated = "Management.Configs.Oidc.Rotate.Create";
    /// A signing key was removed; what it signed is refused.
    SigningKeyDeleted = "Management.Configs.Oidc.Delete";
    /// An administrator was made.
    AdministratorCreated = "Management.Settings.Administrators.Create";
    /// An administrator was removed.
    AdministratorDeleted = "Management.Settings.Administrators.Delete";
    /// A tenant was made.
    TenantCreated = "Management.Tenants.Create";
    /// A tenant was changed.
    TenantUpdated = "Management.Tenants.Update";
    /// A tenant was taken out of use.
    TenantDeleted = "Management.Tenants.Delete";
    /// An API resource was made.
    ResourceCreated = "Management.Resources.Create";
    /// An API resource was changed.
    ResourceUpdated = "Management.Resources.Update";
    /// An API resource was removed with its scopes.
    ResourceDeleted = "Management.Resources.Delete";
    /// A resource was given a scope.
    ScopeCreated = "Management.Resources.Scopes.Create";
    /// A scope of a resource was changed.
    ScopeUpdated = "Management.Resources.Scopes.Update";
    /// A scope was removed from its resource and from every role.
    ScopeDeleted = "Management.Resources.Scopes.Delete";
    /// A role was made.
    RoleCreated = "Management.Roles.Create";
    /// A role was changed.
    RoleUpdated = "Management.Roles.Update";
    /// A role was removed from everybody.
    RoleDeleted = "Management.Roles.Delete";
    /// A role was given scopes.
    RoleScopesAdded = "Management.Roles.Scopes.Create";
    /// A role was given scopes in place of those it held.
    RoleScopesReplaced = "Management.Roles.Scopes.Update";
    /// A scope was taken from a role.
    RoleScopeRemoved = "Management.Roles.Scopes.Delete";
    /// A role was given to users.
    RoleUsersAdded = "Management.Roles.Users.Create";
    /// A role was given to applications.
    RoleApplicationsAdded = "Management.Roles.Applications.Create";
    /// An application was given roles.
    ApplicationRolesAdded = "Management.Applications.Roles.Create";
    /// An application was given roles in place of those it had.
    ApplicationRolesReplaced = "Management.Applications.Roles.Update";
    /// A role was taken from an application.
    ApplicationRoleRemoved = "Management.Applications.Roles.Delete";
    /// A user was made.
    UserCreated = "Management.Users.Create";
    /// A user was changed.
    UserUpdated = "Management.Users.Update";
    /// A user was suspended, which ended everything that was signed in, or let in again.
    UserSuspensionUpdated = "Management.Users.IsSuspended.Update";
    /// A user got a new password, which ended everything that was signed in.
    UserPasswordUpdated = "Management.Users.Password.Update";
    /// A link was made by which a user sets a new password.
    UserPasswordLinkCreated = "Management.Users.Link.Create";
    /// A user was signed out everywhere.
    UserSignedOut = "Management.Users.SignOut.Update";
    /// A user was removed.
    UserDeleted = "Management.Users.Delete";
    /// An identity of an outside provider was taken from a user.
    UserIdentityDeleted = "Management.Users.Identities.Delete";
    /// One session of a user was ended.
    UserSessionEnded = "Management.Users.Sessions.Delete";
    /// A user was given roles.
    UserRolesAdded = "Management.Users.Roles.Create";
    /// A user was given roles in place of those they had.
    UserRolesReplaced = "Management.Users.Roles.Update";
    /// A role was taken from a user.
    UserRoleRemoved = "Management.Users.Roles.Delete";
    /// A connector was set up.
    ConnectorCreated = "Management.Connectors.Create";
    /// A connector was changed, or switched on or off.
    ConnectorUpdated = "Management.Connectors.Update";
    /// A connector was removed, or replaced by another.
    ConnectorDeleted = "Management.Connectors.Delete";
    /// A test message was sent.
    ConnectorTested = "Management.Connectors.Test.Create";
    /// A component was uploaded.
    FactoryVersionUploaded = "Connector.Upload";
    /// What a version asks for was agreed to.
    FactoryVersionApproved = "Connector.Approve";
    /// A version serves.
    FactoryVersionActivated = "Connector.Activate";
    /// The version before serves again.
    FactoryRolledBack = "Connector.RollBack";
    /// A version was removed.
    FactoryVersionDeleted = "Connector.DeleteVersion";
    /// An uploaded factory was removed with its versions.
    FactoryDeleted = "Connector.DeleteFactory";
}

impl EventKind {
    /// Whether visitors do it, who sign in, register or come for tokens; all else is done by administrators, machines and
    /// commands.
    pub fn is_of_visitors(self) -> bool {
        ["Interaction.", "ExchangeTokenBy.", "RevokeToken", "Session.", "Message."]
            .iter()
            .any(|start| self.key().starts_with(start))
    }
}

/// What happens in an interaction, by what the interaction is for.
macro_rules! of_interactions {
    ($($(#[$doc:meta])* $name:ident: $sign_in:ident, $register:ident, $forgot_password:ident;)*) => {
        impl EventKind {
            $($(#[$doc])* pub(crate) fn $name(event: InteractionEvent) -> Self {
                match event {
                    InteractionEvent::SignIn => Self::$sign_in,
                    InteractionEvent::Register => Self::$register,
                    InteractionEvent::ForgotPassword => Self::$forgot_password,
                }
            })*
        }
    };
}

of_interactions! {
    /// It began, or began anew.
    started: SignInStarted, RegistrationStarted, PasswordResetStarted;
    /// Somebody said whose account it is.
    identified: SignInIdentified, RegistrationIdentified, PasswordResetIdentified;
    /// A code was sent.
    code_sent: SignInCodeSent, RegistrationCodeSent, PasswordResetCodeSent;
    /// A code was typed.
    code_submitted: SignInCodeSubmitted, RegistrationCodeSubmitted, PasswordResetCodeSubmitted;
    /// It ended.
    submitted: SignInSubmitted, RegistrationSubmitted, PasswordResetSubmitted;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_a_key_of_its_own() {
        let mut keys: Vec<_> = EventKind::ALL.iter().map(|kind| kind.key()).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), EventKind::ALL.len());
    }

    #[test]
    fn kinds_of_interactions_are_named_after_their_event() {
        for event in [InteractionEvent::SignIn, InteractionEvent::Register, InteractionEvent::ForgotPassword] {
            let start = format!("Interaction.{}.", event.as_str());
            for of in [
                EventKind::started,
                EventKind::identified,
                EventKind::code_sent,
                EventKind::code_submitted,
                EventKind::submitted,
            ] {
                assert!(of(event).key().starts_with(&start), "{:?}", of(event));
            }
        }
    }
}
