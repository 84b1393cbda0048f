//! Pushes that go on one operation of the store at a time.

use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
};

/// A push under way.
pub(super) type Task<'t, T> = Pin<Box<dyn Future<Output = T> + 't>>;

/// Has it go on by an operation; gives what came of it, if it ends.
pub(super) fn step<T>(task: &mut Task<'_, T>) -> Option<T> {
    match task.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

/// Runs all of them, each one operation at a time, in turn.
pub(super) fn together<'t, T>(tasks: impl IntoIterator<Item = Task<'t, T>>) -> Vec<T> {
    let mut tasks: Vec<_> = tasks.into_iter().map(Some).collect();
    let mut results = Vec::new();
    while tasks.iter().any(Option::is_some) {
        for place in &mut tasks {
            if let Some(result) = place.as_mut().and_then(step) {
                results.push(result);
                *place = None;
            }
        }
    }
    results
}
