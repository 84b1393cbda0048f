//! What every key-value store must do. Run it on each of them; it panics where one differs.

use cockpit_core::ports::Kv;
use futures_lite::future;

/// Checks one store. `prefix` keeps the keys of one run apart from those of another.
pub async fn kv(kv: &impl Kv, prefix: &str) {
    values(kv, &format!("{prefix}/value")).await;
    counters(kv, &format!("{prefix}/counter")).await;
    concurrent_increments_are_all_counted(kv, &format!("{prefix}/shared")).await;
}

async fn values(kv: &impl Kv, key: &str) {
    assert_eq!(kv.get(key).await.unwrap(), None, "an absent key has no value");
    kv.delete(key).await.unwrap();
    for value in [&b"first"[..], b"", b"\0\xff"] {
        kv.set(key, value).await.unwrap();
        assert_eq!(kv.get(key).await.unwrap().as_deref(), Some(value), "a set value is read back");
    }
    kv.delete(key).await.unwrap();
    assert_eq!(kv.get(key).await.unwrap(), None, "a deleted key has no value");
}

async fn counters(kv: &impl Kv, key: &str) {
    assert_eq!(kv.increment(key, 0).await.unwrap(), 0, "an absent counter is 0");
    assert_eq!(kv.increment(key, 5).await.unwrap(), 5);
    assert_eq!(kv.increment(key, -7).await.unwrap(), -2, "counters may go below 0");
    assert_eq!(kv.increment(key, 0).await.unwrap(), -2, "adding 0 reads a counter");
}

async fn concurrent_increments_are_all_counted(kv: &impl Kv, key: &str) {
    let add = || async {
        for _ in 0..50 {
            kv.increment(key, 1).await.unwrap();
        }
    };
    future::zip(future::zip(add(), add()), future::zip(add(), add())).await;
    assert_eq!(kv.increment(key, 0).await.unwrap(), 200, "no increment is lost");
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_fake_keeps_the_contract() {
        crate::run(super::kv(&crate::MemoryKv::default(), "test"));
    }
}
