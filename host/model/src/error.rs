//! Refusals: every way in which a request can be turned down, with Logto's code and status.

use std::fmt;

use serde_json::Value;

use crate::reason::{Detail, Reason};

/// A refused request: what went wrong, in a form that a program and a person can act on. The words are for the room that answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// Which rule refused.
    pub code: ErrorCode,
    /// Which field of the request it is about, where the code does not say.
    pub field: Option<Box<str>>,
    /// More than the code says.
    pub detail: Option<Box<Detail>>,
    /// Details for programs, such as the missing profile fields.
    pub data: Option<Value>,
}

impl std::error::Error for Refusal {}

/// For logs alone.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.code())?;
        if let Some(field) = &self.field {
            write!(f, " {field}")?;
        }
        self.detail.as_ref().map_or(Ok(()), |detail| write!(f, ": {detail}"))
    }
}

/// Characters of somebody else's words about what was sent.
const MOST_QUOTED: usize = 300;

impl Refusal {
    /// A request body or parameter that is not as documented.
    pub fn invalid_input(field: &str, reason: Reason) -> Self {
        Self::because(ErrorCode::InvalidInput, reason).of_field(field)
    }

    /// The same in the words of the parser that could not read it.
    pub fn unreadable(field: &str, words: &str) -> Self {
        // They repeat what was sent, however long that is.
        let words = match words.char_indices().nth(MOST_QUOTED) {
            Some((end, _)) => format!("{}…", words.get(..end).unwrap_or_default()),
            None => words.to_owned(),
        };
        Self::quoting(ErrorCode::InvalidInput, words).of_field(field)
    }

    /// A refusal that says more than its code.
    pub fn because(code: ErrorCode, detail: impl Into<Detail>) -> Self {
        Self { detail: Some(Box::new(detail.into())), ..code.into() }
    }

    /// A refusal in somebody else's words.
    pub fn quoting(code: ErrorCode, words: impl Into<Box<str>>) -> Self {
        Self::because(code, Detail::Quoted(words.into()))
    }

    /// Names the field that it is about.
    #[must_use]
    pub fn of_field(mut self, field: &str) -> Self {
        self.field = Some(field.into());
        self
    }

    /// Attaches details for programs.
    #[must_use]
    pub fn with_data(mut self, data: Value) -> Self {
        self.data = Some(data);
        self
    }
}

impl From<ErrorCode> for Refusal {
    fn from(code: ErrorCode) -> Self {
        Self { code, field: None, detail: None, data: None }
    }
}

macro_rules! codes {
    ($($name:ident $code:literal;)*) => {
        /// Stable codes; the names are Logto's where Logto has the case.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each case is documented by its code, and by its sentence in the catalogue")]
        pub enum ErrorCode { $($name,)* }

        impl ErrorCode {
            /// Every code, for tests and documentation.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable code that programs compare.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }
        }
    };
}

