//! Instances and their lives: how many requests each serves, and when it ends.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::time::{Sleep, sleep, timeout};
use wasmtime::component::GuestTaskId;
use wasmtime::{Engine, Store, StoreContextMut};
use wasmtime_wasi_http::handler::{
    HandlerState, Instance, Proxy, ShouldAccept, WorkerExpiration, WorkerState, WorkerStatus,
};
use wasmtime_wasi_http::p3::bindings::ServicePre;

use crate::host::{Profile, State};
use crate::in_flight::{InFlight, Progress};
use crate::log;

/// A request's own time limit strikes first; the instance's ends those that do not even yield.
const GRACE: Duration = Duration::from_millis(500);

/// How instances are reused.
#[derive(Clone, Copy)]
pub(crate) struct Reuse {
    /// Requests in an instance's life.
    pub(crate) total: usize,
    /// Requests at the same time.
    pub(crate) concurrent: usize,
    /// How long an instance waits for the next request.
    pub(crate) idle: Duration,
    /// How long a request may take.
    pub(crate) busy: Duration,
}

/// A component that can be instantiated.
pub(crate) struct Factory {
    pub(crate) engine: Engine,
    pub(crate) service: ServicePre<State>,
    pub(crate) profile: Arc<Profile>,
    pub(crate) reuse: Reuse,
}

impl HandlerState for Factory {
    type StoreData = State;
    type WorkerExpiration = Expiration;
    type WorkerState = Worker;

    async fn instantiate(&self) -> wasmtime::Result<Instance<State, Expiration, Worker>> {
        let mut store = Store::new(&self.engine, State::new(Arc::clone(&self.profile)));
        store.limiter(|state| &mut state.limits);
        store.set_epoch_deadline(1);
        store.epoch_deadline_async_yield_and_update(1);
        let service = timeout(self.reuse.busy, self.service.instantiate_async(&mut store)).await;
        let progress = Arc::new(Progress::default());
        Ok(Instance {
            store,
            proxy: Proxy::P3(service??),
            view: State::serving,
            expiration: Expiration::new(self.reuse, Arc::clone(&progress)),
            state: Worker { component: self.profile.component.id.clone(), reuse: self.reuse, progress },
        })
    }
}

/// Decides which requests an instance takes.
pub(crate) struct Worker {
    component: String,
    reuse: Reuse,
    progress: Arc<Progress>,
}

impl WorkerState for Worker {
    type StoreData = State;
    type RequestData = Arc<InFlight>;

    fn should_accept_request(&self, concurrent: usize, total: usize) -> ShouldAccept {
        if total >= self.reuse.total {
            ShouldAccept::Never
        } else if concurrent >= self.reuse.concurrent {
            ShouldAccept::No
        } else {
            ShouldAccept::Yes
        }
    }

    fn on_request_start(
        &self,
        mut store: StoreContextMut<'_, State>,
        request: Arc<InFlight>,
        task: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
        request.accepted_by(&self.progress);
        store.data_mut().begin(task, &request);
        let busy = self.reuse.busy;
        Box::pin(async move {
            sleep(busy).await;
            drop(request);
        })
    }

    fn drop(&self, store: Store<State>, result: Result<(), wasmtime::Error>) {
        if let Err(error) = result {
            // Before the store goes, because that ends the answers.
            self.progress.fail();
            log::line(format_args!("[{}] instance ended: {error:?}", self.component));
        }
        drop(store);
    }
}

/// Decides when an instance has lived too long.
pub(crate) struct Expiration {
    reuse: Reuse,
    progress: Arc<Progress>,
    alarm: Pin<Box<Sleep>>,
}

impl Expiration {
    fn new(reuse: Reuse, progress: Arc<Progress>) -> Self {
        Self { reuse, progress, alarm: Box::pin(sleep(reuse.idle)) }
    }

    fn deadline(&self, status: WorkerStatus, since: Instant) -> Option<Instant> {
        match status {
            WorkerStatus::Idle => since.checked_add(self.reuse.idle),
            WorkerStatus::Requests => since.checked_add(self.reuse.busy)?.checked_add(GRACE),
            // An answer may take as long as it likes, as long as it goes on.
            WorkerStatus::PostReturn => since.max(self.progress.last()).checked_add(self.reuse.busy),
        }
    }
}

impl WorkerExpiration for Expiration {
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>, status: WorkerStatus, since: Instant) -> Poll<()> {
        loop {
            let Some(deadline) = self.deadline(status, since) else {
                return Poll::Pending;
            };
            if self.alarm.deadline() == deadline.into() {
                ready!(self.alarm.as_mut().poll(cx));
                if self.deadline(status, since) == Some(deadline) {
                    return Poll::Ready(());
                }
            } else {
                self.alarm.as_mut().reset(deadline.into());
            }
        }
    }
}
