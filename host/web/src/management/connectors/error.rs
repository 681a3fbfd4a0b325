//! What a refusal of a connector answers.

use keyway_core::CoreError;
use keyway_core::connectors::{ConnectorError, TestError, explain};
use keyway_model::{ErrorCode, Reason, Refusal};

use crate::error::WebError;
use crate::reason_texts;

impl From<ConnectorError> for WebError {
    fn from(error: ConnectorError) -> Self {
        let code = match error {
            ConnectorError::NotFound => ErrorCode::EntityNotFound,
            ConnectorError::NoFactory => ErrorCode::ConnectorFactoryUnknown,
            ConnectorError::FactoryGone => ErrorCode::ConnectorFactoryNotFound,
            ConnectorError::Id => {
                return Refusal::invalid_input("id", Reason::IdCharacters { least: 1, most: 64 }).into();
            }
            ConnectorError::IdTaken => ErrorCode::ConnectorIdTaken,
            ConnectorError::Prefix => return Refusal::invalid_input("routing.prefixes", Reason::CountryDigits).into(),
            ConnectorError::MetadataFixed => ErrorCode::ConnectorMetadataNotAllowed,
            ConnectorError::UnknownMetadata(name) => {
                return Refusal::invalid_input(&format!("metadata.{name}"), Reason::NoSuchMetadata).into();
            }
            ConnectorError::TargetMissing => ErrorCode::ConnectorShouldSpecifyTarget,
            ConnectorError::TargetFixed => ErrorCode::ConnectorTargetFixed,
            ConnectorError::TargetTaken => ErrorCode::ConnectorSameTarget,
            ConnectorError::TargetReserved => ErrorCode::ConnectorTargetReserved,
            ConnectorError::SecondOfFactory => ErrorCode::ConnectorMultipleInstances,
            ConnectorError::TokenStorage => ErrorCode::ConnectorTokenStorage,
            ConnectorError::SecretsRequired => ErrorCode::ConnectorHostChanged,
            ConnectorError::Config(detail) => {
                let data = reason_texts::fields(&detail);
                return Refusal { data, ..Refusal::because(ErrorCode::ConnectorInvalidConfig, detail) }.into();
            }
            ConnectorError::Rejected(words) => {
                return Refusal::quoting(ErrorCode::ConnectorInvalidConfig, words).into();
            }
            ConnectorError::NotLoaded => ErrorCode::ConnectorFailed,
            ConnectorError::Call(error) => return explain(error).into(),
            ConnectorError::Contended => ErrorCode::Unavailable,
            ConnectorError::Store(error) => return CoreError::from(error).into(),
        };
        code.into()
    }
}

impl From<TestError> for WebError {
    fn from(error: TestError) -> Self {
        match error {
            TestError::NoFactory(id) => {
                let reason = Reason::NoFactory { factory: id.0.into() };
                Refusal::because(ErrorCode::ConnectorUnexpectedType, reason).into()
            }
            TestError::Recipient => ErrorCode::ConnectorUnexpectedType.into(),
            TestError::Unreadable(refusal) => refusal.into(),
            TestError::OnlySaved => Refusal::because(ErrorCode::Forbidden, Reason::SavedAlone).into(),
            TestError::Limited => ErrorCode::ConnectorTestLimited.into(),
            TestError::Connector(error) => error.into(),
        }
    }
}
