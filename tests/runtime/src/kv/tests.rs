use std::path::Path;
use std::sync::{Arc, Barrier};
use std::thread;

use super::{Error, Memory, Sqlite, Store};

/// Runs `check` on a fresh store of each kind.
fn on_both(check: impl Fn(Arc<dyn Store>)) {
    let folder = tempfile::tempdir().unwrap();
    check(Arc::new(Memory::default()));
    check(Arc::new(open(folder.path())));
}

fn open(folder: &Path) -> Sqlite {
    Sqlite::open(&folder.join("kv.db")).unwrap()
}

fn count(store: &dyn Store, times: u8) {
    for _ in 0..times {
        store.increment("n", 1).unwrap();
    }
}

fn strings(keys: &[&str]) -> Vec<String> {
    keys.iter().map(|key| (*key).to_owned()).collect()
}

fn pair(key: &str, value: &[u8]) -> (String, Vec<u8>) {
    (key.to_owned(), value.to_owned())
}

#[test]
fn what_was_set_is_read_until_it_is_deleted() {
    on_both(|store| {
        assert_eq!(store.get("k"), Ok(None));
        assert_eq!(store.exists("k"), Ok(false));
        for value in [b"one".as_slice(), b"", b"\x00\xff"] {
            store.set("k", value).unwrap();
            assert_eq!(store.get("k"), Ok(Some(value.to_owned())));
        }
        assert_eq!(store.exists("k"), Ok(true));
        store.delete("k").unwrap();
        store.delete("k").unwrap();
        assert_eq!(store.get("k"), Ok(None));
    });
}

#[test]
fn keys_are_listed_and_told_apart_by_their_bytes() {
    on_both(|store| {
        for key in ["b", "a", "A", "a ", "ä", ""] {
            store.set(key, key.as_bytes()).unwrap();
        }
        assert_eq!(store.list_keys().unwrap(), ["", "A", "a", "a ", "b", "ä"]);
        assert_eq!(store.get("a "), Ok(Some(b"a ".to_vec())));
    });
}

#[test]
fn many_keys_are_set_read_and_deleted_at_once() {
    on_both(|store| {
        store.set_many(&[pair("a", b"1"), pair("b", b"2"), pair("a", b"3")]).unwrap();
        let found = store.get_many(&strings(&["b", "absent", "a", "a"])).unwrap();
        assert_eq!(found, [pair("a", b"3"), pair("b", b"2")]);
        store.delete_many(&strings(&["a", "absent"])).unwrap();
        assert_eq!(store.list_keys().unwrap(), ["b"]);
    });
}

#[test]
fn a_counter_starts_at_zero_and_is_eight_bytes_little_endian() {
    on_both(|store| {
        assert_eq!(store.increment("n", 258), Ok(258));
        assert_eq!(store.get("n"), Ok(Some(vec![2, 1, 0, 0, 0, 0, 0, 0])));
        assert_eq!(store.increment("n", -300), Ok(-42));
        assert_eq!(store.increment("n", 0), Ok(-42));
    });
}

#[test]
fn a_value_that_is_not_a_counter_is_refused_and_left_alone() {
    on_both(|store| {
        for value in [b"".as_slice(), b"1234567", b"123456789"] {
            store.set("k", value).unwrap();
            assert_eq!(store.increment("k", 1), Err(Error::NotACounter));
            assert_eq!(store.get("k"), Ok(Some(value.to_owned())));
        }
        store.set("max", &i64::MAX.to_le_bytes()).unwrap();
        assert_eq!(store.increment("max", 1), Err(Error::Overflow));
        assert_eq!(store.increment("other", 1), Ok(1));
    });
}

#[test]
fn a_swap_needs_the_value_it_was_told() {
    on_both(|store| {
        assert_eq!(store.swap("k", Some(b"x"), b"y"), Ok(false));
        assert_eq!(store.swap("k", None, b"one"), Ok(true));
        assert_eq!(store.swap("k", Some(b"other"), b"two"), Ok(false));
        assert_eq!(store.swap("k", Some(b"one"), b"two"), Ok(true));
        assert_eq!(store.get("k"), Ok(Some(b"two".to_vec())));
    });
}

#[test]
fn a_swap_that_expects_nothing_overwrites_as_in_spin() {
    on_both(|store| {
        store.set("k", b"one").unwrap();
        assert_eq!(store.swap("k", None, b"two"), Ok(true));
    });
}

#[test]
fn no_increment_of_many_threads_is_lost() {
    on_both(|store| {
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| count(&*store, 50));
            }
        });
        assert_eq!(store.increment("n", 0), Ok(400));
    });
}

#[test]
fn no_increment_of_two_stores_on_one_file_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| count(&open(folder.path()), 100));
        }
    });
    assert_eq!(open(folder.path()).increment("n", 0), Ok(200));
}

#[test]
fn many_may_open_a_new_file_at_once() {
    for _ in 0..20 {
        let (folder, gate) = (tempfile::tempdir().unwrap(), Barrier::new(8));
        let open = || {
            gate.wait();
            count(&open(folder.path()), 1);
        };
        thread::scope(|scope| (0..8).for_each(|_| drop(scope.spawn(open))));
    }
}

#[test]
fn a_read_sees_the_write_before_it() {
    on_both(|store| {
        for value in 0..100_u8 {
            store.set("k", &[value]).unwrap();
            assert_eq!(store.get("k"), Ok(Some(vec![value])));
        }
    });
}

#[test]
fn a_store_in_a_file_outlives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path());
    first.set("k", b"v").unwrap();
    // A process that is killed closes nothing.
    std::mem::forget(first);
    assert_eq!(open(folder.path()).get("k"), Ok(Some(b"v".to_vec())));
}
