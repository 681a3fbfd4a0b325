//! Refusals: every way in which a request can be turned down, with Logto's code and status.

use serde_json::Value;

/// A refused request: what went wrong, in a form that a program and a person can act on. What the code means in words is for the room
/// that answers.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}{}{}", code.code(), after(" ", field.unwrap_or_default()), after(": ", self.detail()))]
pub struct Refusal {
    /// Which rule refused.
    pub code: ErrorCode,
    /// Which field of the request it is about, where the code does not say.
    pub field: Option<&'static str>,
    /// One sentence in English that says more than the code does.
    pub message: Option<Box<str>>,
    /// Details for programs, such as the missing profile fields.
    pub data: Option<Value>,
}

/// A part of a line, where there is one.
fn after(separator: &str, text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("{separator}{text}") }
}

impl Refusal {
    /// A refusal with its own message in place of the code's sentence.
    pub fn with_message(code: ErrorCode, message: impl Into<Box<str>>) -> Self {
        Self { message: Some(message.into()), ..code.into() }
    }

    /// Names the field that it is about.
    #[must_use]
    pub fn of_field(mut self, field: &'static str) -> Self {
        self.field = Some(field);
        self
    }

    /// Attaches details for programs.
    #[must_use]
    pub fn with_data(mut self, data: Value) -> Self {
        self.data = Some(data);
        self
    }

    /// A request body or parameter that is not as documented; names the field and what it should be.
    pub fn invalid_input(field: &str, expected: &str) -> Self {
        Self::with_message(ErrorCode::InvalidInput, format!("{field}: {expected}"))
    }

    /// The message, or nothing where the code says all.
    pub fn detail(&self) -> &str {
        self.message.as_deref().unwrap_or_default()
    }
}

impl From<ErrorCode> for Refusal {
    fn from(code: ErrorCode) -> Self {
        Self { code, field: None, message: None, data: None }
    }
}

macro_rules! codes {
    ($($name:ident $status:literal $code:literal;)*) => {
        /// Stable codes; the names and statuses are Logto's where Logto has the case.
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

            /// HTTP status.
            pub fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }
        }
    };
}

