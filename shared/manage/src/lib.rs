//! What the functions of the management API have in common: whose project a call is about, the audit trail, and what
//! a creation came to.
//!
//! Not allowed here: to know one of them. Start reading at [`Manage`].

#![forbid(unsafe_code)]

use cockpit_auth::client;
use cockpit_core::{
    Body, Ports, ProjectId, Refusal,
    ports::{Kv, Random, StoreError},
};
use cockpit_gate::Call;
use cockpit_state::{
    Cockpit, Creation,
    audit::{self, Action},
    cockpits,
};
use http::{Response, StatusCode};
use std::fmt::Display;
use uuid::{Builder, Uuid};

/// What a call of the management API can do besides what every call can.
pub trait Manage {
    /// Notes what is about to be done to a project. What cannot be noted is not done.
    fn note(&self, project: ProjectId, resource: impl Display) -> impl Future<Output = Result<(), Refusal>>;

    /// The project that is named, or the key's own, with its Cockpit.
    fn cockpit(&self, named: Option<ProjectId>) -> impl Future<Output = Result<(ProjectId, Cockpit), Refusal>>;
}

impl<P: Ports> Manage for Call<'_, P> {
    async fn note(&self, project: ProjectId, resource: impl Display) -> Result<(), Refusal> {
        let origin = client::address(self.ports, self.headers()).await?;
        let action = Action {
            actor: self.permit.actor(),
            action: &format!("{:?}", self.route.operation),
            resource: &resource.to_string(),
            origin: &origin.map(|origin| origin.to_string()).unwrap_or_default(),
        };
        Ok(audit::note(self.ports, project, &action).await?)
    }

    async fn cockpit(&self, named: Option<ProjectId>) -> Result<(ProjectId, Cockpit), Refusal> {
        let project = self.permit.project(named)?;
        let cockpit = cockpits::find(self.ports, project).await?;
        cockpit.map(|cockpit| (project, cockpit)).ok_or_else(|| missing(project))
    }
}

/// What is created, as errors name it.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Its name in the API.
    pub resource: &'static str,
    /// How many a project may have.
    pub most: usize,
    /// How to go on where another one has its name.
    pub taken: &'static str,
}

/// What was created, or why it was not.
pub fn created<T>(creation: Result<Creation<T>, StoreError>, kind: Kind, project: ProjectId) -> Result<T, Refusal> {
    let Kind { resource, most: quota, taken: help } = kind;
    match creation? {
        Creation::Done(entity) => Ok(entity),
        Creation::NoCockpit => Err(missing(project)),
        Creation::Full(current) => Err(Refusal::QuotaExceeded { resource, quota, current, project }),
        Creation::Taken => Err(Refusal::AlreadyExists { resource, help }),
    }
}

/// The refusal of a project that has no Cockpit.
pub fn missing(project: ProjectId) -> Refusal {
    Refusal::NotFound { resource: "cockpit", id: project.to_string() }
}

/// Something of the caller's with an id, or the refusal that is the same whether it is not there or somebody else's.
pub fn owned<T>(
    found: Option<T>,
    is_own: impl FnOnce(&T) -> bool,
    resource: &'static str,
    id: &str,
) -> Result<T, Refusal> {
    found.filter(is_own).ok_or_else(|| Refusal::NotFound { resource, id: id.to_owned() })
}

/// An answer that says nothing but that it is done.
pub fn done() -> Response<Body> {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// A new id.
pub fn new_id(random: &impl Random) -> Uuid {
    Builder::from_random_bytes(random.bytes()).into_uuid()
}

/// The refusal of a project whose Cockpit is being removed.
pub async fn not_serving(kv: &impl Kv, project: ProjectId) -> Result<Refusal, StoreError> {
    Ok(match cockpits::find(kv, project).await? {
        Some(_) => Refusal::Transient { resource: "cockpit", id: project.to_string(), state: "deleting" },
        None => missing(project),
    })
}
