//! The macros that make a component of a type.

#[doc(hidden)]
#[macro_export]
macro_rules! __export_common {
    ($connector:ty, $world:ident) => {
        impl $crate::bindings::$world::exports::keyway::connector::meta::Guest for __KeywayExports {
            fn describe() -> String {
                $crate::__private::describe::<$connector>()
            }
        }
        impl $crate::bindings::$world::exports::keyway::connector::config::Guest for __KeywayExports {
            fn validate(config: String) -> Result<(), $crate::__private::WireFailure> {
                $crate::__private::validate::<$connector>(&config)
            }
        }
        // A native build, for unit tests, exports nothing but still checks and uses the code.
        #[cfg(not(target_arch = "wasm32"))]
        const _: fn() -> String = $crate::__private::describe::<$connector>;
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __export_social {
    ($connector:ty, $world:ident) => {
        $crate::__export_common!($connector, $world);
        impl $crate::bindings::$world::exports::keyway::connector::social::Guest for __KeywayExports {
            fn authorization_uri(
                config: String,
                start: $crate::bindings::$world::exports::keyway::connector::social::Start,
            ) -> Result<String, $crate::__private::WireFailure> {
                let start = $crate::Start {
                    state: start.state,
                    redirect_uri: start.redirect_uri,
                    connector_id: start.connector_id,
                    user_agent: start.user_agent,
                    scope: start.scope,
                };
                $crate::__private::authorization_uri::<$connector>(&config, &start)
            }
            fn user_info(config: String, callback: String) -> Result<String, $crate::__private::WireFailure> {
                $crate::__private::user_info::<$connector>(&config, &callback)
            }
        }
        #[cfg(not(target_arch = "wasm32"))]
        const _: fn(&str, &str) -> Result<String, $crate::__private::WireFailure> =
            $crate::__private::user_info::<$connector>;
    };
}

/// Exports a type that implements [`Sms`](crate::Sms) as a component.
#[macro_export]
macro_rules! export_sms {
    ($connector:ty) => {
        #[doc(hidden)]
        struct __KeywayExports;
        $crate::__export_common!($connector, sms);
        impl $crate::bindings::sms::exports::keyway::connector::sms::Guest for __KeywayExports {
            fn send(
                config: String,
                message: $crate::__private::WireMessage,
            ) -> Result<String, $crate::__private::WireFailure> {
                $crate::__private::send_sms::<$connector>(&config, message)
            }
        }
        #[cfg(not(target_arch = "wasm32"))]
        const _: $crate::__private::SendFn = $crate::__private::send_sms::<$connector>;
        #[cfg(target_arch = "wasm32")]
        $crate::bindings::sms::export_world!(__KeywayExports with_types_in $crate::bindings::sms);
    };
}

/// Exports a type that implements [`Email`](crate::Email) as a component.
#[macro_export]
macro_rules! export_email {
    ($connector:ty) => {
        #[doc(hidden)]
        struct __KeywayExports;
        $crate::__export_common!($connector, email);
        impl $crate::bindings::email::exports::keyway::connector::email::Guest for __KeywayExports {
            fn send(
                config: String,
                message: $crate::__private::WireMessage,
            ) -> Result<String, $crate::__private::WireFailure> {
                $crate::__private::send_email::<$connector>(&config, message)
            }
        }
        #[cfg(not(target_arch = "wasm32"))]
        const _: $crate::__private::SendFn = $crate::__private::send_email::<$connector>;
        #[cfg(target_arch = "wasm32")]
        $crate::bindings::email::export_world!(__KeywayExports with_types_in $crate::bindings::email);
    };
}

/// Exports a type that implements [`Social`](crate::Social) as a component.
#[macro_export]
macro_rules! export_social {
    ($connector:ty) => {
        #[doc(hidden)]
        struct __KeywayExports;
        $crate::__export_social!($connector, social);
        #[cfg(not(target_arch = "wasm32"))]
        const _: $crate::__private::StartFn = $crate::__private::authorization_uri::<$connector>;
        #[cfg(target_arch = "wasm32")]
        $crate::bindings::social::export_world!(__KeywayExports with_types_in $crate::bindings::social);
    };
}

/// Exports a type that implements [`SocialTokens`](crate::SocialTokens) as a component.
#[macro_export]
macro_rules! export_social_tokens {
    ($connector:ty) => {
        #[doc(hidden)]
        struct __KeywayExports;
        $crate::__export_social!($connector, social_tokens);
        impl $crate::bindings::social_tokens::exports::keyway::connector::social_tokens::Guest for __KeywayExports {
            fn tokens_and_user_info(
                config: String,
                callback: String,
            ) -> Result<String, $crate::__private::WireFailure> {
                $crate::__private::tokens_and_user_info::<$connector>(&config, &callback)
            }
            fn refresh(config: String, refresh_token: String) -> Result<String, $crate::__private::WireFailure> {
                $crate::__private::refresh::<$connector>(&config, &refresh_token)
            }
        }
        #[cfg(not(target_arch = "wasm32"))]
        const _: $crate::__private::StartFn = $crate::__private::authorization_uri::<$connector>;
        #[cfg(not(target_arch = "wasm32"))]
        const _: [fn(&str, &str) -> Result<String, $crate::__private::WireFailure>; 2] =
            [$crate::__private::tokens_and_user_info::<$connector>, $crate::__private::refresh::<$connector>];
        #[cfg(target_arch = "wasm32")]
        $crate::bindings::social_tokens::export_world!(
            __KeywayExports with_types_in $crate::bindings::social_tokens
        );
    };
}
