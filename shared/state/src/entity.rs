//! What is kept in a [collection](crate::collection): an entity of some kind, and what became of its creation.

use cockpit_core::{
    ports::{Kv, StoreError},
    project::ProjectId,
    record::Record,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// A kind of entity.
pub(crate) trait Entity: Record + Clone {
    /// The first part of its keys, such as `token`.
    const KIND: &'static str;
    /// How many an owner may have.
    const MOST: usize;

    /// What it began with.
    fn birth(&self) -> Birth;
    /// Its id, among all of its kind.
    fn id(&self) -> [u8; 16] {
        self.birth().id
    }
    /// The activation it belongs to.
    fn epoch(&self) -> u64 {
        self.birth().epoch
    }
    /// Whether it and another cannot both be.
    fn excludes(&self, _other: &Self) -> bool {
        false
    }
    /// Whether its time is over, so that the next creation removes it.
    async fn is_over(&self, _kv: &impl Kv, _now: Timestamp) -> Result<bool, StoreError> {
        Ok(false)
    }
    /// The hash of its first secret, if it has any.
    fn secret(&self) -> [u8; 32] {
        [0; 32]
    }
    /// Makes its first secret work.
    async fn open(&self, _kv: &impl Kv) -> Result<(), StoreError> {
        Ok(())
    }
    /// Whether a secret of a living entity works.
    async fn works(_kv: &impl Kv, _secret: [u8; 32]) -> Result<bool, StoreError> {
        Ok(true)
    }
    /// Removes a secret.
    async fn shut(_kv: &impl Kv, _secret: [u8; 32]) -> Result<(), StoreError> {
        Ok(())
    }
    /// Removes everything else that goes with an entity.
    async fn bury(_kv: &impl Kv, _id: [u8; 16]) -> Result<(), StoreError> {
        Ok(())
    }
}

/// What every entity begins with, and keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Birth {
    /// Its id.
    pub(crate) id: [u8; 16],
    /// The project it belongs to.
    pub(crate) project: [u8; 16],
    /// The activation it belongs to; what belongs to none outlives all of them.
    pub(crate) epoch: u64,
    /// When it was created, in microseconds.
    pub(crate) at: i64,
}

impl Birth {
    /// The project it belongs to.
    pub(crate) const fn project(&self) -> ProjectId {
        ProjectId::from_bytes(self.project)
    }

    /// When it was created.
    pub(crate) const fn at(&self) -> Timestamp {
        Timestamp::from_micros(self.at)
    }
}

/// What a creation came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Creation<T> {
    /// It is there.
    Done(T),
    /// The project has no Cockpit that serves, or lost it meanwhile.
    NoCockpit,
    /// There are as many as there may be: this many.
    Full(usize),
    /// Another one has its name.
    Taken,
    /// It made room for another at the same moment, which made room for it: neither is there. Send it again.
    GaveWay,
}

impl<T> Creation<T> {
    /// What was created, if it was.
    pub fn done(self) -> Option<T> {
        match self {
            Self::Done(entity) => Some(entity),
            Self::NoCockpit | Self::Full(_) | Self::Taken | Self::GaveWay => None,
        }
    }
}
