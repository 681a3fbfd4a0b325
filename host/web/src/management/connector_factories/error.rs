//! What a refusal of a factory or a version answers.

use keyway_core::CoreError;
use keyway_core::connectors::factories::{FactoryError, Quota};
use keyway_core::connectors::{LoadError, TrustError};
use keyway_model::{Detail, ErrorCode, Reason, Refusal};

use crate::error::WebError;
use crate::locale::Locale;
use crate::reason_texts;

impl From<FactoryError> for WebError {
    fn from(error: FactoryError) -> Self {
        let (code, reason) = match error {
            FactoryError::NotFound => return ErrorCode::EntityNotFound.into(),
            FactoryError::Busy => return ErrorCode::UploadBusy.into(),
            FactoryError::StorageFull => return ErrorCode::UploadStorageFull.into(),
            FactoryError::FourEyes => return ErrorCode::ConnectorFourEyes.into(),
            FactoryError::NotApproved => return ErrorCode::ConnectorNotApproved.into(),
            FactoryError::InUse => return ErrorCode::ConnectorVersionServes.into(),
            FactoryError::NoEarlierVersion => return ErrorCode::ConnectorNoEarlierVersion.into(),
            FactoryError::Contended => return ErrorCode::Unavailable.into(),
            FactoryError::Store(error) => return CoreError::from(error).into(),
            FactoryError::Trust(error) => match error {
                TrustError::NotListed(digest) => {
                    (ErrorCode::UploadNotTrusted, Reason::NotListed { digest: digest.into() })
                }
                TrustError::NotSigned => (ErrorCode::UploadNotTrusted, Reason::NotSigned),
                TrustError::Unreadable => (ErrorCode::UploadSignatureInvalid, Reason::SignatureUnreadable),
                TrustError::UnknownKey => (ErrorCode::UploadSignatureInvalid, Reason::SignatureOfOther),
            },
            FactoryError::Quota(quota) => {
                let reason = match quota {
                    Quota::OfFactory(stored) => Reason::VersionsOfModule { count: stored.of_factory },
                    Quota::Versions(stored) => Reason::Versions { count: stored.versions },
                    Quota::Bytes(stored, most) => Reason::BytesKept { bytes: stored.bytes, most },
                };
                (ErrorCode::UploadQuota, reason)
            }
            FactoryError::KindChanged(id) => (ErrorCode::UploadKindChanged, Reason::OtherKind { factory: id.0.into() }),
            FactoryError::NameReserved(field) => (ErrorCode::UploadNameReserved, Reason::NameOfOfficial { field }),
            FactoryError::Component(problems) => return component(problems).into(),
            FactoryError::ConfigRefused { connector, cause } => {
                let cause = Box::new(cause);
                (ErrorCode::ConnectorConfigRefused, Reason::CannotGoOn { connector: connector.0.into(), cause })
            }
        };
        let detail = Detail::from(reason);
        Refusal { data: reason_texts::fields(&detail), ..Refusal::because(code, detail) }.into()
    }
}

/// The first problem's code with every problem listed. They are technical, and in English.
fn component(LoadError(mut problems): LoadError) -> Refusal {
    let code = problems.first().map_or(ErrorCode::UploadFailed, |problem| problem.code);
    for problem in &mut problems {
        if let Some(detail) = problem.detail.take() {
            problem.message = format!("{} {}", problem.message, reason_texts::words(&detail, Locale::SOURCE));
        }
    }
    let messages: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
    Refusal { data: serde_json::to_value(&problems).ok(), ..Refusal::quoting(code, messages.join(" ")) }
}
