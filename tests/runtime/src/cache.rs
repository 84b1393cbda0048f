//! Compiled components, kept between starts.

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process;

use sha2::{Digest as _, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::fault::Fault;
use crate::log;

/// A folder of compiled components that nobody but its owner can change.
pub(crate) struct Cache<'a> {
    engine: &'a Engine,
    folder: &'a Path,
}

impl<'a> Cache<'a> {
    /// Makes `folder` private, which fails if it belongs to somebody else.
    pub(crate) fn open(engine: &'a Engine, folder: &'a Path) -> Result<Self, Fault> {
        let private = || -> io::Result<()> {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)?;
            fs::set_permissions(folder, Permissions::from_mode(0o700))
        };
        private().map_err(|error| {
            let remedy = "name a folder of your own with --cache-dir";
            Fault::new(folder.display().to_string(), error, remedy)
        })?;
        Ok(Self { engine, folder })
    }

    /// The component in the file `source`, compiled now or earlier.
    pub(crate) fn load(&self, source: &Path) -> Result<Component, Fault> {
        let place = source.display().to_string();
        let wasm = fs::read(source)
            .map_err(|error| Fault::new(&place, error, "build the component first"))?;
        let compiled = self.folder.join(self.name(&wasm));
        if let Some(component) = self.read(&compiled) {
            return Ok(component);
        }
        let fault = |error| Fault::new(&place, format!("{error:#}"), "build it for wasm32-wasip2");
        let component = Component::new(self.engine, &wasm).map_err(fault)?;
        let artefact = component.serialize().map_err(fault)?;
        if let Err(error) = self.write(&compiled, &artefact) {
            log::line(format_args!("{}: not cached: {error}", compiled.display()));
        }
        Ok(component)
    }

    /// The engine's hash covers its version and everything in its configuration that matters.
    fn name(&self, wasm: &[u8]) -> PathBuf {
        let mut engine = DefaultHasher::new();
        self.engine
            .precompile_compatibility_hash()
            .hash(&mut engine);
        let wasm: String = Sha256::digest(wasm)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        format!("{wasm}-{:016x}.cwasm", engine.finish()).into()
    }

    #[expect(unsafe_code, reason = "the cache exists to skip compiling")]
    fn read(&self, compiled: &Path) -> Option<Component> {
        if !compiled.exists() {
            return None;
        }
        // SAFETY: the file must be the unchanged output of `Component::serialize`. Only `write`
        // creates files of this name, complete and under their final name in one step, and only
        // their owner may enter the folder. The engine refuses the output of other versions.
        let component = unsafe { Component::deserialize_file(self.engine, compiled) };
        component
            .inspect_err(|error| log::line(format_args!("cache: {error:#}")))
            .ok()
    }

    fn write(&self, compiled: &Path, artefact: &[u8]) -> io::Result<()> {
        let temporary = compiled.with_extension(format!("{}.new", process::id()));
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&temporary)?;
        file.write_all(artefact)?;
        file.sync_all()?;
        fs::rename(&temporary, compiled)
    }
}
