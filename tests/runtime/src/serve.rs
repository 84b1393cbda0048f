//! From options to a running server.

use std::collections::BTreeMap;
use std::fs::DirBuilder;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use bytes::Bytes;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Semaphore;
use wasmtime::Engine;
use wasmtime::component::Linker;
use wasmtime_wasi_http::handler::ProxyHandler;
use wasmtime_wasi_http::p3::bindings::ServicePre;

use crate::cache::Cache;
use crate::fault::Fault;
use crate::host::keyvalue::Keyvalue;
use crate::host::{self, Profile, State};
use crate::kv::{Memory, Sqlite, Store};
use crate::manifest::{self, App, Component};
use crate::options::{KvKind, Options};
use crate::outbound::Client;
use crate::server::Server;
use crate::service::Service;
use crate::websocket::WebSockets;
use crate::worker::{Factory, Reuse};
use crate::{engine, environment, log};

/// Serves the application until SIGTERM or SIGINT.
pub fn run(options: &Options) -> Result<(), Fault> {
    let app = manifest::load(&options.manifest, environment::read)?;
    app.warnings.iter().for_each(|warning| log::line(format_args!("warning: {warning}")));
    let runtime = Runtime::new()
        .map_err(|error| Fault::new("the asynchronous runtime", error, "allow the process more threads"))?;
    // Bound before compiling, so that an address in use is reported at once.
    let listener = runtime
        .block_on(TcpListener::bind(options.listen))
        .map_err(|error| Fault::new(format!("--listen {}", options.listen), error, "choose another address"))?;
    let keyvalue = Arc::new(keyvalue(options)?);
    let service = service(options, app, &keyvalue)?;
    let server = Server {
        service: Arc::new(service),
        header_timeout: options.header_timeout,
        drain_timeout: options.drain_timeout,
    };
    runtime.block_on(serve(server, listener, keyvalue))?;
    // Whatever still runs, idle instances above all, ends with the process; to end it in an
    // orderly way would only take time and report instances as broken off.
    std::mem::forget(runtime);
    Ok(())
}

async fn serve(server: Server, listener: TcpListener, keyvalue: Arc<Keyvalue>) -> Result<(), Fault> {
    let on = |kind| signal(kind).map_err(signal_fault);
    let (terminate, interrupt) = (on(SignalKind::terminate())?, on(SignalKind::interrupt())?);
    if keyvalue.counts() {
        tokio::spawn(report(on(SignalKind::user_defined1())?, keyvalue));
    }
    let address = listener
        .local_addr()
        .map_err(|error| Fault::new("the listening socket", error, "choose another address with --listen"))?;
    ready(address);
    server.serve(listener, stopped(terminate, interrupt)).await;
    Ok(())
}

fn signal_fault(error: io::Error) -> Fault {
    Fault::new("signal handling", error, "run outside of restrictions on signals")
}

/// The one line on stdout, for whoever waits for the server.
fn ready(address: SocketAddr) {
    let mut stdout = io::stdout();
    drop(writeln!(stdout, "ready http://{address}").and_then(|()| stdout.flush()));
}

async fn stopped(mut terminate: Signal, mut interrupt: Signal) {
    tokio::select! {
        _ = terminate.recv() => (),
        _ = interrupt.recv() => (),
    }
}

async fn report(mut asked: Signal, keyvalue: Arc<Keyvalue>) {
    while asked.recv().await.is_some() {
        log::line(serde_json::json!({ "kv": keyvalue.totals() }));
    }
}

fn keyvalue(options: &Options) -> Result<Keyvalue, Fault> {
    let store: Arc<dyn Store> = match options.kv {
        KvKind::Memory => Arc::new(Memory::default()),
        KvKind::Sqlite => Arc::new(sqlite(&options.state_dir)?),
    };
    Ok(Keyvalue::new(store, options.kv_fault_file.clone(), options.kv_count))
}

fn sqlite(folder: &Path) -> Result<Sqlite, Fault> {
    let remedy = "name a folder that can be written with --state-dir";
    // Private, because a store may hold credentials.
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| Fault::new(folder.display().to_string(), error, remedy))?;
    let file = folder.join("kv.db");
    Sqlite::open(&file).map_err(|error| Fault::new(file.display().to_string(), error, remedy))
}

fn service(options: &Options, app: App, keyvalue: &Arc<Keyvalue>) -> Result<Service, Fault> {
    let info = info(&app);
    let client = Client::new();
    Ok(Service {
        components: components(options, app.components, keyvalue, &client)?,
        router: app.router,
        info,
        places: Arc::new(Semaphore::new(places(options))),
        timeout: options.request_timeout,
        max_body: options.max_request_body,
        access_log: options.access_log,
        kv_count: options.kv_count,
        websockets: WebSockets { carried: options.websocket.clone(), client },
    })
}

fn places(options: &Options) -> usize {
    usize::try_from(options.max_concurrent_requests).unwrap_or(usize::MAX)
}

fn info(app: &App) -> Bytes {
    let mut info = serde_json::json!({ "name": app.name });
    if let (Some(version), Some(info)) = (&app.version, info.as_object_mut()) {
        info.insert("version".to_owned(), version.clone().into());
    }
    format!("{info:#}").into()
}

/// Compiles all components at the same time.
fn components(
    options: &Options,
    components: Vec<Component>,
    keyvalue: &Arc<Keyvalue>,
    client: &Client,
) -> Result<BTreeMap<String, ProxyHandler<Factory>>, Fault> {
    let memory = usize::try_from(options.max_instance_memory).unwrap_or(usize::MAX);
    let engine = engine::build(options.max_concurrent_requests, memory)?;
    let linker = host::linker(&engine)
        .map_err(|error| Fault::new("the host interfaces", error, "report this: the runtime is inconsistent"))?;
    let folder = options.cache_dir.clone().unwrap_or_else(|| options.state_dir.join("cache"));
    let cache = Cache::open(&engine, &folder)?;
    let build = |component: Component| {
        let keyvalue = Arc::clone(keyvalue);
        let client = client.clone();
        let id = component.id.clone();
        let profile = Arc::new(Profile { component, keyvalue, client, memory });
        let factory = factory(&engine, &linker, &cache, profile, reuse(options))?;
        Ok((id, ProxyHandler::new(factory)))
    };
    thread::scope(|scope| {
        let build = &build;
        let threads: Vec<_> = components.into_iter().map(|component| scope.spawn(move || build(component))).collect();
        let panicked = |_| Err(Fault::new("the compiler", "it panicked", "report this"));
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(panicked)).collect()
    })
}

fn factory(
    engine: &Engine,
    linker: &Linker<State>,
    cache: &Cache<'_>,
    profile: Arc<Profile>,
    reuse: Reuse,
) -> Result<Factory, Fault> {
    let compiled = cache.load(&profile.component.source)?;
    let service = linker.instantiate_pre(&compiled).and_then(ServicePre::new).map_err(|error| {
        let remedy = "build it with an SDK that exports wasi:http/handler@0.3.0, and import only \
                      what this runtime offers";
        Fault::new(format!("[component.{}]", profile.component.id), format!("{error:#}"), remedy)
    })?;
    Ok(Factory { engine: engine.clone(), service, profile, reuse })
}

fn reuse(options: &Options) -> Reuse {
    Reuse {
        total: options.max_instance_reuse_count.get(),
        concurrent: options.max_instance_concurrent_reuse_count.get(),
        idle: options.idle_instance_timeout,
        busy: options.request_timeout,
    }
}
