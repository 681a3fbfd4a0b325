//! Proof by an outside provider.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ConnectorId;
use crate::identifier::{Identifier, IdentifierKind};

/// A sign-in with an outside provider, under way or done.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SocialProof {
    /// Through which connector.
    pub connector_id: ConnectorId,
    /// The name under which the provider's identities are kept.
    pub target: String,
    /// What the provider must send back.
    pub state: String,
    /// Where the provider sends the browser back to.
    pub redirect_uri: String,
    /// What the connector kept; gone at its first use.
    pub session: Option<BTreeMap<String, String>>,
    /// Whether name and picture follow the provider.
    pub sync_profile: bool,
    /// Whether its address belongs to an account that is not linked to it: the account's own proof links them.
    #[serde(default)]
    pub related: bool,
    /// Whom the provider vouches for, once it does.
    pub user_info: Option<SocialUserInfo>,
}

/// Whom a provider vouches for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SocialUserInfo {
    /// The provider's stable id of the user.
    pub id: String,
    /// Who gave that id its meaning; empty where the target says it. The same id of another issuer is another person.
    #[serde(default)]
    pub issuer: Option<String>,
    /// The address as the provider has it.
    pub email: Option<String>,
    /// Whether a provider that is trusted for it says that the address is this user's. Nothing counts without it.
    #[serde(default)]
    pub email_verified: bool,
    /// The number as the provider has it.
    pub phone: Option<String>,
    /// Whether a provider that is trusted for it says that the number is this user's.
    #[serde(default)]
    pub phone_verified: bool,
    /// Display name.
    pub name: Option<String>,
    /// Address of a picture.
    pub avatar: Option<String>,
    /// The provider's own words.
    #[serde(default)]
    pub raw_data: serde_json::Value,
}

impl SocialUserInfo {
    /// The addresses that count.
    pub fn verified(&self) -> Vec<Identifier> {
        [
            (IdentifierKind::Email, &self.email, self.email_verified),
            (IdentifierKind::Phone, &self.phone, self.phone_verified),
        ]
        .into_iter()
        .filter_map(|(kind, value, verified)| Some(Identifier { kind, value: value.clone().filter(|_| verified)? }))
        .collect()
    }
}