codes! {
    InvalidInput "guard.invalid_input";
    InvalidPagination "guard.invalid_pagination";
    EntityNotFound "entity.not_found";
    UniqueViolation "entity.unique_integrity_violation";
    RelationNotFound "entity.relation_foreign_key_not_found";
    ConstraintViolated "entity.db_constraint_violated";
    KeyWaiting "oidc.key_waiting";
    KeySigns "oidc.key_in_use";
    TooManyKeys "oidc.too_many_keys";
    NoSuchKeys "oidc.no_such_keys";
    OnlyEc "oidc.only_ec";
    NoPicture "storage.not_a_picture";
    LinkExpired "session.link_expired";
    TenantIdInUse "tenant.id_already_in_use";
    TenantAddressInUse "tenant.address_already_in_use";
    TenantAddressFixed "tenant.address_fixed";
    TenantFixed "tenant.cannot_delete";
    LastAdministrator "user.last_administrator";
    OwnAccount "user.own_account";
    Internal "internal.error";
    Unavailable "internal.unavailable";
    AuthorizationHeaderMissing "auth.authorization_header_missing";
    AuthorizationTypeNotSupported "auth.authorization_token_type_not_supported";
    Unauthorized "auth.unauthorized";
    Forbidden "auth.forbidden";
    SessionNotFound "session.not_found";
    InvalidCredentials "session.invalid_credentials";
    InteractionNotFound "session.interaction_not_found";
    IdentifierNotFound "session.identifier_not_found";
    VerificationNotFound "session.verification_session_not_found";
    VerificationFailed "session.verification_failed";
    VerificationBlocked "session.verification_blocked_too_many_attempts";
    NotSupportedForForgotPassword "session.not_supported_for_forgot_password";
    InvalidInteractionType "session.invalid_interaction_type";
    IdentityConflict "session.identity_conflict";
    CsrfTokenMismatch "session.csrf_token_mismatch";
    UserNotExist "user.user_not_exist";
    IdentityNotExist "user.identity_not_exist";
    IdentityInUse "user.identity_already_in_use";
    UserSuspended "user.suspended";
    UsernameInUse "user.username_already_in_use";
    EmailInUse "user.email_already_in_use";
    PhoneInUse "user.phone_already_in_use";
    InvalidEmail "user.invalid_email";
    InvalidPhone "user.invalid_phone";
    InvalidUsername "user.username_invalid_charset_hard";
    UsernameTooLong "user.username_too_long";
    SignInMethodNotEnabled "user.sign_in_method_not_enabled";
    MissingProfile "user.missing_profile";
    SamePassword "user.same_password";
    NewPasswordRequired "user.new_password_required_in_profile";
    UsernameExistsInProfile "user.username_exists_in_profile";
    EmailExistsInProfile "user.email_exists_in_profile";
    PhoneExistsInProfile "user.phone_exists_in_profile";
    PasswordExistsInProfile "user.password_exists_in_profile";
    PasswordAlgorithmRequired "user.password_algorithm_required";
    PasswordAndDigest "user.password_and_digest";
    InvalidRoleType "user.invalid_role_type";
    PasswordRejected "password.rejected";
    UnsupportedHash "password.unsupported_encryption_method";
    CodeNotFound "verification_code.not_found";
    CodePhoneMismatch "verification_code.phone_mismatch";
    CodeEmailMismatch "verification_code.email_mismatch";
    CodeMismatch "verification_code.code_mismatch";
    CodeExpired "verification_code.expired";
    CodeTooManyTries "verification_code.exceed_max_try";
    TooManyRequests "request.too_many_requests";
    MessageRateLimited "request.message_rate_limited";
    LineTypeNotAllowed "request.line_type_not_allowed";
    CountryNotAllowed "request.country_not_allowed";
    ConnectorNotFound "connector.not_found";
    ConnectorFactoryNotFound "connector.not_found";
    ConnectorFactoryUnknown "connector.not_found_with_connector_id";
    ConnectorUnexpectedType "connector.unexpected_type";
    ConnectorInvalidConfig "connector.invalid_config";
    ConnectorInvalidResponse "connector.invalid_response";
    ConnectorTemplateNotFound "connector.template_not_found";
    ConnectorRateLimit "connector.rate_limit_exceeded";
    ConnectorGeneral "connector.general";
    ConnectorUnreachable "connector.unreachable";
    ConnectorFailed "connector.failed";
    ConnectorMetadataNotAllowed "connector.cannot_overwrite_metadata_for_non_standard_connector";
    ConnectorStateMismatch "session.connector_validation_session_not_found";
    ConnectorHostChanged "connector.secrets_required";
    ConnectorInvalidParameters "connector.invalid_request_parameters";
    ConnectorAuthorizationFailed "connector.authorization_failed";
    ConnectorAuthCodeInvalid "connector.social_auth_code_invalid";
    ConnectorAccessTokenInvalid "connector.social_invalid_access_token";
    ConnectorIdTokenInvalid "connector.social_invalid_id_token";
    ConnectorNotImplemented "connector.not_implemented";
    ConnectorShouldSpecifyTarget "connector.should_specify_target";
    ConnectorMultipleInstances "connector.multiple_instances_not_supported";
    ConnectorSameTarget "connector.multiple_target_with_same_platform";
    ConnectorTargetFixed "connector.can_not_modify_target";
    ConnectorTokenStorage "connector.token_storage_not_supported";
    ConnectorNotApproved "connector.version_not_approved";
    ConnectorVersionServes "connector.version_in_use";
    ConnectorNoEarlierVersion "connector.no_earlier_version";
    ConnectorConfigRefused "connector.config_refused";
    ConnectorTestLimited "connector.test_limit_exceeded";
    ConnectorTargetReserved "connector.target_reserved";
    ConnectorIdTaken "connector.id_in_use";
    ConnectorFourEyes "connector.approval_by_another";
    UploadNameReserved "upload.name_reserved";
    UploadQuota "upload.quota_exceeded";
    UploadBusy "upload.busy";
    UploadTimeout "upload.timeout";
    UploadStorageFull "upload.storage_full";
    UploadFailed "upload.failed";
    UploadTooLarge "upload.too_large";
    UploadNotAComponent "upload.not_a_component";
    UploadDamaged "upload.damaged";
    UploadInvalid "upload.invalid";
    UploadStructureLimit "upload.structure_limit";
    UploadImportRefused "upload.import_refused";
    UploadExportMissing "upload.export_missing";
    UploadContractUnsupported "upload.contract_unsupported";
    UploadContractMismatch "upload.contract_mismatch";
    UploadFeatureUndeclared "upload.feature_undeclared";
    UploadManifestMissing "upload.manifest_missing";
    UploadManifestInvalid "upload.manifest_invalid";
    UploadCompileFailed "upload.compile_failed";
    UploadDescribeFailed "upload.describe_failed";
    UploadDescribeDiffers "upload.describe_differs";
    UploadSchemaInvalid "upload.schema_invalid";
    UploadSampleRefused "upload.sample_refused";
    UploadKindChanged "upload.kind_changed";
    UploadNotTrusted "upload.not_trusted";
    UploadSignatureInvalid "upload.signature_invalid";
    DuplicatedSignUpIdentifiers "sign_in_experiences.duplicated_sign_up_identifiers";
    MissingSignUpIdentifiers "sign_in_experiences.missing_sign_up_identifiers";
    PasswordlessRequiresVerify "sign_in_experiences.passwordless_requires_verify";
    EnabledConnectorNotFound "sign_in_experiences.enabled_connector_not_found";
    AtLeastOneFactor "sign_in_experiences.at_least_one_authentication_factor";
    CodeSignInRequired "sign_in_experiences.code_sign_in_must_be_enabled";
    ForgotPasswordNeedsConnector "sign_in_experiences.forgot_password_method_requires_connector";
    ResourceInUse "resource.resource_identifier_in_use";
    ManagementApiStays "resource.cannot_delete_management_api";
    ManagementApiFixed "resource.cannot_modify_management_api";
    ScopeExists "scope.name_exists";
    ScopeWithSpace "scope.name_with_space";
    RoleHoldsScope "role.scope_exists";
    RoleHasUser "role.user_exists";
    RoleHasApplication "role.application_exists";
    RoleNameInUse "role.name_in_use";
    RoleNotForUsers "role.management_api_scopes_not_assignable_to_user_role";
    ApplicationRoleType "application.invalid_role_type";
    ApplicationType "application.invalid_type";
    SecretNameExists "application.secret_name_exists";
    UnsupportedMediaType "request.unsupported_media_type";
    NotFound "request.not_found";
    MethodNotAllowed "request.method_not_allowed";
    TooLarge "request.too_large";
}

#[cfg(test)]
mod tests {
    use super::ErrorCode;

    #[test]
    fn a_code_is_an_area_and_a_name() {
        for code in ErrorCode::ALL {
            assert!(code.code().split('.').count() == 2 && !code.code().contains(' '), "{code:?}");
        }
    }
}
