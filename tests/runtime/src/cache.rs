//! Compiled components, kept between starts.

use std::fs::{self, DirBuilder, Metadata, OpenOptions};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
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
    /// Creates `folder` if need be; refuses one that somebody else could put files into.
    pub(crate) fn open(engine: &'a Engine, folder: &'a Path) -> Result<Self, Fault> {
        let fault = |what: String| {
            let remedy = "name a folder with --cache-dir that is yours alone (mode 0700)";
            Fault::new(folder.display().to_string(), what, remedy)
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .and_then(|()| fs::metadata(folder))
            .map_err(|error| fault(error.to_string()))
            .and_then(|found| private(&found).map_err(|what| fault(what.to_owned())))?;
        Ok(Self { engine, folder })
    }

    /// The component in the file `source`, compiled now or earlier.
    pub(crate) fn load(&self, source: &Path) -> Result<Component, Fault> {
        let place = source.display().to_string();
        let wasm = fs::read(source).map_err(|error| Fault::new(&place, error, "build the component first"))?;
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
        self.engine.precompile_compatibility_hash().hash(&mut engine);
        let wasm: String = Sha256::digest(wasm).iter().map(|byte| format!("{byte:02x}")).collect();
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
        component.inspect_err(|error| log::line(format_args!("cache: {error:#}"))).ok()
    }

    fn write(&self, compiled: &Path, artefact: &[u8]) -> io::Result<()> {
        let temporary = compiled.with_extension(format!("{}.new", process::id()));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        file.write_all(artefact)?;
        file.sync_all()?;
        fs::rename(&temporary, compiled)
    }
}

fn private(folder: &Metadata) -> Result<(), &'static str> {
    if folder.uid() != rustix::process::geteuid().as_raw() {
        return Err("the folder belongs to somebody else");
    }
    if folder.mode() & 0o077 != 0 {
        return Err("others have access to the folder");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// The smallest component there is.
    const NOTHING: &[u8] = b"\0asm\x0d\0\x01\0";

    #[test]
    fn a_component_is_compiled_once() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("nothing.wasm");
        fs::write(&source, NOTHING).unwrap();
        let (engine, cached) = (Engine::default(), folder.path().join("cache"));
        let files = || fs::read_dir(&cached).unwrap().count();
        for _ in 0..2 {
            Cache::open(&engine, &cached).unwrap().load(&source).unwrap();
            assert_eq!(files(), 1);
        }
        fs::write(&source, [NOTHING, b"\0\x02\x01a"].concat()).unwrap();
        Cache::open(&engine, &cached).unwrap().load(&source).unwrap();
        assert_eq!(files(), 2);
    }

    #[test]
    fn a_damaged_file_is_compiled_anew() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("nothing.wasm");
        fs::write(&source, NOTHING).unwrap();
        let engine = Engine::default();
        let cached = folder.path().join("cache");
        let cache = Cache::open(&engine, &cached).unwrap();
        let compiled = cached.join(cache.name(NOTHING));
        fs::write(&compiled, b"not an artefact").unwrap();
        cache.load(&source).unwrap();
        assert!(fs::read(&compiled).unwrap().len() > 100);
    }

    #[test]
    fn a_folder_that_others_can_enter_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        assert!(Cache::open(&Engine::default(), folder.path()).is_err());
        assert_eq!(fs::metadata(folder.path()).unwrap().mode() & 0o777, 0o755);
    }

    #[test]
    fn what_is_not_a_component_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::default();
        let cached = folder.path().join("cache");
        let cache = Cache::open(&engine, &cached).unwrap();
        let source = folder.path().join("text.wasm");
        assert!(cache.load(&source).unwrap_err().to_string().contains("text.wasm"));
        fs::write(&source, b"text").unwrap();
        assert!(cache.load(&source).is_err());
    }
}
