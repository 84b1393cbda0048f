//! A store that forgets everything when the process ends.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Error, Store, add};

type Pairs = BTreeMap<String, Vec<u8>>;

/// Keys and values in memory.
#[derive(Default)]
pub struct Memory(Mutex<Pairs>);

impl Memory {
    fn pairs(&self) -> MutexGuard<'_, Pairs> {
        // No method leaves the map half changed, so a panic elsewhere does not spoil it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Memory {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.pairs().get(key).cloned())
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), Error> {
        self.pairs().insert(key.to_owned(), value.to_owned());
        Ok(())
    }

    fn delete(&self, key: &str) -> Result<(), Error> {
        self.pairs().remove(key);
        Ok(())
    }

    fn list_keys(&self) -> Result<Vec<String>, Error> {
        Ok(self.pairs().keys().cloned().collect())
    }

    fn get_many(&self, keys: &[String]) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let pairs = self.pairs();
        let found = keys.iter().filter_map(|key| Some((key.clone(), pairs.get(key)?.clone())));
        Ok(found.collect::<Pairs>().into_iter().collect())
    }

    fn set_many(&self, pairs: &[(String, Vec<u8>)]) -> Result<(), Error> {
        self.pairs().extend(pairs.iter().cloned());
        Ok(())
    }

    fn delete_many(&self, keys: &[String]) -> Result<(), Error> {
        let mut pairs = self.pairs();
        keys.iter().for_each(|key| drop(pairs.remove(key)));
        Ok(())
    }

    fn increment(&self, key: &str, delta: i64) -> Result<i64, Error> {
        let mut pairs = self.pairs();
        let value = add(pairs.get(key).map(Vec::as_slice), delta)?;
        pairs.insert(key.to_owned(), value.to_le_bytes().to_vec());
        Ok(value)
    }

    fn swap(&self, key: &str, old: Option<&[u8]>, new: &[u8]) -> Result<bool, Error> {
        let mut pairs = self.pairs();
        let unchanged = old.is_none() || pairs.get(key).map(Vec::as_slice) == old;
        if unchanged {
            pairs.insert(key.to_owned(), new.to_owned());
        }
        Ok(unchanged)
    }

    fn is_slow(&self) -> bool {
        false
    }
}
