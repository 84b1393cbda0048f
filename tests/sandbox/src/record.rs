//! What a stand-in was sent, for tests to look at.

use crate::server::Asked;
use http::StatusCode;
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};
use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

/// How many requests are remembered.
const REMEMBERED: usize = 1000;

/// A request as it arrived.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Record {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    tenant: String,
    body_length: usize,
    body_sha256: String,
    /// 0 if whoever asked left before there was an answer.
    status: u16,
    /// Whether whoever asked left before the end of the answer.
    #[serde(serialize_with = "flag")]
    abandoned: Arc<AtomicBool>,
}

fn flag<S: Serializer>(flag: &Arc<AtomicBool>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bool(flag.load(Relaxed))
}

impl Record {
    pub(crate) fn new(asked: &Asked, status: Option<StatusCode>) -> Self {
        let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        Self {
            method: asked.method.to_string(),
            path: asked.path.clone(),
            query: asked.query.clone(),
            headers: asked.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
            tenant: asked.tenant.clone(),
            body_length: asked.body.len(),
            body_sha256: Sha256::digest(&asked.body).iter().map(|byte| format!("{byte:02x}")).collect(),
            status: status.map_or(0, |status| status.as_u16()),
            abandoned: Arc::new(AtomicBool::new(status.is_none())),
        }
    }

    /// What to set if whoever asked leaves.
    pub(crate) fn abandoned(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.abandoned)
    }
}

/// The last requests.
#[derive(Debug, Default)]
pub(crate) struct Records(Mutex<VecDeque<Record>>);

impl Records {
    pub(crate) fn add(&self, record: Record) {
        let mut records = self.0.lock().expect("nothing panics here");
        if records.len() == REMEMBERED {
            records.pop_front();
        }
        records.push_back(record);
    }

    pub(crate) fn all(&self) -> VecDeque<Record> {
        self.0.lock().expect("nothing panics here").clone()
    }

    pub(crate) fn clear(&self) {
        self.0.lock().expect("nothing panics here").clear();
    }
}
