//! Guest bindings of what the server offers, made from `wit/`; `keyway-connector` wraps them.

wit_bindgen::generate!({
    path: "../../../../wit",
    inline: "
        package keyway:sdk;
        world imports {
            import keyway:host/log@1.0.0;
            import keyway:host/clock@1.0.0;
            import keyway:host/random@1.0.0;
            import keyway:host/crypto@1.0.0;
            import keyway:host/http@1.0.0;
            import keyway:host/cache@1.0.0;
            import keyway:host/session@1.0.0;
            import keyway:host/smtp@1.0.0;
            import keyway:connector/types@1.0.0;
        }
    ",
    world: "keyway:sdk/imports",
    generate_all,
});
