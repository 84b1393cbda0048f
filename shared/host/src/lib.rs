//! The adaptor between the gateway's ports and a component host: the only crate that names the SDK or
//! generated bindings.
//!
//! One small module per port, over the standard WASI interface where there is one, so that a build for another
//! component host swaps a module and nothing else. No decisions are made here. Start reading at [`function!`].

#![cfg(target_arch = "wasm32")]

mod clock;
mod config;
mod entry;
mod http;
mod kv;
mod log;
mod memory;
mod random;
mod upstream;

pub use entry::serve;
#[doc(hidden)]
pub use spin_sdk;

/// The host this component runs on; every port is implemented on it.
#[derive(Clone, Copy, Debug)]
pub struct Host;

/// Makes a crate a function: a component whose requests go through the gate to this handler.
#[macro_export]
macro_rules! function {
    ($($handler:ident)::+) => {
        mod component {
            use $crate::spin_sdk::wasip3;

            struct Function;
            wasip3::http::service::export!(Function with_types_in wasip3);

            impl wasip3::exports::http::handler::Guest for Function {
                async fn handle(
                    request: wasip3::http::types::Request,
                ) -> Result<wasip3::http::types::Response, wasip3::http::types::ErrorCode> {
                    // Always an answer: an error here would reach the caller as the host's own text.
                    Ok($crate::serve(env!("CARGO_PKG_NAME"), request, super::$($handler)::+).await)
                }
            }
        }
    };
}
