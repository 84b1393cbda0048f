//! What `wit/` says, as Rust traits.

#![allow(missing_docs, reason = "generated code")]

wasmtime::component::bindgen!({
    path: "wit",
    world: "cockpit:runtime/imports",
    // With access to the store, because an operation is attributed to the request that asks for it.
    imports: { default: async | store | trappable },
    with: {
        "wasi:keyvalue/store.bucket": crate::host::keyvalue::Bucket,
        "wasi:keyvalue/atomics.cas": crate::host::keyvalue::Cas,
    },
});
