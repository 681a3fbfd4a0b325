//! The HTTP status of each code: Logto's where Logto has the case.

use axum::http::StatusCode;
use keyway_model::ErrorCode;

macro_rules! statuses {
    ($($status:ident: $($code:ident)+;)*) => {
        /// The status of an answer with this code.
        pub fn status(code: ErrorCode) -> StatusCode {
            match code {
                $($(ErrorCode::$code)|+ => StatusCode::$status,)*
            }
        }
    };
}

statuses! {
    BAD_REQUEST: InvalidInput InvalidPagination NoPicture LinkExpired SessionNotFound VerificationFailed VerificationBlocked
        NotSupportedForForgotPassword InvalidInteractionType CsrfTokenMismatch PasswordAlgorithmRequired PasswordAndDigest
        UnsupportedHash CodeNotFound CodePhoneMismatch CodeEmailMismatch CodeMismatch CodeExpired CodeTooManyTries
        ConnectorUnexpectedType ConnectorInvalidConfig ConnectorInvalidResponse ConnectorTemplateNotFound ConnectorGeneral
        ConnectorMetadataNotAllowed ConnectorStateMismatch ConnectorHostChanged ConnectorInvalidParameters
        ConnectorShouldSpecifyTarget ConnectorTargetFixed DuplicatedSignUpIdentifiers MissingSignUpIdentifiers
        PasswordlessRequiresVerify EnabledConnectorNotFound AtLeastOneFactor CodeSignInRequired ForgotPasswordNeedsConnector
        ManagementApiStays ManagementApiFixed ScopeWithSpace RoleNotForUsers;
    UNAUTHORIZED: AuthorizationHeaderMissing AuthorizationTypeNotSupported Unauthorized UserSuspended
        ConnectorAuthorizationFailed ConnectorAuthCodeInvalid ConnectorAccessTokenInvalid ConnectorIdTokenInvalid;
    FORBIDDEN: Forbidden UploadNotTrusted;
    NOT_FOUND: EntityNotFound InteractionNotFound IdentifierNotFound VerificationNotFound UserNotExist IdentityNotExist
        ConnectorFactoryNotFound NotFound;
    METHOD_NOT_ALLOWED: MethodNotAllowed;
    REQUEST_TIMEOUT: UploadTimeout;
    CONFLICT: IdentityConflict ConnectorNotApproved ConnectorVersionServes ConnectorNoEarlierVersion ConnectorConfigRefused
        ConnectorFourEyes UploadQuota;
    PAYLOAD_TOO_LARGE: UploadTooLarge TooLarge;
    UNSUPPORTED_MEDIA_TYPE: UnsupportedMediaType;
    UNPROCESSABLE_ENTITY: UniqueViolation RelationNotFound ConstraintViolated KeyWaiting KeySigns TooManyKeys NoSuchKeys OnlyEc
        TenantIdInUse TenantAddressInUse TenantAddressFixed TenantFixed LastAdministrator OwnAccount InvalidCredentials IdentityInUse UsernameInUse EmailInUse PhoneInUse InvalidEmail
        InvalidPhone InvalidUsername UsernameTooLong SignInMethodNotEnabled MissingProfile SamePassword NewPasswordRequired
        UsernameExistsInProfile EmailExistsInProfile PhoneExistsInProfile PasswordExistsInProfile InvalidRoleType
        PasswordRejected LineTypeNotAllowed CountryNotAllowed ConnectorFactoryUnknown ConnectorMultipleInstances
        ConnectorSameTarget ConnectorTokenStorage ConnectorTargetReserved ConnectorIdTaken UploadNameReserved UploadFailed
        UploadNotAComponent UploadDamaged UploadInvalid UploadStructureLimit UploadImportRefused UploadExportMissing
        UploadContractUnsupported UploadContractMismatch UploadFeatureUndeclared UploadManifestMissing UploadManifestInvalid
        UploadCompileFailed UploadDescribeFailed UploadDescribeDiffers UploadSchemaInvalid UploadSampleRefused
        UploadKindChanged UploadSignatureInvalid ResourceInUse ScopeExists RoleNameInUse RoleHoldsScope RoleHasUser RoleHasApplication ApplicationRoleType ApplicationType
        SecretNameExists;
    TOO_MANY_REQUESTS: TooManyRequests MessageRateLimited ConnectorRateLimit ConnectorTestLimited UploadBusy;
    INTERNAL_SERVER_ERROR: Internal;
    NOT_IMPLEMENTED: ConnectorNotFound ConnectorNotImplemented;
    BAD_GATEWAY: ConnectorUnreachable ConnectorFailed;
    SERVICE_UNAVAILABLE: Unavailable;
    INSUFFICIENT_STORAGE: UploadStorageFull;
}
