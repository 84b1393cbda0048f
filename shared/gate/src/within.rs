//! Waiting, but not for ever.

use cockpit_core::ports::Timer;
use futures_lite::future::or;
use std::time::Duration;

/// What a future comes to in this time; `None` if it is not there yet, and then it is dropped.
pub(crate) async fn within<T>(timer: &impl Timer, time: Duration, future: impl Future<Output = T>) -> Option<T> {
    let late = async {
        timer.pause(time).await;
        None
    };
    or(async { Some(future.await) }, late).await
}