codes! {
    InvalidInput 400 "guard.invalid_input";
    InvalidPagination 400 "guard.invalid_pagination";
    EntityNotFound 404 "entity.not_found";
    UniqueViolation 422 "entity.unique_integrity_violation";
    RelationNotFound 422 "entity.relation_foreign_key_not_found";
    KeyWaiting 422 "oidc.key_waiting";
    KeySigns 422 "oidc.key_in_use";
    TooManyKeys 422 "oidc.too_many_keys";
    NoSuchKeys 422 "oidc.no_such_keys";
    OnlyEc 422 "oidc.only_ec";
    NoPicture 400 "storage.not_a_picture";
    LinkExpired 400 "session.link_expired";
    LastAdministrator 422 "user.last_administrator";
    OwnAccount 422 "user.own_account";
    Internal 500 "internal.error";
    Unavailable 503 "internal.unavailable";
    AuthorizationHeaderMissing 401 "auth.authorization_header_missing";
    AuthorizationTypeNotSupported 401 "auth.authorization_token_type_not_supported";
    Unauthorized 401 "auth.unauthorized";
    Forbidden 403 "auth.forbidden";
    SessionNotFound 400 "session.not_found";
    InvalidCredentials 422 "session.invalid_credentials";
    InteractionNotFound 404 "session.interaction_not_found";
    IdentifierNotFound 404 "session.identifier_not_found";
    VerificationNotFound 404 "session.verification_session_not_found";
    VerificationFailed 400 "session.verification_failed";
    VerificationBlocked 400 "session.verification_blocked_too_many_attempts";
    NotSupportedForForgotPassword 400 "session.not_supported_for_forgot_password";
    InvalidInteractionType 400 "session.invalid_interaction_type";
    IdentityConflict 409 "session.identity_conflict";
    CsrfTokenMismatch 400 "session.csrf_token_mismatch";
    UserNotExist 404 "user.user_not_exist";
    IdentityNotExist 404 "user.identity_not_exist";
    IdentityInUse 422 "user.identity_already_in_use";
    UserSuspended 401 "user.suspended";
    UsernameInUse 422 "user.username_already_in_use";
    EmailInUse 422 "user.email_already_in_use";
    PhoneInUse 422 "user.phone_already_in_use";
    InvalidEmail 422 "user.invalid_email";
    InvalidPhone 422 "user.invalid_phone";
    InvalidUsername 422 "user.username_invalid_charset_hard";
    UsernameTooLong 422 "user.username_too_long";
    SignInMethodNotEnabled 422 "user.sign_in_method_not_enabled";
    MissingProfile 422 "user.missing_profile";
    SamePassword 422 "user.same_password";
    NewPasswordRequired 422 "user.new_password_required_in_profile";
    UsernameExistsInProfile 422 "user.username_exists_in_profile";
    EmailExistsInProfile 422 "user.email_exists_in_profile";
    PhoneExistsInProfile 422 "user.phone_exists_in_profile";
    PasswordExistsInProfile 422 "user.password_exists_in_profile";
    PasswordAlgorithmRequired 400 "user.password_algorithm_required";
    PasswordAndDigest 400 "user.password_and_digest";
    InvalidRoleType 422 "user.invalid_role_type";
    PasswordRejected 422 "password.rejected";
    UnsupportedHash 400 "password.unsupported_encryption_method";
    CodeNotFound 400 "verification_code.not_found";
    CodePhoneMismatch 400 "verification_code.phone_mismatch";
    CodeEmailMismatch 400 "verification_code.email_mismatch";
    CodeMismatch 400 "verification_code.code_mismatch";
    CodeExpired 400 "verification_code.expired";
    CodeTooManyTries 400 "verification_code.exceed_max_try";
    TooManyRequests 429 "request.too_many_requests";
    MessageRateLimited 429 "request.message_rate_limited";
    LineTypeNotAllowed 422 "request.line_type_not_allowed";
    CountryNotAllowed 422 "request.country_not_allowed";
    ConnectorNotFound 501 "connector.not_found";
    ConnectorFactoryNotFound 404 "connector.not_found";
    ConnectorFactoryUnknown 422 "connector.not_found_with_connector_id";
    ConnectorUnexpectedType 400 "connector.unexpected_type";
    ConnectorInvalidConfig 400 "connector.invalid_config";
    ConnectorInvalidResponse 400 "connector.invalid_response";
    ConnectorTemplateNotFound 400 "connector.template_not_found";
    ConnectorRateLimit 429 "connector.rate_limit_exceeded";
    ConnectorGeneral 400 "connector.general";
    ConnectorUnreachable 502 "connector.unreachable";
    ConnectorFailed 502 "connector.failed";
    ConnectorMetadataNotAllowed 400 "connector.cannot_overwrite_metadata_for_non_standard_connector";
    ConnectorStateMismatch 400 "session.connector_validation_session_not_found";
    ConnectorHostChanged 400 "connector.secrets_required";
    ConnectorInvalidParameters 400 "connector.invalid_request_parameters";
    ConnectorAuthorizationFailed 401 "connector.authorization_failed";
    ConnectorAuthCodeInvalid 401 "connector.social_auth_code_invalid";
    ConnectorAccessTokenInvalid 401 "connector.social_invalid_access_token";
    ConnectorIdTokenInvalid 401 "connector.social_invalid_id_token";
    ConnectorNotImplemented 501 "connector.not_implemented";
    ConnectorShouldSpecifyTarget 400 "connector.should_specify_target";
    ConnectorMultipleInstances 422 "connector.multiple_instances_not_supported";
    ConnectorSameTarget 422 "connector.multiple_target_with_same_platform";
    ConnectorTargetFixed 400 "connector.can_not_modify_target";
    ConnectorTokenStorage 422 "connector.token_storage_not_supported";
    ConnectorNotApproved 409 "connector.version_not_approved";
    ConnectorVersionServes 409 "connector.version_in_use";
    ConnectorNoEarlierVersion 409 "connector.no_earlier_version";
    ConnectorConfigRefused 409 "connector.config_refused";
    ConnectorTestLimited 429 "connector.test_limit_exceeded";
    ConnectorTargetReserved 422 "connector.target_reserved";
    ConnectorIdTaken 422 "connector.id_in_use";
    ConnectorFourEyes 409 "connector.approval_by_another";
    UploadNameReserved 422 "upload.name_reserved";
    UploadQuota 409 "upload.quota_exceeded";
    UploadBusy 429 "upload.busy";
    UploadTimeout 408 "upload.timeout";
    UploadStorageFull 507 "upload.storage_full";
    UploadFailed 422 "upload.failed";
    UploadTooLarge 413 "upload.too_large";
    UploadNotAComponent 422 "upload.not_a_component";
    UploadDamaged 422 "upload.damaged";
    UploadInvalid 422 "upload.invalid";
    UploadStructureLimit 422 "upload.structure_limit";
    UploadImportRefused 422 "upload.import_refused";
    UploadExportMissing 422 "upload.export_missing";
    UploadContractUnsupported 422 "upload.contract_unsupported";
    UploadContractMismatch 422 "upload.contract_mismatch";
    UploadFeatureUndeclared 422 "upload.feature_undeclared";
    UploadManifestMissing 422 "upload.manifest_missing";
    UploadManifestInvalid 422 "upload.manifest_invalid";
    UploadCompileFailed 422 "upload.compile_failed";
    UploadDescribeFailed 422 "upload.describe_failed";
    UploadDescribeDiffers 422 "upload.describe_differs";
    UploadSchemaInvalid 422 "upload.schema_invalid";
    UploadSampleRefused 422 "upload.sample_refused";
    UploadKindChanged 422 "upload.kind_changed";
    UploadNotTrusted 403 "upload.not_trusted";
    UploadSignatureInvalid 422 "upload.signature_invalid";
    DuplicatedSignUpIdentifiers 400 "sign_in_experiences.duplicated_sign_up_identifiers";
    MissingSignUpIdentifiers 400 "sign_in_experiences.missing_sign_up_identifiers";
    PasswordlessRequiresVerify 400 "sign_in_experiences.passwordless_requires_verify";
    EnabledConnectorNotFound 400 "sign_in_experiences.enabled_connector_not_found";
    AtLeastOneFactor 400 "sign_in_experiences.at_least_one_authentication_factor";
    CodeSignInRequired 400 "sign_in_experiences.code_sign_in_must_be_enabled";
    ForgotPasswordNeedsConnector 400 "sign_in_experiences.forgot_password_method_requires_connector";
    ResourceInUse 422 "resource.resource_identifier_in_use";
    ManagementApiFixed 400 "resource.cannot_delete_management_api";
    ScopeExists 422 "scope.name_exists";
    ScopeWithSpace 400 "scope.name_with_space";
    RoleNameInUse 422 "role.name_in_use";
    RoleNotForUsers 400 "role.management_api_scopes_not_assignable_to_user_role";
    ApplicationRoleType 422 "application.invalid_role_type";
    ApplicationType 422 "application.invalid_type";
    SecretNameExists 422 "application.secret_name_exists";
    UnsupportedMediaType 415 "request.unsupported_media_type";
    NotFound 404 "request.not_found";
    MethodNotAllowed 405 "request.method_not_allowed";
    TooLarge 413 "request.too_large";
}

#[cfg(test)]
mod tests {
    use super::ErrorCode;

    #[test]
    fn every_code_has_a_status() {
        for code in ErrorCode::ALL {
            assert!((400..600).contains(&code.status()), "{code:?}");
        }
    }
}
