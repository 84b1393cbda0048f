//! `wasi:http/client`: what a component sends, on behalf of the request that it serves.

use wasmtime::AsContextMut as _;
use wasmtime::component::{Accessor, HasData, Resource};
use wasmtime_wasi::TrappableError;
use wasmtime_wasi_http::p3::bindings::http::client::HostWithStore;
use wasmtime_wasi_http::p3::bindings::http::types::ErrorCode;
use wasmtime_wasi_http::p3::{Request, Response};
use wasmtime_wasi_http::{WasiHttp, WasiHttpCtxView, WasiHttpView as _};

use super::State;
use crate::outbound::CALLER;

/// Selects what `wasi:http` keeps as the data of [`HostWithStore::send`].
pub(crate) struct Client;

impl HasData for Client {
    type Data<'a> = WasiHttpCtxView<'a>;
}

impl HostWithStore<State> for Client {
    async fn send(
        accessor: &Accessor<State, Self>,
        request: Resource<Request>,
    ) -> Result<Resource<Response>, TrappableError<ErrorCode>> {
        let caller = accessor.with(|mut access| {
            let mut store = access.as_context_mut();
            // The last of the call stack is the task that serves the request.
            let task = store.async_call_stack().ok()?.last()?;
            store.data().request(task)
        });
        let accessor = accessor.with_getter::<WasiHttp>(State::http);
        CALLER.scope(caller, WasiHttp::send(&accessor, request)).await
    }
}
