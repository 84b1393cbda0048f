//! A durable store in one SQLite file.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OptionalExtension as _, Transaction, TransactionBehavior};

use super::{Error, Store, add};

/// How long a writer waits for another process that holds the file.
const BUSY: Duration = Duration::from_secs(5);

/// How long it waits before it tries again what does not wait by itself.
const PAUSE: Duration = Duration::from_millis(10);

const GET: &str = "SELECT value FROM pairs WHERE key = ?1";
const SET: &str = "INSERT INTO pairs (key, value) VALUES (?1, ?2) \
                   ON CONFLICT (key) DO UPDATE SET value = excluded.value";
const SWAP: &str = "UPDATE pairs SET value = ?2 WHERE key = ?1 AND value = ?3";
const DELETE: &str = "DELETE FROM pairs WHERE key = ?1";

/// Keys and values in a file. A write that was reported as done survives a crash.
///
/// Readers have a connection of their own, so that a read does not wait for a write to reach the
/// disk; the write-ahead log makes that possible.
pub struct Sqlite {
    writer: Mutex<Connection>,
    reader: Mutex<Connection>,
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.to_string())
    }
}

impl Sqlite {
    /// Opens the file, creating it if need be.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let writer = connect(path)?;
        writer.execute_batch(
            "CREATE TABLE IF NOT EXISTS pairs (key TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL) \
             WITHOUT ROWID",
        )?;
        Ok(Self { writer: Mutex::new(writer), reader: Mutex::new(connect(path)?) })
    }

    /// Runs `work` in a transaction that commits unless `work` fails.
    fn write<R>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<R, Error>) -> Result<R, Error> {
        let mut writer = lock(&self.writer);
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let result = work(&transaction)?;
        transaction.commit()?;
        Ok(result)
    }
}

fn connect(path: &Path) -> Result<Connection, Error> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    log_ahead(&connection)?;
    // FULL syncs the log at each commit: without it a power cut may undo reported writes.
    connection.pragma_update(None, "synchronous", "full")?;
    Ok(connection)
}

/// Turns the write-ahead log on. `SQLite` does not wait for others where two do that to a new file at once, so we do.
fn log_ahead(connection: &Connection) -> Result<(), Error> {
    let mut left = BUSY;
    loop {
        match connection.pragma_update(None, "journal_mode", "wal") {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && !left.is_zero() => {
                thread::sleep(PAUSE);
                left = left.saturating_sub(PAUSE);
            }
            result => return Ok(result?),
        }
    }
}

/// A transaction that is dropped rolls back, so a panic leaves nothing half done behind the lock.
fn lock(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

fn get(connection: &Connection, key: &str) -> Result<Option<Vec<u8>>, Error> {
    Ok(connection.prepare_cached(GET)?.query_row([key], |row| row.get(0)).optional()?)
}

fn set(connection: &Connection, key: &str, value: &[u8]) -> Result<(), Error> {
    connection.prepare_cached(SET)?.execute((key, value))?;
    Ok(())
}

fn delete(connection: &Connection, key: &str) -> Result<(), Error> {
    connection.prepare_cached(DELETE)?.execute([key])?;
    Ok(())
}

impl Store for Sqlite {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        get(&lock(&self.reader), key)
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), Error> {
        set(&lock(&self.writer), key, value)
    }

    fn delete(&self, key: &str) -> Result<(), Error> {
        delete(&lock(&self.writer), key)
    }

    fn list_keys(&self) -> Result<Vec<String>, Error> {
        let reader = lock(&self.reader);
        let mut statement = reader.prepare_cached("SELECT key FROM pairs ORDER BY key")?;
        let keys = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(keys)
    }

    fn get_many(&self, keys: &[String]) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let mut reader = lock(&self.reader);
        // One transaction, so that the values belong to one moment.
        let transaction = reader.transaction()?;
        let mut found = Vec::new();
        for key in keys.iter().collect::<BTreeSet<_>>() {
            found.extend(get(&transaction, key)?.map(|value| (key.clone(), value)));
        }
        Ok(found)
    }

    fn set_many(&self, pairs: &[(String, Vec<u8>)]) -> Result<(), Error> {
        self.write(|transaction| pairs.iter().try_for_each(|(key, value)| set(transaction, key, value)))
    }

    fn delete_many(&self, keys: &[String]) -> Result<(), Error> {
        self.write(|transaction| keys.iter().try_for_each(|key| delete(transaction, key)))
    }

    fn increment(&self, key: &str, delta: i64) -> Result<i64, Error> {
        self.write(|transaction| {
            let value = add(get(transaction, key)?.as_deref(), delta)?;
            set(transaction, key, &value.to_le_bytes())?;
            Ok(value)
        })
    }

    fn swap(&self, key: &str, old: Option<&[u8]>, new: &[u8]) -> Result<bool, Error> {
        let writer = lock(&self.writer);
        let Some(old) = old else {
            return set(&writer, key, new).map(|()| true);
        };
        Ok(writer.prepare_cached(SWAP)?.execute((key, new, old))? == 1)
    }

    fn is_slow(&self) -> bool {
        true
    }
}
