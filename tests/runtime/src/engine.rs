//! The WebAssembly engine: memory for instances, and the clock that interrupts busy ones.

use std::thread;
use std::time::Duration;

use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::fault::Fault;
use crate::log;

/// How long a component runs before others get a turn.
const TICK: Duration = Duration::from_millis(10);
/// What one component is made of at most: core instances, and tables among them. Those that the
/// SDK builds have 4 and 2.
const CORE_INSTANCES: u32 = 8;
const TABLES: u32 = 4;
/// Bytes of a slot kept between two instances, which saves the kernel's work to clear them.
const RESIDENT: usize = 256 * 1024;

/// Builds the engine for `requests` in flight and instances of `memory` bytes.
pub(crate) fn build(requests: u32, memory: usize) -> Result<Engine, Fault> {
    let fault = |error| Fault::new("the WebAssembly engine", error, "lower --max-concurrent-requests");
    let mut pooled = config();
    pooled.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(requests, memory)));
    let engine = Engine::new(&pooled).or_else(|error| {
        log::line(format_args!("no pool of instances, continuing without: {error:#}"));
        Engine::new(&config())
    });
    let engine = engine.map_err(fault)?;
    tick(&engine);
    Ok(engine)
}

fn config() -> Config {
    let mut config = Config::new();
    config.wasm_component_model_async(true).epoch_interruption(true);
    config
}

/// Room for one instance per request in flight, and as many that are idle or winding up.
fn pool(requests: u32, memory: usize) -> PoolingAllocationConfig {
    let instances = requests.saturating_mul(2).saturating_add(64);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_memories(instances)
        .total_stacks(instances)
        .total_core_instances(instances.saturating_mul(CORE_INSTANCES))
        .total_tables(instances.saturating_mul(TABLES))
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_tables_per_component(TABLES)
        .max_memory_size(memory)
        .linear_memory_keep_resident(RESIDENT)
        .max_unused_warm_slots(64);
    pool
}

/// Advances the engine's clock for as long as the engine exists.
fn tick(engine: &Engine) {
    let engine = engine.weak();
    thread::spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            thread::sleep(TICK);
        }
    });
}
