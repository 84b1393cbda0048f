//! What the functions of the management API have in common: whose project a call is about, the audit trail, what a
//! creation came to, what meters are told of choices, and what they forget.
//!
//! Not allowed here: to know one of them. Start reading at [`Manage`].

#![forbid(unsafe_code)]

mod forget;
pub mod settings;

pub use forget::Meters;

use cockpit_auth::client;
use cockpit_core::{
    Body, Ports, ProjectId, Refusal,
    ports::{Random, StoreError},
};
use cockpit_gate::Call;
use cockpit_state::{
    Cockpit, Creation, Status,
    audit::{self, Action},
    cockpits,
};
use http::{Response, StatusCode};
use std::fmt::Display;
use uuid::{Builder, Uuid};

/// What a call of the management API can do besides what every call can.
pub trait Manage {
    /// Notes what is about to be done to a project, on its trail and in the log. What cannot be noted is not done.
    fn note(&self, project: ProjectId, resource: impl Display) -> impl Future<Output = Result<(), Refusal>>;

    /// The project that is named, or the key's own, with its Cockpit, which serves.
    fn cockpit(&self, named: Option<ProjectId>) -> impl Future<Output = Result<(ProjectId, Cockpit), Refusal>>;
}

impl<P: Ports> Manage for Call<'_, P> {
    async fn note(&self, project: ProjectId, resource: impl Display) -> Result<(), Refusal> {
        let origin = client::origin(self.ports, self.headers()).await?.to_string();
        let (action, resource) = (format!("{:?}", self.route.operation), resource.to_string());
        let action = Action { actor: self.permit.actor(), action: &action, resource: &resource, origin: &origin };
        audit::note(self.ports, project, &action).await?;
        // The trail is bounded, and its subject could push things off its end.
        self.ports.line(&action.line(project));
        Ok(())
    }

    async fn cockpit(&self, named: Option<ProjectId>) -> Result<(ProjectId, Cockpit), Refusal> {
        let project = self.permit.project(named)?;
        match cockpits::find(self.ports, project).await? {
            Some(cockpit) if cockpit.status == Status::Ready => Ok((project, cockpit)),
            Some(_) => Err(deleting(project)),
            None => Err(Refusal::no_cockpit(project)),
        }
    }
}

/// What is created, as errors name it.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Its name in the API.
    pub resource: &'static str,
    /// How many there may be.
    pub most: usize,
}

impl Kind {
    /// What was created for a project, or why it was not.
    pub fn created<T>(self, creation: Creation<T>, project: Option<ProjectId>) -> Result<T, Refusal> {
        let Self { resource, most: quota } = self;
        match (creation, project) {
            (Creation::Done(entity), _) => Ok(entity),
            (Creation::Full(current), _) => Err(Refusal::QuotaExceeded { resource, quota, current, project }),
            (Creation::Taken, _) => {
                Err(Refusal::AlreadyExists { resource, help: "it must be unique within a project" })
            }
            (Creation::GaveWay, _) => {
                Err(StoreError(format!("creations of a {resource} at once gave way to each other")).into())
            }
            (Creation::NoCockpit, Some(project)) => Err(deleting(project)),
            (Creation::NoCockpit, None) => Err(Refusal::bug("a creation that wants a Cockpit and has no project")),
        }
    }

    /// Something of the caller's with an id; the refusal is the same whether it is not there or somebody else's.
    pub fn owned<T>(self, found: Option<T>, is_own: impl FnOnce(&T) -> bool, id: &str) -> Result<T, Refusal> {
        self.found(found.filter(is_own), id)
    }

    /// Something with an id, if it is there.
    pub fn found<T>(self, found: Option<T>, id: &str) -> Result<T, Refusal> {
        found.ok_or_else(|| Refusal::NotFound { resource: self.resource, id: id.to_owned() })
    }
}

/// The refusal of a project whose Cockpit is being removed.
pub fn deleting(project: ProjectId) -> Refusal {
    Refusal::Transient { resource: "cockpit", id: project.to_string(), state: "deleting" }
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
