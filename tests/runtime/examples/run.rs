//! Runs a wasm program (a component that exports `wasi:cli/run`) with its arguments, on the engine of the local runtime.

use std::error::Error;
use wasmtime::{
    Engine, Store,
    component::{Component, Linker, ResourceTable},
};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView, p2};

struct State {
    wasi: WasiCtx,
    table: ResourceTable,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: run PROGRAM.wasm [ARGUMENT …]")?;
    let engine = Engine::default();
    let component = Component::from_file(&engine, path)?;
    let mut linker = Linker::<State>::new(&engine);
    p2::add_to_linker_sync(&mut linker)?;
    let wasi = WasiCtx::builder()
        .inherit_stdout()
        .inherit_stderr()
        .args(&std::env::args().skip(1).collect::<Vec<_>>())
        .build();
    let mut store = Store::new(&engine, State { wasi, table: ResourceTable::new() });
    let program = p2::bindings::sync::Command::instantiate(&mut store, &component, &linker)?;
    program.wasi_cli_run().call_run(&mut store)?.map_err(|()| "the program failed".into())
}
