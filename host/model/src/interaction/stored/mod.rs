//! The form in which interactions are stored. Nodes of two releases share them while a server is upgraded one node after the
//! other, so a node reads what the release before and the release after it write:
//!
//! - Fields are added, never changed; each has a default. Fields and proofs that a node does not know, it leaves out.
//! - What must not be read by a node that does not know it (a condition that it would not hold) raises [`VERSION`]: that node
//!   lets the person start again.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    CodeProof, Interaction, InteractionEvent, NewPasswordIdentity, PasswordProof, Profile, Proof, SentCode,
    SocialProof, VerificationRecord, Work,
};
use crate::identifier::{Identifier, IdentifierKind};
use crate::oauth::Authorization;
use crate::user::PasswordHash;
use crate::{ApplicationId, InteractionId, Timestamp, UserId, VerificationId};

/// The present form; 0 is that of releases that did not write one, and the same but for this number.
const VERSION: u32 = 1;

/// An interaction of a form that came later than this release.
#[derive(Debug, thiserror::Error)]
#[error("an interaction of version {0}, which is newer than {VERSION}")]
pub struct Newer(u32);

#[derive(Serialize, Deserialize)]
pub(super) struct StoredInteraction {
    #[serde(default)]
    version: u32,
    id: InteractionId,
    application_id: ApplicationId,
    authorization: Authorization,
    csrf: String,
    event: Option<InteractionEvent>,
    verifications: Vec<OrUnknown<Record>>,
    #[serde(default)]
    social: Option<SocialRecord>,
    user_id: Option<UserId>,
    #[serde(default)]
    credential_epoch: i64,
    profile: Profile,
    #[serde(default)]
    work: Option<Work>,
    created_at: Timestamp,
    expires_at: Timestamp,
}

/// What this release knows, and what it does not.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum OrUnknown<T> {
    Known(T),
    Unknown(Value),
}

#[derive(Serialize, Deserialize)]
enum StoredKind {
    Password,
    EmailVerificationCode,
    PhoneVerificationCode,
    NewPasswordIdentity,
}

#[derive(Serialize, Deserialize)]
struct Record {
    id: VerificationId,
    kind: StoredKind,
    identifier: Identifier,
    verified: bool,
    user_id: Option<UserId>,
    code: Option<SentCode>,
    password: Option<PasswordHash>,
    #[serde(default)]
    credential_epoch: i64,
    event: Option<InteractionEvent>,
}

#[derive(Serialize, Deserialize)]
struct SocialRecord {
    id: VerificationId,
    #[serde(default)]
    credential_epoch: i64,
    #[serde(flatten)]
    proof: SocialProof,
}

impl From<Interaction> for StoredInteraction {
    fn from(interaction: Interaction) -> Self {
        let (mut verifications, mut social) = (Vec::new(), None);
        for VerificationRecord { id, event, credential_epoch, proof } in interaction.verifications {
            let verified = proof.is_verified();
            let record = |kind, identifier| Record {
                id: id.clone(),
                kind,
                identifier,
                verified,
                user_id: None,
                code: None,
                password: None,
                credential_epoch,
                event: Some(event),
            };
            let record = match proof {
                Proof::Password(PasswordProof { identifier, user_id }) => {
                    Record { user_id: Some(user_id), ..record(StoredKind::Password, identifier) }
                }
                Proof::EmailCode(CodeProof { identifier, code }) => {
                    Record { code: Some(code), ..record(StoredKind::EmailVerificationCode, identifier) }
                }
                Proof::PhoneCode(CodeProof { identifier, code }) => {
                    Record { code: Some(code), ..record(StoredKind::PhoneVerificationCode, identifier) }
                }
                Proof::NewPasswordIdentity(NewPasswordIdentity { identifier, password }) => {
                    Record { password: Some(password), ..record(StoredKind::NewPasswordIdentity, identifier) }
                }
                Proof::Social(proof) => {
                    social = Some(SocialRecord { id, credential_epoch, proof: *proof });
                    continue;
                }
            };
            verifications.push(OrUnknown::Known(record));
        }
        Self {
            version: VERSION,
            id: interaction.id,
            application_id: interaction.application_id,
            authorization: interaction.authorization,
            csrf: interaction.csrf,
            event: interaction.event,
            verifications,
            social,
            user_id: interaction.user_id,
            credential_epoch: interaction.credential_epoch,
            profile: interaction.profile,
            work: interaction.work,
            created_at: interaction.created_at,
            expires_at: interaction.expires_at,
        }
    }
}

impl TryFrom<StoredInteraction> for Interaction {
    type Error = Newer;

