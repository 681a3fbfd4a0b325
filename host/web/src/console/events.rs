//! What the events of the audit log are called.

use std::sync::LazyLock;

use crate::locale::{Bundle, Locale, say};

include!(concat!(env!("OUT_DIR"), "/events.rs"));

/// A part of a key, and what it is called.
type Name = (&'static str, fn(&Texts) -> &'static str);

/// Beginnings of keys, by which a list can be filtered, with their names.
pub const GROUPS: [Name; 7] = [
    ("Interaction.SignIn.", |t| t.group_interaction_sign_in),
    ("Interaction.Register.", |t| t.group_interaction_register),
    ("Interaction.ForgotPassword.", |t| t.group_interaction_forgot_password),
    ("ExchangeTokenBy.", |t| t.group_exchange_token_by),
    ("Connector.", |t| t.group_connector),
    ("Management.", |t| t.group_management),
    ("Interaction.", |t| t.group_interaction),
];

/// What happened in a group.
const ACTIONS: [Name; 18] = [
    ("Update", |t| t.action_update),
    ("Submit", |t| t.action_submit),
    ("Identifier.Submit", |t| t.action_identifier_submit),
    ("Verification.Password.Submit", |t| t.action_verification_password_submit),
    ("Verification.VerificationCode.Create", |t| t.action_verification_verification_code_create),
    ("Verification.VerificationCode.Submit", |t| t.action_verification_verification_code_submit),
    ("VerificationCode.Submit", |t| t.action_verification_code_submit),
    ("Verification.Social.Create", |t| t.action_verification_social_create),
    ("Verification.Social.Submit", |t| t.action_verification_social_submit),
    ("Link.Submit", |t| t.action_link_submit),
    ("AuthorizationCode", |t| t.action_authorization_code),
    ("RefreshToken", |t| t.action_refresh_token),
    ("Upload", |t| t.action_upload),
    ("Approve", |t| t.action_approve),
    ("Activate", |t| t.action_activate),
    ("RollBack", |t| t.action_roll_back),
    ("DeleteVersion", |t| t.action_delete_version),
    ("DeleteFactory", |t| t.action_delete_factory),
];

/// What an administrator did.
const VERBS: [Name; 5] = [
    ("Create", |t| t.verb_create),
    ("Update", |t| t.verb_update),
    ("Replace", |t| t.verb_replace),
    ("Delete", |t| t.verb_delete),
    ("Read", |t| t.verb_read),
];

/// What administrators work on; what is not here is called by its own name.
const THINGS: [Name; 33] = [
    ("Applications", |t| t.thing_applications),
    ("Users", |t| t.thing_users),
    ("Connectors", |t| t.thing_connectors),
    ("Connector Factories", |t| t.thing_connector_factories),
    ("Connector Test", |t| t.thing_connector_test),
    ("Test", |t| t.thing_test),
    ("Modules", |t| t.thing_modules),
    ("Sign In Exp", |t| t.thing_sign_in_exp),
    ("Sign In Experience", |t| t.thing_sign_in_experience),
    ("Branding", |t| t.thing_branding),
    ("Phrases", |t| t.thing_phrases),
    ("Custom Phrases", |t| t.thing_custom_phrases),
    ("Images", |t| t.thing_images),
    ("User Assets", |t| t.thing_user_assets),
    ("Secrets", |t| t.thing_secrets),
    ("Password", |t| t.thing_password),
    ("Sessions", |t| t.thing_sessions),
    ("Identities", |t| t.thing_identities),
    ("Roles", |t| t.thing_roles),
    ("Scopes", |t| t.thing_scopes),
    ("Resources", |t| t.thing_resources),
    ("Tenants", |t| t.thing_tenants),
    ("Settings", |t| t.thing_settings),
    ("Keys", |t| t.thing_keys),
    ("Administrators", |t| t.thing_administrators),
    ("Machines", |t| t.thing_machines),
    ("Link", |t| t.thing_link),
    ("Suspend", |t| t.thing_suspend),
    ("Sign Out", |t| t.thing_sign_out),
    ("Enabled", |t| t.thing_enabled),
    ("Approve", |t| t.thing_approve),
    ("Activate", |t| t.thing_activate),
    ("Roll Back", |t| t.thing_roll_back),
];

fn named(names: &[Name], word: &str, t: &Texts) -> Option<&'static str> {
    names.iter().find(|(known, _)| *known == word).map(|(_, name)| name(t))
}

/// An event's name for people: "Sign-in: code sent"; a key that is not known stays as it is.
pub fn name(key: &str, locale: Locale) -> String {
    let t = texts(locale);
    let Some((group, group_name)) = GROUPS.iter().find(|(group, _)| key.starts_with(group)) else {
        return key.to_owned();
    };
    let rest = key.get(group.len()..).unwrap_or_default();
    if *group == "Management." {
        let (things, verb) = rest.rsplit_once('.').unwrap_or((rest, ""));
        let things: Vec<String> = things.split('.').map(|thing| self::thing(thing, t)).collect();
        return t.event(&things.join(" › "), named(&VERBS, verb, t).unwrap_or(verb));
    }
    named(&ACTIONS, rest, t).map_or_else(|| key.to_owned(), |action| t.event(group_name(t), action))
}

/// `CustomPhrases` as "Custom Phrases" in the reader's language.
fn thing(word: &str, t: &Texts) -> String {
    let mut spaced = String::new();
    for letter in word.chars() {
        if letter.is_ascii_uppercase() && !spaced.is_empty() {
            spaced.push(' ');
        }
        spaced.push(letter);
    }
    named(&THINGS, &spaced, t).map_or(spaced, ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_told_in_words() {
        for (key, en, zh) in [
            ("Interaction.SignIn.Submit", "Sign-in: finished", "登录：完成"),
            (
                "Interaction.ForgotPassword.Verification.VerificationCode.Create",
                "Password reset: code sent",
                "重置密码：发送验证码",
            ),
            ("ExchangeTokenBy.RefreshToken", "Tokens: renewed", "令牌：续期"),
            ("Management.Users.Password.Update", "Users › Password: changed", "用户 › 密码：修改"),
            ("Management.CustomPhrases.Replace", "Custom Phrases: replaced", "文案：替换"),
            ("Something.Else", "Something.Else", "Something.Else"),
        ] {
            assert_eq!(name(key, Locale::En), en);
            assert_eq!(name(key, Locale::ZhCn), zh);
        }
    }
}
