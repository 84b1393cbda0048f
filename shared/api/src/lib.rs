//! The management API's JSON: objects, lists, requests and errors, as the official SDKs read them.
//!
//! Every field is always sent, because one of the SDKs stops at a missing one; unknown fields in requests
//! are ignored. Types only: nothing here decides who may do what, or touches the store.

#![forbid(unsafe_code)]

mod cockpit;
mod error;
mod openapi;
mod page;
mod request;
mod time;
mod token;

pub use cockpit::{Cockpit, Endpoints, Plan};
pub use error::ApiError;
pub use openapi::openapi;
pub use page::{Order, Page};
pub use request::{CreateToken, ListTokens, ProjectBody, ProjectQuery, body, query};
pub use token::{Token, TokenList};
