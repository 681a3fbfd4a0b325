//! Host bindings made from `wit/`: one world that holds every kind of connector.

wasmtime::component::bindgen!({
    path: "../../wit",
    inline: "
        package keyway:server;
        world connector {
            include keyway:connector/sms-connector@1.0.0;
            include keyway:connector/email-connector@1.0.0;
            include keyway:connector/social-token-connector@1.0.0;
        }
    ",
    world: "keyway:server/connector",
    imports: { default: async | trappable },
    exports: { default: async },
});
