//! What a component instance sees of its host.

mod client;
mod config;
pub(crate) mod keyvalue;
mod stdio;

use std::sync::{Arc, Weak};

use wasmtime::component::{GuestTaskId, HasData, Linker, ResourceTable};
use wasmtime::{Engine, StoreLimits, StoreLimitsBuilder};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::p3::bindings::http;
use wasmtime_wasi_http::{WasiHttp, WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::bindings::wasi;
use crate::in_flight::InFlight;
use crate::manifest::Component;
use crate::outbound::{Client, Inbound, Outbound};
use keyvalue::Keyvalue;
use stdio::Lines;

/// What the instances of one component have in common.
pub(crate) struct Profile {
    pub(crate) component: Component,
    pub(crate) keyvalue: Arc<Keyvalue>,
    pub(crate) client: Client,
    /// Bytes of linear memory an instance may grow to.
    pub(crate) memory: usize,
}

/// The host's side of one instance.
pub(crate) struct State {
    pub(crate) profile: Arc<Profile>,
    pub(crate) limits: StoreLimits,
    /// The requests being served, to attribute store operations to them.
    requests: Vec<(GuestTaskId, Weak<InFlight>)>,
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    outbound: Outbound,
    inbound: Inbound,
}

impl State {
    pub(crate) fn new(profile: Arc<Profile>) -> Self {
        let lines = Lines::new(profile.component.id.clone());
        let mut wasi = WasiCtx::builder();
        for (name, value) in &profile.component.environment {
            wasi.env(name, value);
        }
        wasi.stdout(lines.clone()).stderr(lines);
        Self {
            limits: StoreLimitsBuilder::new().memory_size(profile.memory).build(),
            requests: Vec::new(),
            table: ResourceTable::new(),
            wasi: wasi.build(),
            http: WasiHttpCtx::new(),
            outbound: Outbound::new(Arc::clone(&profile)),
            inbound: Inbound,
            profile,
        }
    }

    /// Remembers which request `task` serves.
    pub(crate) fn begin(&mut self, task: GuestTaskId, request: &Arc<InFlight>) {
        self.requests.retain(|(_, request)| request.strong_count() > 0);
        self.requests.push((task, Arc::downgrade(request)));
    }

    fn request(&self, task: GuestTaskId) -> Option<Arc<InFlight>> {
        let (_, request) = self.requests.iter().find(|(known, _)| *known == task)?;
        request.upgrade()
    }

    /// The view for requests that arrive, whose headers the component sees as Spin shows them.
    pub(crate) fn serving(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.inbound, table: &mut self.table, ctx: &mut self.http }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.outbound, table: &mut self.table, ctx: &mut self.http }
    }
}

/// Selects [`State`] as the data of our own host functions.
pub(crate) struct Own;

impl HasData for Own {
    type Data<'a> = &'a mut State;
}

/// Everything a component may import.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    http::client::add_to_linker::<_, client::Client>(&mut linker, State::http)?;
    http::types::add_to_linker::<_, WasiHttp>(&mut linker, State::http)?;
    wasi::keyvalue::store::add_to_linker::<_, Own>(&mut linker, |state| state)?;
    wasi::keyvalue::atomics::add_to_linker::<_, Own>(&mut linker, |state| state)?;
    wasi::keyvalue::batch::add_to_linker::<_, Own>(&mut linker, |state| state)?;
    wasi::config::store::add_to_linker::<_, Own>(&mut linker, |state| state)?;
    Ok(linker)
}
