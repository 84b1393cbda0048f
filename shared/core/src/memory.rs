//! What an instance remembers from one request to the next, within bounds.

use std::{
    any::{Any, TypeId},
    cell::RefCell,
    collections::{BTreeMap, HashMap},
    fmt,
    hash::Hash,
    rc::Rc,
};

/// One value of each type: an instance's memory.
#[derive(Default)]
pub struct Shelf(RefCell<HashMap<TypeId, Rc<dyn Any>>>);

impl Shelf {
    /// The value of this type, made on first use.
    pub fn recall<T: Default + 'static>(&self) -> Rc<T> {
        let kept = self.0.borrow().get(&TypeId::of::<T>()).cloned();
        if let Some(Ok(kept)) = kept.map(Rc::downcast) {
            return kept;
        }
        let made = Rc::new(T::default());
        self.0.borrow_mut().insert(TypeId::of::<T>(), Rc::clone(&made) as Rc<dyn Any>);
        made
    }
}

impl fmt::Debug for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Shelf({})", self.0.borrow().len())
    }
}

/// A map that forgets what has not been used for the longest time once it weighs too much.
#[derive(Debug)]
pub struct Recent<K, V> {
    entries: HashMap<K, Entry<V>>,
    /// The keys by their last use, so that it takes no search to find the one to forget.
    order: BTreeMap<u64, K>,
    most: usize,
    weight: usize,
    uses: u64,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    weight: usize,
    used: u64,
}

impl<K: Hash + Eq + Clone, V> Recent<K, V> {
    /// A map that may weigh this much.
    pub fn new(most: usize) -> Self {
        Self { entries: HashMap::new(), order: BTreeMap::new(), most, weight: 0, uses: 0 }
    }

    /// The value of a key.
    pub fn get(&mut self, key: &K) -> Option<&V> {
        self.uses += 1;
        let entry = self.entries.get_mut(key)?;
        if let Some(key) = self.order.remove(&entry.used) {
            self.order.insert(self.uses, key);
        }
        entry.used = self.uses;
        Some(&entry.value)
    }

    /// Keeps a value, and forgets others if all weigh too much together.
    pub fn insert(&mut self, key: K, value: V, weight: usize) {
        self.uses += 1;
        let entry = Entry { value, weight: 0, used: self.uses };
        if let Some(old) = self.entries.insert(key.clone(), entry) {
            self.order.remove(&old.used);
            self.weight = self.weight.saturating_sub(old.weight);
        }
        self.order.insert(self.uses, key.clone());
        self.weigh(&key, weight);
    }

    /// Notes that a value weighs something else now.
    pub fn weigh(&mut self, key: &K, weight: usize) {
        let Some(entry) = self.entries.get_mut(key) else { return };
        self.weight = self.weight.saturating_sub(entry.weight).saturating_add(weight);
        entry.weight = weight;
        while self.weight > self.most && self.forget() {}
    }

    fn forget(&mut self) -> bool {
        let oldest = self.order.pop_first();
        let Some(entry) = oldest.and_then(|(_, key)| self.entries.remove(&key)) else { return false };
        self.weight = self.weight.saturating_sub(entry.weight);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn a_shelf_keeps_one_value_of_each_type() {
        let shelf = Shelf::default();
        shelf.recall::<Cell<u32>>().set(7);
        shelf.recall::<Cell<u8>>().set(1);
        assert_eq!(shelf.recall::<Cell<u32>>().get(), 7);
    }

    #[test]
    fn what_was_used_last_is_kept_and_the_weight_holds() {
        let mut recent = Recent::new(3);
        let kept = |recent: &mut Recent<_, _>, key| recent.get(&key) == Some(&key);
        for key in ["a", "b", "c"] {
            recent.insert(key, key, 1);
        }
        assert!(recent.get(&"a").is_some());
        recent.insert("d", "d", 1);
        assert!(kept(&mut recent, "a") && !kept(&mut recent, "b"));
        recent.weigh(&"d", 2);
        assert!(kept(&mut recent, "a") && !kept(&mut recent, "c") && kept(&mut recent, "d"));
        recent.insert("d", "new", 1);
        recent.insert("huge", "huge", 4);
        assert!(!kept(&mut recent, "huge"), "what is too heavy is not kept");
        assert_eq!((recent.entries.len(), recent.order.len(), recent.weight), (0, 0, 0));
    }
}
