//! Host bindings made from `wit/`.

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "sms-connector",
    imports: { default: async | trappable },
    exports: { default: async },
});
