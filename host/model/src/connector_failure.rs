//! The failures that a connector may report, by the codes of the contract.

use crate::ErrorCode;

macro_rules! kinds {
    ($($name:ident $word:literal $error:ident $sentence:literal;)*) => {
        /// What went wrong at the provider.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum FailureKind {
            $(#[doc = $sentence] $name,)*
        }

        impl FailureKind {
            /// The kind of a reported code; one that is not known counts as general.
            pub fn from_code(code: &str) -> Self {
                match code { $($word => Self::$name,)* _ => Self::General }
            }

            /// What a caller of the API is answered.
            pub fn error_code(self) -> ErrorCode {
                match self { $(Self::$name => ErrorCode::$error,)* }
            }
        }
    };
}

kinds! {
    General "general" ConnectorGeneral "The provider refused, for a reason of its own.";
    RateLimit "rate-limit-exceeded" ConnectorRateLimit "The provider limits sends to this recipient or account.";
    UsageLimit "usage-limit-exceeded" ConnectorRateLimit "The account's allowance is used up.";
    InvalidConfig "invalid-config" ConnectorInvalidConfig "The configuration cannot work.";
    InvalidResponse "invalid-response" ConnectorInvalidResponse "The provider's answer is not its protocol.";
    InvalidParameters "invalid-request-parameters" ConnectorInvalidParameters "A parameter of the message or the callback is wrong.";
    TemplateNotFound "template-not-found" ConnectorTemplateNotFound "There is no template for this usage and no general one.";
    Unreachable "unreachable" ConnectorUnreachable "The provider could not be reached in time.";
    AuthorizationFailed "authorization-failed" ConnectorAuthorizationFailed "The user or the provider refused the sign-in.";
    AuthCodeInvalid "social-auth-code-invalid" ConnectorAuthCodeInvalid "The authorization code was not accepted.";
    AccessTokenInvalid "social-invalid-access-token" ConnectorAccessTokenInvalid "The access token was not accepted.";
    IdTokenInvalid "social-invalid-id-token" ConnectorIdTokenInvalid "The ID token is not valid.";
    NotImplemented "not-implemented" ConnectorNotImplemented "The connector cannot do this.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_failure_counts_as_general() {
        assert_eq!(FailureKind::from_code("unreachable"), FailureKind::Unreachable);
        assert_eq!(FailureKind::from_code("usage-limit-exceeded").error_code(), ErrorCode::ConnectorRateLimit);
        for unknown in ["", "Unreachable", "provider-on-holiday"] {
            assert_eq!(FailureKind::from_code(unknown).error_code(), ErrorCode::ConnectorGeneral, "{unknown}");
        }
    }
}
