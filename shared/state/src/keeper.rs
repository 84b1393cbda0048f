//! What others keep of what is kept here.

use crate::Token;
use cockpit_core::{ports::StoreError, project::ProjectId};

/// Whoever keeps things of Cockpits and of tokens. They go before what they are of is gone, so that a call that dies on
/// the way is finished by the next.
#[expect(async_fn_in_trait, reason = "components and tests run on one thread; no bound is missed")]
pub trait Keeper {
    /// Forgets what is of a token.
    async fn forget_token(&self, token: &Token) -> Result<(), StoreError>;
    /// Forgets what is of a project's activation of this number.
    async fn forget_cockpit(&self, project: ProjectId, epoch: u64) -> Result<(), StoreError>;
}

/// Nobody keeps anything.
impl Keeper for () {
    async fn forget_token(&self, _token: &Token) -> Result<(), StoreError> {
        Ok(())
    }

    async fn forget_cockpit(&self, _project: ProjectId, _epoch: u64) -> Result<(), StoreError> {
        Ok(())
    }
}
