//! `wasi:config/store`: the component's variables.

use wasmtime::component::Access;

use super::{Own, State};
use crate::bindings::wasi::config::store::{Error, Host, HostWithStore};
use crate::variables::Value;

impl Host for State {}

impl<T: Send + 'static> HostWithStore<T> for Own {
    async fn get(mut access: Access<'_, T, Self>, key: String) -> wasmtime::Result<Result<Option<String>, Error>> {
        let variables = &access.get().profile.component.variables;
        Ok(Ok(variables.get(&key).map(|value| value.reveal().to_owned())))
    }

    async fn get_all(mut access: Access<'_, T, Self>) -> wasmtime::Result<Result<Vec<(String, String)>, Error>> {
        let variables = &access.get().profile.component.variables;
        let pair = |(name, value): (&String, &Value)| (name.clone(), value.reveal().to_owned());
        Ok(Ok(variables.iter().map(pair).collect()))
    }
}
