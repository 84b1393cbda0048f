//! What a stand-in was sent, for tests to look at.

use crate::server::Asked;
use http::StatusCode;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::{collections::VecDeque, sync::Mutex};

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
    status: u16,
}

impl Record {
    pub(crate) fn new(asked: &Asked, status: StatusCode) -> Self {
        let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        Self {
            method: asked.method.to_string(),
            path: asked.path.clone(),
            query: asked.query.clone(),
            headers: asked.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
            tenant: asked.tenant.clone(),
            body_length: asked.body.len(),
            body_sha256: Sha256::digest(&asked.body).iter().map(|byte| format!("{byte:02x}")).collect(),
            status: status.as_u16(),
        }
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
