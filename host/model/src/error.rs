//! Refusals: every way in which a request can be turned down, with Logto's code and status.

use serde_json::Value;

/// A refused request: what went wrong, in a form that a program and a person can act on.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}: {message}", code.code())]
pub struct Refusal {
    /// Which rule refused.
    pub code: ErrorCode,
    /// One sentence in English; pages use [`ErrorCode::text`] in the reader's language instead.
    pub message: String,
    /// Details for programs, such as the missing profile fields.
    pub data: Option<Value>,
}

impl Refusal {
    /// A refusal with its own message in place of the standard sentence.
    pub fn with_message(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
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
}

impl From<ErrorCode> for Refusal {
    fn from(code: ErrorCode) -> Self {
        Self { code, message: code.text(false).to_owned(), data: None }
    }
}

macro_rules! codes {
    ($($name:ident $status:literal $code:literal $en:literal $zh:literal;)*) => {
        /// Stable codes; the names and statuses are Logto's where Logto has the case.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each case is documented by its sentence")]
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

            /// The sentence for a person, in Chinese or English.
            pub fn text(self, chinese: bool) -> &'static str {
                if chinese { match self { $(Self::$name => $zh,)* } } else { match self { $(Self::$name => $en,)* } }
            }
        }
    };
}

codes! {
    InvalidInput 400 "guard.invalid_input" "Something in the request is not as expected." "请求内容不符合要求。";
    InvalidPagination 400 "guard.invalid_pagination" "page and page_size must be whole numbers from 1; page_size at most 100." "分页参数无效。";
    EntityNotFound 404 "entity.not_found" "There is no such thing here." "未找到该内容。";
    UniqueViolation 422 "entity.unique_integrity_violation" "Something with this name exists already." "已存在同名内容。";
    RelationNotFound 422 "entity.relation_foreign_key_not_found" "A referenced id does not exist." "引用的 ID 不存在。";
    KeyWaiting 422 "oidc.key_waiting" "A key is waiting to sign. Delete it first, or wait until it signs." "已有密钥等待启用，请先删除该密钥或等待其启用。";
    KeySigns 422 "oidc.key_in_use" "This key signs. Rotate first." "该密钥正在使用，请先轮换。";
    TooManyKeys 422 "oidc.too_many_keys" "There are five keys. Delete a previous one first." "密钥已达五个，请先删除旧密钥。";
    NoSuchKeys 422 "oidc.no_such_keys" "Cookies here hold random secrets and no signatures, so there are no cookie keys." "此处的 Cookie 使用随机密钥，没有 Cookie 签名密钥。";
    OnlyEc 422 "oidc.only_ec" "Tokens are signed with ES384; signingKeyAlgorithm must be EC." "令牌仅使用 ES384 签名，signingKeyAlgorithm 必须为 EC。";
    NoPicture 400 "storage.not_a_picture" "This is no picture that can be read: PNG, JPEG, GIF or WebP, 8192 pixels at most on each side. SVG is not taken, for it can hold scripts." "无法读取该图片：请使用 PNG、JPEG、GIF 或 WebP，每边最多 8192 像素。不支持 SVG，因其可包含脚本。";
    LinkExpired 400 "session.link_expired" "This link was used, or a day has passed. Ask for a new one." "该链接已使用或已过期，请重新获取。";
    LastAdministrator 422 "user.last_administrator" "Nobody else may do everything. Make another administrator first." "没有其他拥有全部权限的管理员，请先添加一位。";
    OwnAccount 422 "user.own_account" "Ask another administrator to remove you." "请由其他管理员移除您的账号。";
    Internal 500 "internal.error" "Something went wrong on our side. Please try again." "服务器出现问题，请稍后重试。";
    Unavailable 503 "internal.unavailable" "The service is busy or restarting. Please try again." "服务繁忙，请稍后重试。";
    AuthorizationHeaderMissing 401 "auth.authorization_header_missing" "The Authorization header is missing." "缺少 Authorization 请求头。";
    AuthorizationTypeNotSupported 401 "auth.authorization_token_type_not_supported" "The Authorization header must hold a Bearer token." "Authorization 类型不受支持。";
    Unauthorized 401 "auth.unauthorized" "The access token is not valid here." "访问令牌无效。";
    Forbidden 403 "auth.forbidden" "This is not allowed." "没有权限执行此操作。";
    SessionNotFound 400 "session.not_found" "This sign-in has expired or was finished. Go back to the application and start again." "登录会话已过期或已完成，请返回应用重新开始。";
    InvalidCredentials 422 "session.invalid_credentials" "The account or the password is not right." "账号或密码不正确。";
    InteractionNotFound 404 "session.interaction_not_found" "Start the sign-in first." "请先开始登录。";
    IdentifierNotFound 404 "session.identifier_not_found" "Prove who you are first." "请先验证身份。";
    VerificationNotFound 404 "session.verification_session_not_found" "This verification was not started here or has expired." "验证不存在或已过期。";
    VerificationFailed 400 "session.verification_failed" "This step is not verified yet." "该步骤尚未通过验证。";
    VerificationBlocked 400 "session.verification_blocked_too_many_attempts" "Too many wrong attempts. Please try again later." "错误次数过多，请稍后再试。";
    NotSupportedForForgotPassword 400 "session.not_supported_for_forgot_password" "A password reset cannot turn into another flow." "重置密码流程不支持此操作。";
    InvalidInteractionType 400 "session.invalid_interaction_type" "This step does not belong to this flow." "该步骤不属于当前流程。";
    IdentityConflict 409 "session.identity_conflict" "This sign-in already belongs to another account." "该登录已关联其他账号。";
    CsrfTokenMismatch 400 "session.csrf_token_mismatch" "This form was not opened from this site. Please reload the page and try again." "表单来源无效，请刷新页面后重试。";
    UserNotExist 404 "user.user_not_exist" "There is no account with this identifier." "该账号不存在。";
    IdentityNotExist 404 "user.identity_not_exist" "No account is linked to this sign-in yet." "该第三方身份尚未关联账号。";
    IdentityInUse 422 "user.identity_already_in_use" "This sign-in belongs to another account." "该第三方身份已关联其他账号。";
    UserSuspended 401 "user.suspended" "This account is suspended." "该账号已被停用。";
    UsernameInUse 422 "user.username_already_in_use" "This username is taken." "该用户名已被使用。";
    EmailInUse 422 "user.email_already_in_use" "This e-mail address already has an account." "该邮箱已注册。";
    PhoneInUse 422 "user.phone_already_in_use" "This phone number already has an account." "该手机号已注册。";
    InvalidEmail 422 "user.invalid_email" "Enter an e-mail address such as name@example.com." "请输入有效的邮箱地址。";
    InvalidPhone 422 "user.invalid_phone" "Enter a phone number with its country code, such as +86 130 1234 5678." "请输入包含国家代码的手机号，例如 +86 130 1234 5678。";
    InvalidUsername 422 "user.username_invalid_charset_hard" "A username has letters, digits and underscores and does not start with a digit." "用户名只能包含字母、数字和下划线，且不能以数字开头。";
    UsernameTooLong 422 "user.username_too_long" "A username has 128 characters at most." "用户名最多 128 个字符。";
    SignInMethodNotEnabled 422 "user.sign_in_method_not_enabled" "This way of signing in is switched off." "该登录方式未启用。";
    MissingProfile 422 "user.missing_profile" "Something is still missing for this account." "账号信息尚不完整。";
    SamePassword 422 "user.same_password" "The new password must differ from the present one." "新密码不能与当前密码相同。";
    NewPasswordRequired 422 "user.new_password_required_in_profile" "Set a new password first." "请先设置新密码。";
    UsernameExistsInProfile 422 "user.username_exists_in_profile" "This account has a username already." "该账号已有用户名。";
    EmailExistsInProfile 422 "user.email_exists_in_profile" "This account has an e-mail address already." "该账号已有邮箱。";
    PhoneExistsInProfile 422 "user.phone_exists_in_profile" "This account has a phone number already." "该账号已有手机号。";
    PasswordExistsInProfile 422 "user.password_exists_in_profile" "This account has a password already." "该账号已有密码。";
    PasswordAlgorithmRequired 400 "user.password_algorithm_required" "passwordAlgorithm is needed with passwordDigest." "导入密码摘要时必须提供 passwordAlgorithm。";
    PasswordAndDigest 400 "user.password_and_digest" "Give either password or passwordDigest." "password 与 passwordDigest 只能提供一个。";
    InvalidRoleType 422 "user.invalid_role_type" "A role for machines cannot be given to a user." "角色类型不匹配。";
    PasswordRejected 422 "password.rejected" "This password is too easy to guess." "密码过于简单。";
    UnsupportedHash 400 "password.unsupported_encryption_method" "passwordAlgorithm must be Argon2i, Argon2id or Bcrypt." "不支持该密码算法。";
    CodeNotFound 400 "verification_code.not_found" "Ask for a code first." "请先获取验证码。";
    CodePhoneMismatch 400 "verification_code.phone_mismatch" "This code was sent to another phone number." "验证码与手机号不匹配。";
    CodeEmailMismatch 400 "verification_code.email_mismatch" "This code was sent to another e-mail address." "验证码与邮箱不匹配。";
    CodeMismatch 400 "verification_code.code_mismatch" "The code is not right. Check it and try again." "验证码不正确，请检查后重试。";
    CodeExpired 400 "verification_code.expired" "The code has expired. Ask for a new one." "验证码已过期，请重新获取。";
    CodeTooManyTries 400 "verification_code.exceed_max_try" "Too many wrong codes. Ask for a new one." "错误次数过多，请重新获取验证码。";
    TooManyRequests 429 "request.too_many_requests" "Too many requests came from your network. Wait a minute, then try again." "来自您网络的请求过多，请稍后重试。";
    MessageRateLimited 429 "request.message_rate_limited" "Too many messages. Please wait before asking for another." "发送过于频繁，请稍后再试。";
    LineTypeNotAllowed 422 "request.line_type_not_allowed" "Messages are not sent to premium-rate, freephone and company numbers. Enter a mobile number." "不支持向付费、免费或企业服务号码发送短信，请填写手机号。";
    CountryNotAllowed 422 "request.country_not_allowed" "Messages to this country are switched off." "暂不支持向该国家或地区发送短信。";
    ConnectorNotFound 501 "connector.not_found" "No connector of this kind is set up." "尚未配置该类型的连接器。";
    ConnectorFactoryNotFound 404 "connector.not_found" "There is no connector factory with this id." "连接器不存在。";
    ConnectorFactoryUnknown 422 "connector.not_found_with_connector_id" "There is no connector factory with this id." "连接器不存在。";
    ConnectorUnexpectedType 400 "connector.unexpected_type" "This connector does not send to this kind of recipient: give phone for SMS, email for e-mail." "连接器类型不匹配。";
    ConnectorInvalidConfig 400 "connector.invalid_config" "The configuration is not valid." "连接器配置无效。";
    ConnectorInvalidResponse 400 "connector.invalid_response" "That did not work just now. Try again in a minute, or use another way." "操作未成功，请稍后重试或使用其他方式。";
    ConnectorTemplateNotFound 400 "connector.template_not_found" "The connector has no template for this message." "未找到消息模板。";
    ConnectorRateLimit 429 "connector.rate_limit_exceeded" "Too many messages went to this number or address. Try again in some minutes, or use another way." "发送过于频繁，请几分钟后重试或使用其他方式。";
    ConnectorGeneral 400 "connector.general" "That did not work. Check what you entered, try again in a minute, or use another way." "操作未成功，请检查输入、稍后重试或使用其他方式。";
    ConnectorUnreachable 502 "connector.unreachable" "That did not work just now. Try again in a minute, or use another way." "操作未成功，请稍后重试或使用其他方式。";
    ConnectorFailed 502 "connector.failed" "That did not work just now. Try again in a minute, or use another way." "操作未成功，请稍后重试或使用其他方式。";
    ConnectorMetadataNotAllowed 400 "connector.cannot_overwrite_metadata_for_non_standard_connector" "metadata cannot be set for this connector." "该连接器不支持自定义元数据。";
    ConnectorStateMismatch 400 "session.connector_validation_session_not_found" "This sign-in was not started here or has expired. Please try again." "登录会话无效或已过期，请重试。";
    ConnectorHostChanged 400 "connector.secrets_required" "The address changed, so enter the secrets again." "服务地址已更改，请重新输入密钥。";
    ConnectorInvalidParameters 400 "connector.invalid_request_parameters" "The connector does not accept this request." "连接器不接受该请求。";
    ConnectorAuthorizationFailed 401 "connector.authorization_failed" "The sign-in was refused or cancelled. Please try again." "授权失败或已取消，请重试。";
    ConnectorAuthCodeInvalid 401 "connector.social_auth_code_invalid" "The sign-in with this provider has expired. Please try again." "第三方登录已过期，请重试。";
    ConnectorAccessTokenInvalid 401 "connector.social_invalid_access_token" "The provider did not confirm who you are. Please try again." "服务商未能确认身份，请重试。";
    ConnectorIdTokenInvalid 401 "connector.social_invalid_id_token" "The provider did not confirm who you are. Please try again." "服务商未能确认身份，请重试。";
    ConnectorNotImplemented 501 "connector.not_implemented" "This connector cannot do this." "该连接器不支持此操作。";
    ConnectorShouldSpecifyTarget 400 "connector.should_specify_target" "metadata.target is needed: the name under which identities of this provider are kept." "必须提供 metadata.target。";
    ConnectorMultipleInstances 422 "connector.multiple_instances_not_supported" "This connector is set up already." "该连接器已存在。";
    ConnectorSameTarget 422 "connector.multiple_target_with_same_platform" "Another connector has this target and platform." "已存在相同目标和平台的连接器。";
    ConnectorTargetFixed 400 "connector.can_not_modify_target" "metadata.target cannot change: identities are kept under it." "不能修改目标。";
    ConnectorTokenStorage 422 "connector.token_storage_not_supported" "The provider's tokens cannot be kept." "不支持令牌存储。";
    ConnectorNotApproved 409 "connector.version_not_approved" "An admin has to approve what this version asks for first." "请先批准该版本。";
    ConnectorVersionServes 409 "connector.version_in_use" "This version is in use. Activate another one, or remove the connectors that are set up with it." "该版本正在使用。";
    ConnectorNoEarlierVersion 409 "connector.no_earlier_version" "There is no version to go back to." "没有可回滚的版本。";
    ConnectorConfigRefused 409 "connector.config_refused" "A stored configuration does not suit this version." "现有配置不适用于该版本。";
    ConnectorTestLimited 429 "connector.test_limit_exceeded" "Too many test messages. Please wait." "测试消息过多，请稍后再试。";
    ConnectorTargetReserved 422 "connector.target_reserved" "This target belongs to an official connector: its identities would sign in here. Choose another one." "该目标属于官方连接器，请选择其他目标。";
    ConnectorIdTaken 422 "connector.id_in_use" "A connector with this id exists already." "已存在该 ID 的连接器。";
    ConnectorFourEyes 409 "connector.approval_by_another" "Somebody else than the one who uploaded it has to approve this version." "该版本必须由上传者以外的人批准。";
    UploadNameReserved 422 "upload.name_reserved" "This name belongs to an official module." "该名称属于官方模块。";
    UploadQuota 409 "upload.quota_exceeded" "There are too many modules or versions. Delete some that are not used." "模块或版本过多，请先删除不再使用的。";
    UploadBusy 429 "upload.busy" "Other uploads are under way. Please try again in a moment." "正在处理其他上传，请稍后重试。";
    UploadTimeout 408 "upload.timeout" "The upload took too long." "上传超时。";
    UploadStorageFull 507 "upload.storage_full" "The disk is full. Delete modules or versions that are not used." "磁盘空间不足，请删除不再使用的模块或版本。";
    UploadFailed 422 "upload.failed" "The component cannot be used." "无法使用该组件。";
    UploadTooLarge 413 "upload.too_large" "The component is larger than allowed." "组件过大。";
    UploadNotAComponent 422 "upload.not_a_component" "This is not a WebAssembly component." "该文件不是 WebAssembly 组件。";
    UploadDamaged 422 "upload.damaged" "The component is damaged." "组件已损坏。";
    UploadInvalid 422 "upload.invalid" "The component is not valid." "组件无效。";
    UploadStructureLimit 422 "upload.structure_limit" "The component is too complex to compile in time." "组件过于复杂。";
    UploadImportRefused 422 "upload.import_refused" "The component asks for something that connectors may not use." "组件使用了不允许的接口。";
    UploadExportMissing 422 "upload.export_missing" "The component lacks something that a connector must have." "组件缺少必需的接口。";
    UploadContractUnsupported 422 "upload.contract_unsupported" "The component was built for another version of the contract." "组件使用的合约版本不受支持。";
    UploadContractMismatch 422 "upload.contract_mismatch" "The component's functions differ in type from the contract's." "组件的接口类型与合约不符。";
    UploadFeatureUndeclared 422 "upload.feature_undeclared" "The component uses a feature that its manifest does not list." "组件使用了未声明的功能。";
    UploadManifestMissing 422 "upload.manifest_missing" "The component has no manifest." "组件缺少清单。";
    UploadManifestInvalid 422 "upload.manifest_invalid" "The component's manifest is not valid." "组件清单无效。";
    UploadCompileFailed 422 "upload.compile_failed" "The component could not be compiled within its limits." "组件编译失败。";
    UploadDescribeFailed 422 "upload.describe_failed" "The component could not describe itself." "组件自述失败。";
    UploadDescribeDiffers 422 "upload.describe_differs" "The component does not describe itself as its manifest says." "组件自述与清单不符。";
    UploadSchemaInvalid 422 "upload.schema_invalid" "The component's configuration schema is not valid." "组件配置模式无效。";
    UploadSampleRefused 422 "upload.sample_refused" "The component refuses its own example configuration." "组件不接受自己的示例配置。";
    UploadKindChanged 422 "upload.kind_changed" "A connector of another kind has this id." "该 ID 属于另一类连接器。";
    UploadNotTrusted 403 "upload.not_trusted" "This server does not accept this component." "服务器不接受该组件。";
    UploadSignatureInvalid 422 "upload.signature_invalid" "The signature is not that of a listed key." "签名无效。";
    DuplicatedSignUpIdentifiers 400 "sign_in_experiences.duplicated_sign_up_identifiers" "signUp.identifiers holds the same identifier twice." "注册标识重复。";
    MissingSignUpIdentifiers 400 "sign_in_experiences.missing_sign_up_identifiers" "signUp.secondaryIdentifiers need a primary identifier in signUp.identifiers." "缺少主要注册标识。";
    PasswordlessRequiresVerify 400 "sign_in_experiences.passwordless_requires_verify" "signUp.verify must be true when people sign up by phone or e-mail." "使用手机号或邮箱注册时必须开启验证。";
    EnabledConnectorNotFound 400 "sign_in_experiences.enabled_connector_not_found" "Set up a connector of this type first." "请先配置对应类型的连接器。";
    AtLeastOneFactor 400 "sign_in_experiences.at_least_one_authentication_factor" "Each entry of signIn.methods needs password or verificationCode." "每种登录方式至少需要一个验证因素。";
    CodeSignInRequired 400 "sign_in_experiences.code_sign_in_must_be_enabled" "signIn.methods: verificationCode must be true when signUp.password is false." "注册不设密码时必须启用验证码登录。";
    ForgotPasswordNeedsConnector 400 "sign_in_experiences.forgot_password_method_requires_connector" "forgotPasswordMethods: set up a connector of this type first." "请先配置找回密码所需的连接器。";
    ResourceInUse 422 "resource.resource_identifier_in_use" "A resource with this indicator exists." "该 API 标识已被使用。";
    ManagementApiFixed 400 "resource.cannot_delete_management_api" "The Management API cannot be deleted or changed." "不能删除或修改管理 API。";
    ScopeExists 422 "scope.name_exists" "A scope with this name exists." "权限名称已存在。";
    ScopeWithSpace 400 "scope.name_with_space" "A scope name holds no spaces." "权限名称不能包含空格。";
    RoleNameInUse 422 "role.name_in_use" "A role with this name exists." "角色名称已存在。";
    RoleNotForUsers 400 "role.management_api_scopes_not_assignable_to_user_role" "Management API scopes can only be given to machine-to-machine roles." "管理 API 权限只能授予机器角色。";
    ApplicationRoleType 422 "application.invalid_role_type" "Only machine-to-machine roles can be given to an application." "应用只能使用机器角色。";
    ApplicationType 422 "application.invalid_type" "Only machine-to-machine applications have roles." "只有机器应用可以拥有角色。";
    SecretNameExists 422 "application.secret_name_exists" "A secret with this name exists." "密钥名称已存在。";
    UnsupportedMediaType 415 "request.unsupported_media_type" "The request body has an unsupported content type." "请求内容类型不受支持。";
    NotFound 404 "request.not_found" "There is nothing at this address." "该地址不存在。";
    MethodNotAllowed 405 "request.method_not_allowed" "This address does not take this method." "该地址不支持此请求方法。";
    TooLarge 413 "request.too_large" "The request is larger than allowed." "请求内容过大。";
}

#[cfg(test)]
mod tests {
    use super::ErrorCode;

    #[test]
    fn every_code_has_a_status_and_two_sentences() {
        for code in ErrorCode::ALL {
            assert!((400..600).contains(&code.status()), "{code:?}");
            assert!(!code.text(false).is_empty() && !code.text(true).is_empty(), "{code:?}");
        }
    }
}
