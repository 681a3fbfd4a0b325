//! Guest bindings of the world `social-token-connector`, made from `wit/`. Each world has a crate of its own because its exporting macros
//! share their names with the others'.

wit_bindgen::generate!({
    path: "../../../../wit",
    world: "keyway:connector/social-token-connector",
    with: {
        "keyway:host/log@1.0.0": keyway_connector_imports::keyway::host::log,
        "keyway:host/clock@1.0.0": keyway_connector_imports::keyway::host::clock,
        "keyway:host/random@1.0.0": keyway_connector_imports::keyway::host::random,
        "keyway:host/crypto@1.0.0": keyway_connector_imports::keyway::host::crypto,
        "keyway:host/http@1.0.0": keyway_connector_imports::keyway::host::http,
        "keyway:host/cache@1.0.0": keyway_connector_imports::keyway::host::cache,
        "keyway:host/session@1.0.0": keyway_connector_imports::keyway::host::session,
        "keyway:connector/types@1.0.0": keyway_connector_imports::keyway::connector::types,
    },
    generate_all,
    pub_export_macro: true,
    default_bindings_module: "keyway_connector::bindings::social_tokens",
    export_macro_name: "export_world",
});
