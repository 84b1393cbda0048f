//! Pushes that go on one operation of the store at a time.

use cockpit_fake::step;
use std::pin::Pin;

/// A push under way.
pub(super) type Task<'t, T> = Pin<Box<dyn Future<Output = T> + 't>>;

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
