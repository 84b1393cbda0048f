//! What meters keep of Cockpits and of tokens goes with them.

use cockpit_core::{
    ProjectId,
    ports::{Clock, Config, Kv, StoreError},
};
use cockpit_quota::{Locations, Signal, settings};
use cockpit_state::{Keeper, Token, budgets};

/// The meters, as far as they keep anything in the store.
#[derive(Debug)]
pub struct Meters<'p, P>(pub &'p P);

impl<P: Kv + Clock + Config> Keeper for Meters<'_, P> {
    async fn forget_token(&self, token: &Token) -> Result<(), StoreError> {
        let limited = [(Signal::Metrics, token.bounds.limit_metrics()), (Signal::Logs, token.bounds.limit_logs())];
        for (signal, _) in limited.into_iter().filter(|(_, is_limited)| *is_limited) {
            cockpit_quota::forget_token(self.0, *token.id().as_bytes(), signal).await?;
        }
        Ok(())
    }

    async fn forget_cockpit(&self, project: ProjectId, epoch: u64) -> Result<(), StoreError> {
        settings::remove(self.0, project, epoch).await?;
        let budgets = budgets::numbers(self.0, project).await?;
        let at = Locations::read(self.0).await.map_err(|cause| StoreError(cause.to_string()))?;
        cockpit_quota::forget(self.0, &at, project, epoch, budgets).await
    }
}
