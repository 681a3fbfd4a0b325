//! What a refusal of a factory or a version answers.

use keyway_core::CoreError;
use keyway_core::connectors::TrustError;
use keyway_core::connectors::factories::FactoryError;
use keyway_model::{ErrorCode, Refusal};

use crate::error::WebError;

impl From<FactoryError> for WebError {
    fn from(error: FactoryError) -> Self {
        let said = error.to_string();
        let (code, data) = match error {
            FactoryError::NotFound => return ErrorCode::EntityNotFound.into(),
            FactoryError::Busy => return ErrorCode::UploadBusy.into(),
            FactoryError::StorageFull => return ErrorCode::UploadStorageFull.into(),
            FactoryError::FourEyes => return ErrorCode::ConnectorFourEyes.into(),
            FactoryError::NotApproved => return ErrorCode::ConnectorNotApproved.into(),
            FactoryError::InUse => return ErrorCode::ConnectorVersionServes.into(),
            FactoryError::NoEarlierVersion => return ErrorCode::ConnectorNoEarlierVersion.into(),
            FactoryError::Contended => return ErrorCode::Unavailable.into(),
            FactoryError::Store(error) => return CoreError::from(error).into(),
            FactoryError::Trust(TrustError::NotListed(_) | TrustError::NotSigned) => {
                (ErrorCode::UploadNotTrusted, None)
            }
            FactoryError::Trust(TrustError::Unreadable | TrustError::UnknownKey) => {
                (ErrorCode::UploadSignatureInvalid, None)
            }
            FactoryError::Quota(_) => (ErrorCode::UploadQuota, None),
            FactoryError::KindChanged(_) => (ErrorCode::UploadKindChanged, None),
            FactoryError::NameReserved(_) => (ErrorCode::UploadNameReserved, None),
            // The first problem's code with every problem listed.
            FactoryError::Component(problems) => {
                let code = problems.0.first().map_or(ErrorCode::UploadFailed, |problem| problem.code);
                (code, serde_json::to_value(problems.0).ok())
            }
            FactoryError::ConfigRefused { fields, .. } => (
                ErrorCode::ConnectorConfigRefused,
                (!fields.is_empty()).then(|| serde_json::to_value(fields).ok()).flatten(),
            ),
        };
        Refusal { data, ..Refusal::with_message(code, said) }.into()
    }
}
