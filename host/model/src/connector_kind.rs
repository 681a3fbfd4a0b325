//! What connectors can do: one line of a table for each kind, read by every room.

use serde::{Deserialize, Serialize};

use crate::identifier::IdentifierKind;

/// What a connector can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ConnectorKind {
    /// Sends text messages.
    #[serde(alias = "sms")]
    Sms,
    /// Sends e-mail.
    #[serde(alias = "email")]
    Email,
    /// Signs in with an outside identity.
    #[serde(alias = "social")]
    Social,
}

/// What tells a kind from the others.
#[derive(Debug, PartialEq, Eq)]
pub struct KindDescriptor {
    /// The word of the API and the store.
    pub word: &'static str,
    /// The interface of the contract's package `keyway:connector` that a component of this kind exports.
    pub interface: &'static str,
    /// What it sends messages to; absent where it sends none.
    pub recipient: Option<IdentifierKind>,
    /// The word with which it stands among the ways to a forgotten password.
    pub forgot_password: Option<&'static str>,
    /// Whether a tenant's own texts go before those of its configuration.
    pub takes_templates: bool,
    /// Whether it signs in with outside identities: it has a target and a platform, several stand side by side, and what it
    /// returns is personal.
    pub signs_in: bool,
}

impl ConnectorKind {
    /// Every kind, as lists show them.
    pub const ALL: [Self; 3] = [Self::Sms, Self::Email, Self::Social];

    /// The kind's line of the table.
    pub fn descriptor(self) -> &'static KindDescriptor {
        match self {
            Self::Sms => &KindDescriptor {
                word: "Sms",
                interface: "sms",
                recipient: Some(IdentifierKind::Phone),
                forgot_password: Some("PhoneVerificationCode"),
                takes_templates: false,
                signs_in: false,
            },
            Self::Email => &KindDescriptor {
                word: "Email",
                interface: "email",
                recipient: Some(IdentifierKind::Email),
                forgot_password: Some("EmailVerificationCode"),
                takes_templates: true,
                signs_in: false,
            },
            Self::Social => &KindDescriptor {
                word: "Social",
                interface: "social",
                recipient: None,
                forgot_password: None,
                takes_templates: false,
                signs_in: true,
            },
        }
    }

    /// Whether it signs in with outside identities.
    pub fn signs_in(self) -> bool {
        self.descriptor().signs_in
    }

    /// The kind that this word of the API and the store names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.descriptor().word == word)
    }

    /// The kind that carries messages to this kind of identifier.
    pub fn reaching(identifier: IdentifierKind) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.descriptor().recipient == Some(identifier))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_found_by_its_own_words_alone() {
        for kind in ConnectorKind::ALL {
            assert_eq!(ConnectorKind::from_word(kind.descriptor().word), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.descriptor().word);
            assert!(kind.descriptor().recipient.is_none_or(|to| ConnectorKind::reaching(to) == Some(kind)));
        }
        assert_eq!(ConnectorKind::from_word("sms"), None);
        assert_eq!(ConnectorKind::reaching(IdentifierKind::Username), None);
    }
}
