//! What the events of the audit log are called.

use keyway_core::events::EventKind;

use super::texts;
use crate::composition;
use crate::locale::Locale;

include!(concat!(env!("OUT_DIR"), "/events.rs"));

/// The beginning of keys, and the name of the events that have it.
type Group = (&'static str, fn(&texts::Texts) -> &'static str);

/// Beginnings of keys, by which a list can be filtered, with their names.
pub const GROUPS: [Group; 7] = [
    ("Interaction.SignIn.", |t| t.event_group_interaction_sign_in),
    ("Interaction.Register.", |t| t.event_group_interaction_register),
    ("Interaction.ForgotPassword.", |t| t.event_group_interaction_forgot_password),
    ("ExchangeTokenBy.", |t| t.event_group_exchange_token_by),
    ("Connector.", |t| t.event_group_connector),
    ("Management.", |t| t.event_group_management),
    ("Interaction.", |t| t.event_group_interaction),
];

/// What an entry with this key says to people. The key of a request that no kind of event describes, such as one that was refused,
/// stays as it is behind the name of its group.
pub fn name(key: &str, locale: Locale) -> String {
    let t = texts(locale);
    if let Some(kind) = EventKind::ALL.iter().find(|kind| kind.key() == key) {
        return t.of(*kind).to_owned();
    }
    let group = GROUPS.iter().find_map(|(start, name)| Some((key.strip_prefix(start)?, name)));
    let named = |(rest, name): (&str, &fn(&texts::Texts) -> &'static str)| {
        composition::texts(locale).at_field(name(texts::texts(locale)), rest)
    };
    group.map_or_else(|| key.to_owned(), named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_called_by_its_kind_or_by_its_group_and_key() {
        for (key, en, zh) in [
            ("Interaction.SignIn.Submit", "Sign-in: finished", "登录：完成"),
            ("Management.Users.Password.Update", "Password of a user changed", "修改用户密码"),
            ("Management.Users.Custom.Read", "Administration: Users.Custom.Read", "管理操作：Users.Custom.Read"),
            ("Something.Else", "Something.Else", "Something.Else"),
        ] {
            assert_eq!(name(key, Locale::En), en);
            assert_eq!(name(key, Locale::ZhCn), zh);
        }
    }
}
