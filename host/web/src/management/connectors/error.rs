//! What a refusal of a connector answers.

use keyway_core::CoreError;
use keyway_core::connectors::{ConnectorError, TestError, explain};
use keyway_model::{ErrorCode, Refusal};

use crate::error::WebError;

impl From<ConnectorError> for WebError {
    fn from(error: ConnectorError) -> Self {
        let said = error.to_string();
        let code = match error {
            ConnectorError::NotFound => ErrorCode::EntityNotFound,
            ConnectorError::NoFactory => ErrorCode::ConnectorFactoryUnknown,
            ConnectorError::FactoryGone => ErrorCode::ConnectorFactoryNotFound,
            ConnectorError::Id => return Refusal::invalid_input("id", &said).into(),
            ConnectorError::IdTaken => ErrorCode::ConnectorIdTaken,
            ConnectorError::Prefix => return Refusal::invalid_input("routing.prefixes", &said).into(),
            ConnectorError::MetadataFixed => ErrorCode::ConnectorMetadataNotAllowed,
            ConnectorError::UnknownMetadata(name) => {
                return Refusal::invalid_input(&format!("metadata.{name}"), &said).into();
            }
            ConnectorError::TargetMissing => ErrorCode::ConnectorShouldSpecifyTarget,
            ConnectorError::TargetFixed => ErrorCode::ConnectorTargetFixed,
            ConnectorError::TargetTaken => ErrorCode::ConnectorSameTarget,
            ConnectorError::TargetReserved => ErrorCode::ConnectorTargetReserved,
            ConnectorError::SecondOfFactory => ErrorCode::ConnectorMultipleInstances,
            ConnectorError::TokenStorage => ErrorCode::ConnectorTokenStorage,
            ConnectorError::SecretsRequired => ErrorCode::ConnectorHostChanged,
            ConnectorError::Config(error) => {
                let refusal = Refusal::with_message(ErrorCode::ConnectorInvalidConfig, said);
                return match error.fields() {
                    [] => refusal.into(),
                    fields => refusal.with_data(serde_json::to_value(fields).unwrap_or_default()).into(),
                };
            }
            ConnectorError::Rejected(_) => {
                return Refusal::with_message(ErrorCode::ConnectorInvalidConfig, said).into();
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
        let said = error.to_string();
        match error {
            TestError::NoFactory(_) => Refusal::with_message(ErrorCode::ConnectorUnexpectedType, said).into(),
            TestError::Recipient => ErrorCode::ConnectorUnexpectedType.into(),
            TestError::Unreadable(refusal) => refusal.into(),
            TestError::OnlySaved => Refusal::with_message(ErrorCode::Forbidden, said).into(),
            TestError::Limited => ErrorCode::ConnectorTestLimited.into(),
            TestError::Connector(error) => error.into(),
        }
    }
}