    fn try_from(stored: StoredInteraction) -> Result<Self, Newer> {
        if stored.version > VERSION {
            return Err(Newer(stored.version));
        }
        let known = stored.verifications.into_iter().filter_map(|record| match record {
            OrUnknown::Known(record) => record.read(),
            OrUnknown::Unknown(_) => None,
        });
        let social = stored.social.map(|SocialRecord { id, credential_epoch, proof }| VerificationRecord {
            id,
            event: InteractionEvent::SignIn,
            credential_epoch,
            proof: Proof::Social(Box::new(proof)),
        });
        Ok(Self {
            verifications: known.chain(social).collect(),
            id: stored.id,
            application_id: stored.application_id,
            authorization: stored.authorization,
            csrf: stored.csrf,
            event: stored.event,
            user_id: stored.user_id,
            credential_epoch: stored.credential_epoch,
            profile: stored.profile,
            work: stored.work,
            created_at: stored.created_at,
            expires_at: stored.expires_at,
        })
    }
}

impl Record {
    /// The record; none where it lacks what its kind consists of.
    fn read(self) -> Option<VerificationRecord> {
        let Self { id, identifier, credential_epoch, .. } = self;
        let code = |kind| {
            Some(CodeProof { identifier: identifier.clone(), code: self.code? }).filter(|_| identifier.kind == kind)
        };
        let proof = match self.kind {
            StoredKind::Password => Proof::Password(PasswordProof { user_id: self.user_id?, identifier }),
            StoredKind::EmailVerificationCode => Proof::EmailCode(code(IdentifierKind::Email)?),
            StoredKind::PhoneVerificationCode => Proof::PhoneCode(code(IdentifierKind::Phone)?),
            StoredKind::NewPasswordIdentity => {
                Proof::NewPasswordIdentity(NewPasswordIdentity { password: self.password?, identifier })
            }
        };
        let is_whole = proof.is_verified() == self.verified;
        Some(VerificationRecord { id, event: self.event?, credential_epoch, proof }).filter(|_| is_whole)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// As a node of the release without versions wrote it.
    const UNVERSIONED: &str = include_str!("unversioned.json");

    fn value() -> Value {
        serde_json::from_str(UNVERSIONED).unwrap()
    }

    #[test]
    fn what_the_release_without_versions_wrote_is_read() {
        let read: Interaction = serde_json::from_str(UNVERSIONED).unwrap();
        let names: Vec<(&str, &str, bool)> = read
            .verifications
            .iter()
            .map(|record| (record.id.as_str(), record.proof.as_str(), record.proof.is_verified()))
            .collect();
        let expected = [
            ("v-password", "Password", true),
            ("v-phone", "PhoneVerificationCode", false),
            ("v-email", "EmailVerificationCode", true),
            ("v-new", "NewPasswordIdentity", true),
            ("v-social", "Social", true),
        ];
        assert_eq!(names, expected);
        assert!(read.verifications.iter().all(|record| record.credential_epoch == 2));
    }

    /// Nodes of the release without versions read the fields that they wrote, in the same form, and no others.
    #[test]
    fn the_release_without_versions_reads_what_is_written() {
        let read: Interaction = serde_json::from_str(UNVERSIONED).unwrap();
        let mut written = serde_json::to_value(&read).unwrap();
        assert_eq!(written.as_object_mut().unwrap().remove("version"), Some(json!(VERSION)));
        assert_eq!(written, value());
    }

    #[test]
    fn what_a_later_release_adds_is_left_out() {
        let mut later = value();
        later["version"] = json!(VERSION);
        later["consents"] = json!([{ "organization": "o" }]);
        later["social"]["nonce"] = json!("n");
        later["verifications"][0]["factor"] = json!(2);
        later["verifications"]
            .as_array_mut()
            .unwrap()
            .push(json!({ "id": "v-totp", "kind": "Totp", "verified": true }));
        let read: Interaction = serde_json::from_value(later).unwrap();
        assert_eq!(read.verifications.len(), 5);
        assert!(read.verification(&"v-totp".into()).is_err());
    }

    #[test]
    fn a_later_version_is_not_read() {
        let mut later = value();
        later["version"] = json!(VERSION + 1);
        assert!(serde_json::from_value::<Interaction>(later).is_err());
    }

    #[test]
    fn a_proof_without_its_substance_proves_nothing() {
        for (position, field) in [(0, "user_id"), (1, "code"), (2, "code"), (3, "password"), (0, "event")] {
            let mut damaged = value();
            damaged["verifications"][position][field] = Value::Null;
            let read: Interaction = serde_json::from_value(damaged).unwrap();
            assert_eq!(read.verifications.len(), 4, "{position} without {field}");
        }
        let mut claimed = value();
        claimed["verifications"][1]["verified"] = json!(true);
        let read: Interaction = serde_json::from_value(claimed).unwrap();
        assert!(read.verification(&"v-phone".into()).is_err(), "a code that never came back");
    }
}
