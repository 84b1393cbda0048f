//! What users set up in backends, checked before it is stored there: groups of rules and Alertmanager's configuration.
//!
//! Shape and limits only, with the line of what is wrong; what expressions and settings mean is the backend's to judge.
//! Start reading at [`upload::rules`]; [`yaml`] is the reader below.

#![forbid(unsafe_code)]

pub mod alertmanager;
pub mod rules;
pub mod upload;
pub mod yaml;
