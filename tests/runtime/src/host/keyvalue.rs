//! `wasi:keyvalue`: the component's store, as far as it was granted.

mod gate;

pub(crate) use gate::Keyvalue;

use std::sync::Arc;

use wasmtime::AsContextMut as _;
use wasmtime::component::{Access, Accessor, Resource};

use super::{Own, State};
use crate::bindings::wasi::keyvalue::{atomics, batch, store};
use crate::kv::{self, Store};
use gate::Kind;
use store::{Error, KeyResponse};

/// An open store; there is only one.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Bucket;

/// A compare-and-swap in progress.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Cas {
    key: String,
    /// What `current` last returned.
    seen: Option<Vec<u8>>,
}

/// An outcome for the component, inside one for the host.
type Answer<R> = wasmtime::Result<Result<R, Error>>;

/// Runs `work` on the store, on behalf of the request that asks for it.
async fn operate<T: Send + 'static, R: Send + 'static>(
    access: &mut Access<'_, T, Own>,
    kind: Kind,
    work: impl FnOnce(&dyn Store) -> Result<R, kv::Error> + Send + 'static,
) -> Answer<R> {
    let profile = Arc::clone(&access.get().profile);
    if profile.keyvalue.counts() {
        // The last of the call stack is the task that serves the request.
        let task = access.as_context_mut().async_call_stack()?.last();
        if let Some(request) = task.and_then(|task| access.get().request(task)) {
            request.count(kind.is_write());
        }
    }
    let outcome = profile.keyvalue.run(kind, &profile.component.id, work).await;
    Ok(outcome.map_err(|error| Error::Other(error.to_string())))
}

impl store::Host for State {}
impl store::HostBucket for State {}
impl atomics::Host for State {}
impl atomics::HostCas for State {}
impl batch::Host for State {}

impl<T: Send + 'static> store::HostWithStore<T> for Own {
    async fn open(mut access: Access<'_, T, Self>, label: String) -> Answer<Resource<Bucket>> {
        let state = access.get();
        if !state.profile.component.stores.contains(&label) {
            return Ok(Err(Error::AccessDenied));
        }
        Ok(Ok(state.table.push(Bucket)?))
    }
}

impl<T: Send + 'static> store::HostBucketWithStore<T> for Own {
    async fn get(mut access: Access<'_, T, Self>, _: Resource<Bucket>, key: String) -> Answer<Option<Vec<u8>>> {
        operate(&mut access, Kind::Get, move |store| store.get(&key)).await
    }

    async fn set(mut access: Access<'_, T, Self>, _: Resource<Bucket>, key: String, value: Vec<u8>) -> Answer<()> {
        operate(&mut access, Kind::Set, move |store| store.set(&key, &value)).await
    }

    async fn delete(mut access: Access<'_, T, Self>, _: Resource<Bucket>, key: String) -> Answer<()> {
        operate(&mut access, Kind::Delete, move |store| store.delete(&key)).await
    }

    async fn exists(mut access: Access<'_, T, Self>, _: Resource<Bucket>, key: String) -> Answer<bool> {
        operate(&mut access, Kind::Exists, move |store| store.exists(&key)).await
    }

    async fn list_keys(
        mut access: Access<'_, T, Self>,
        _: Resource<Bucket>,
        cursor: Option<String>,
    ) -> Answer<KeyResponse> {
        if cursor.is_some() {
            return Ok(Err(Error::Other("list-keys: cursors are not supported".to_owned())));
        }
        let keys = operate(&mut access, Kind::ListKeys, |store| store.list_keys()).await?;
        Ok(keys.map(|keys| KeyResponse { keys, cursor: None }))
    }

    async fn drop(accessor: &Accessor<T, Self>, bucket: Resource<Bucket>) -> wasmtime::Result<()> {
        accessor.with(|mut access| access.get().table.delete(bucket))?;
        Ok(())
    }
}

impl<T: Send + 'static> batch::HostWithStore<T> for Own {
    async fn get_many(
        mut access: Access<'_, T, Self>,
        _: Resource<Bucket>,
        keys: Vec<String>,
    ) -> Answer<Vec<(String, Option<Vec<u8>>)>> {
        let pairs = operate(&mut access, Kind::GetMany, move |store| store.get_many(&keys)).await?;
        // As in Spin's default store, a key without a value is left out.
        let some = |(key, value)| (key, Some(value));
        Ok(pairs.map(|pairs| pairs.into_iter().map(some).collect()))
    }

    async fn set_many(
        mut access: Access<'_, T, Self>,
        _: Resource<Bucket>,
        pairs: Vec<(String, Vec<u8>)>,
    ) -> Answer<()> {
        operate(&mut access, Kind::SetMany, move |store| store.set_many(&pairs)).await
    }

    async fn delete_many(mut access: Access<'_, T, Self>, _: Resource<Bucket>, keys: Vec<String>) -> Answer<()> {
        operate(&mut access, Kind::DeleteMany, move |store| store.delete_many(&keys)).await
    }
}

impl<T: Send + 'static> atomics::HostWithStore<T> for Own {
    async fn increment(mut access: Access<'_, T, Self>, _: Resource<Bucket>, key: String, delta: i64) -> Answer<i64> {
        operate(&mut access, Kind::Increment, move |store| store.increment(&key, delta)).await
    }

    async fn swap(
        mut access: Access<'_, T, Self>,
        cas: Resource<Cas>,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), atomics::CasError>> {
        let Cas { key, seen } = access.get().table.delete(cas)?;
        let retry = key.clone();
        let outcome = operate(&mut access, Kind::Swap, move |store| {
            if store.swap(&key, seen.as_deref(), &value)? {
                return Ok(None);
            }
            Ok(Some(store.get(&key)?))
        });
        match outcome.await? {
            Ok(None) => Ok(Ok(())),
            Ok(Some(seen)) => {
                let cas = Cas { key: retry, seen };
                let cas = access.get().table.push(cas)?;
                Ok(Err(atomics::CasError::CasFailed(cas)))
            }
            Err(error) => Ok(Err(atomics::CasError::StoreError(error))),
        }
    }
}

impl<T: Send + 'static> atomics::HostCasWithStore<T> for Own {
    async fn new(mut access: Access<'_, T, Self>, _: Resource<Bucket>, key: String) -> Answer<Resource<Cas>> {
        Ok(Ok(access.get().table.push(Cas { key, seen: None })?))
    }

    async fn current(mut access: Access<'_, T, Self>, cas: Resource<Cas>) -> Answer<Option<Vec<u8>>> {
        let key = access.get().table.get(&cas)?.key.clone();
        let value = operate(&mut access, Kind::Get, move |store| store.get(&key)).await?;
        if let Ok(value) = &value {
            access.get().table.get_mut(&cas)?.seen.clone_from(value);
        }
        Ok(value)
    }

    async fn drop(accessor: &Accessor<T, Self>, cas: Resource<Cas>) -> wasmtime::Result<()> {
        accessor.with(|mut access| access.get().table.delete(cas))?;
        Ok(())
    }
}
