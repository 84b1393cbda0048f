//! The way from a component to the store: faults on demand, counting, and the right thread.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::kv::{Error, Store};

/// A kind of operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Get,
    Exists,
    GetMany,
    ListKeys,
    Set,
    Delete,
    SetMany,
    DeleteMany,
    Increment,
    Swap,
}

impl Kind {
    pub(crate) const fn is_write(self) -> bool {
        match self {
            Self::Get | Self::Exists | Self::GetMany | Self::ListKeys => false,
            Self::Set | Self::Delete | Self::SetMany => true,
            Self::DeleteMany | Self::Increment | Self::Swap => true,
        }
    }

    /// A read of one key takes microseconds; moving it to another thread would take longer.
    const fn is_brief(self) -> bool {
        matches!(self, Self::Get | Self::Exists)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Exists => "exists",
            Self::GetMany => "get-many",
            Self::ListKeys => "list-keys",
            Self::Set => "set",
            Self::Delete => "delete",
            Self::SetMany => "set-many",
            Self::DeleteMany => "delete-many",
            Self::Increment => "increment",
            Self::Swap => "swap",
        }
    }
}

type Totals = BTreeMap<(String, Kind), u64>;

/// The store and how it is watched.
pub(crate) struct Keyvalue {
    store: Arc<dyn Store>,
    /// While this file exists, every operation fails.
    fault: Option<PathBuf>,
    totals: Option<Mutex<Totals>>,
    /// Whose write it is: first come, first served, and none waits on a thread.
    turn: tokio::sync::Mutex<()>,
}

impl Keyvalue {
    pub(crate) fn new(store: Arc<dyn Store>, fault: Option<PathBuf>, count: bool) -> Self {
        Self { store, fault, totals: count.then(Mutex::default), turn: tokio::sync::Mutex::default() }
    }

    /// Whether operations are counted.
    pub(crate) fn counts(&self) -> bool {
        self.totals.is_some()
    }

    /// Runs `work` where it may block.
    pub(crate) async fn run<R: Send + 'static>(
        &self,
        kind: Kind,
        component: &str,
        work: impl FnOnce(&dyn Store) -> Result<R, Error> + Send + 'static,
    ) -> Result<R, Error> {
        self.count(kind, component);
        if self.fault.as_ref().is_some_and(|file| file.exists()) {
            return Err(Error::Store("store failure injected".to_owned()));
        }
        if kind.is_brief() || !self.store.is_slow() {
            return work(&*self.store);
        }
        let _turn = if kind.is_write() { Some(self.turn.lock().await) } else { None };
        let store = Arc::clone(&self.store);
        tokio::task::spawn_blocking(move || work(&*store))
            .await
            .unwrap_or_else(|error| Err(Error::Store(error.to_string())))
    }

    fn count(&self, kind: Kind, component: &str) {
        if let Some(totals) = &self.totals {
            let mut totals = totals.lock().unwrap_or_else(PoisonError::into_inner);
            let total = totals.entry((component.to_owned(), kind)).or_default();
            *total = total.saturating_add(1);
        }
    }

    /// Operations since the start, as `{"<component>":{"<kind>":<count>}}`.
    pub(crate) fn totals(&self) -> serde_json::Value {
        let mut report = serde_json::Map::new();
        let totals = self.totals.as_ref().map(|t| t.lock().unwrap_or_else(PoisonError::into_inner));
        for ((component, kind), total) in totals.iter().flat_map(|totals| totals.iter()) {
            let kinds = report.entry(component).or_insert_with(|| serde_json::json!({}));
            if let Some(kinds) = kinds.as_object_mut() {
                kinds.insert(kind.name().to_owned(), (*total).into());
            }
        }
        report.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kv::Memory;

    fn run(keyvalue: &Keyvalue, kind: Kind) -> Result<Option<Vec<u8>>, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(keyvalue.run(kind, "push", |store| store.get("k")))
    }

    #[test]
    fn operations_fail_exactly_while_the_fault_file_exists() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("fault");
        let keyvalue = Keyvalue::new(Arc::new(Memory::default()), Some(file.clone()), false);
        assert_eq!(run(&keyvalue, Kind::Get), Ok(None));
        std::fs::write(&file, "").unwrap();
        let injected = Error::Store("store failure injected".to_owned());
        assert_eq!(run(&keyvalue, Kind::Get), Err(injected));
        std::fs::remove_file(&file).unwrap();
        assert_eq!(run(&keyvalue, Kind::Get), Ok(None));
    }

    #[test]
    fn operations_are_counted_by_component_and_kind_on_demand() {
        let keyvalue = Keyvalue::new(Arc::new(Memory::default()), None, true);
        for kind in [Kind::Get, Kind::Get, Kind::Increment] {
            run(&keyvalue, kind).unwrap();
        }
        let want = serde_json::json!({ "push": { "get": 2, "increment": 1 } });
        assert_eq!(keyvalue.totals(), want);
        let silent = Keyvalue::new(Arc::new(Memory::default()), None, false);
        run(&silent, Kind::Get).unwrap();
        assert_eq!(silent.totals(), serde_json::json!({}));
    }
}
