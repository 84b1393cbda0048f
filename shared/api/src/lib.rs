//! The management API's JSON: objects, lists, requests and errors, as the official SDKs read them.
//!
//! Every field is always sent, because one of the SDKs stops at a missing one; unknown fields in requests
//! are ignored. Types only: nothing here decides who may do what, or touches the store.

#![forbid(unsafe_code)]

mod api_key;
mod audit;
mod budget;
mod cockpit;
mod contact_point;
mod dashboard;
mod datasource;
mod error;
mod grafana_user;
mod metrics;
mod openapi;
mod page;
mod plan;
mod project;
mod request;
mod selector;
mod time;
mod token;

pub use api_key::{ApiKey, ApiKeyList, ApiKeyRequest, CreateApiKey};
pub use audit::{AuditEvent, AuditEventList};
pub use budget::{Budget, BudgetList, SetBudget, Wanted};
pub use cockpit::{Cockpit, Endpoints};
pub use contact_point::{ContactPoint, ContactPointBody, ContactPointList};
pub use dashboard::{Dashboard, DashboardList};
pub use datasource::{CreateDatasource, Datasource, DatasourceFilter, DatasourceList};
pub use error::ApiError;
pub use grafana_user::{CreateGrafanaUser, GrafanaUser, GrafanaUserList};
pub use metrics::{Metrics, MetricsFilter, TimeSeries};
pub use openapi::openapi;
pub use page::{BY_ACCESS_KEY, BY_DATE_OR_NAME, BY_LOGIN, BY_NAME, Order, Page};
pub use plan::{Nothing, Plan, PlanList, SelectPlan};
pub use project::ProjectBody;
pub use request::{Query, body};
pub use time::rfc3339;
pub use token::{CreateToken, RotateToken, Seen, Token, TokenLimits, TokenList, TokenRequest};
