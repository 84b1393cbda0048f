//! Refusals, sorted by who is at fault.

use crate::{
    ports::{ConfigError, StoreError, UpstreamError},
    project::ProjectId,
    scope::Scope,
};
use http::{Method, StatusCode};
use std::{borrow::Cow, error::Error, fmt, time::Duration};

/// Why a request is not served. `Display` is public text; the cause of a [`Fault`] is not.
#[derive(Debug)]
pub enum Refusal {
    /// The caller sent something that can never be accepted; the text says what and where.
    Malformed(Cow<'static, str>),
    /// An argument of a management call is missing or unacceptable.
    Invalid {
        /// The argument's name in the API.
        argument: &'static str,
        /// What is wrong with it.
        reason: InvalidReason,
        /// How to mend it.
        help: Cow<'static, str>,
    },
    /// No credential, or none that is known. Which of the two is nobody's business.
    Unauthenticated,
    /// The API key was good once.
    Expired,
    /// The API key is good and may not do this.
    Unpermitted {
        /// What was tried, in the API's words.
        action: &'static str,
        /// On what.
        resource: &'static str,
    },
    /// The token is good and lacks this scope.
    MissingScope(Scope),
    /// The token is good and was restricted so that this is not allowed; the text says how.
    Restricted(&'static str),
    /// Nobody may do this; the text says what.
    Forbidden(&'static str),
    /// The path is not one of ours.
    UnknownPath,
    /// The resource does not exist, or belongs to somebody else.
    NotFound {
        /// What was looked for, as the API names it.
        resource: &'static str,
        /// Its id, as the caller gave it.
        id: String,
    },
    /// The path is ours, the method is not; these are.
    WrongMethod(Vec<Method>),
    /// The resource is already there.
    AlreadyExists {
        /// What is, as the API names it.
        resource: &'static str,
        /// How to go on.
        help: &'static str,
    },
    /// A project has as many as it may.
    QuotaExceeded {
        /// Of what, as the API names it.
        resource: &'static str,
        /// How many it may have.
        quota: usize,
        /// How many it has.
        current: usize,
        /// Which project; `None` if they belong to the gateway.
        project: Option<ProjectId>,
    },
    /// Something else has to be done first.
    Precondition {
        /// What is not met, in the API's words.
        precondition: &'static str,
        /// What to do.
        help: &'static str,
    },
    /// The resource is on its way to another state; the call will work when it is there.
    Transient {
        /// What is, as the API names it.
        resource: &'static str,
        /// Its id.
        id: String,
        /// The state it is in.
        state: &'static str,
    },
    /// The body is larger than this many bytes.
    TooLarge(usize),
    /// The body's media type or encoding is not one we read; the text names those we do.
    UnsupportedMedia(&'static str),
    /// What is asked for cannot be done here; the text says what can.
    Unsupported(&'static str),
    /// The body broke off. Whoever still listens may send it again; nobody needs to be woken for it.
    Interrupted,
    /// The body did not arrive in this time. Not 408, as which it is known elsewhere: most senders drop data on that.
    Late(Duration),
    /// A limit is reached; the same request may be let in later.
    Throttled(Throttle),
    /// A limit is reached, and some or all of what was sent was cut for it; the text says what. The same request may
    /// be let in whole later.
    Cut(Throttle, String),
    /// We, the store or a backend failed. Never the sender's fault.
    Unavailable(Fault),
    /// A backend answered what only a broken or misconfigured backend answers.
    BadUpstream(Fault),
}

/// What is wrong with an argument, in the API's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidReason {
    /// It is missing.
    Required,
    /// It is not of the form asked for.
    Format,
    /// It is outside what is allowed.
    Constraint,
}

/// A limit that is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Throttle {
    /// Whose limit it is.
    pub owner: Cow<'static, str>,
    /// What is limited, as in "samples".
    pub what: &'static str,
    /// How many may be sent in a window.
    pub limit: u64,
    /// Seconds of a window; 0 if the limit is on what exists at once.
    pub window: u64,
    /// How many were sent, or exist.
    pub current: u64,
    /// Seconds until the limit is worth another try.
    pub reset: u64,
    /// Seconds the sender should wait: not the same for all, so that they don't return together.
    pub retry: u64,
}

/// A failure that is ours: a public sentence, and a cause that only the log sees.
#[derive(Debug)]
pub struct Fault {
    public: &'static str,
    cause: Box<dyn Error + Send + Sync>,
}

impl Fault {
    /// A fault with its public sentence and its private cause.
    pub fn new(public: &'static str, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { public, cause: cause.into() }
    }

    /// The cause, for the log.
    pub fn cause(&self) -> &(dyn Error + Send + Sync + 'static) {
        self.cause.as_ref()
    }
}

impl Refusal {
    /// Senders drop data on 4xx and resend on 5xx: this match decides what is lost.
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(_) | Self::Invalid { .. } => StatusCode::BAD_REQUEST,
            Self::Unauthenticated | Self::Expired => StatusCode::UNAUTHORIZED,
            Self::Unpermitted { .. }
            | Self::MissingScope(_)
            | Self::Restricted(_)
            | Self::Forbidden(_)
            | Self::QuotaExceeded { .. } => StatusCode::FORBIDDEN,
            Self::Precondition { .. } => StatusCode::PRECONDITION_FAILED,
            Self::UnknownPath | Self::NotFound { .. } => StatusCode::NOT_FOUND,
            Self::WrongMethod(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::AlreadyExists { .. } | Self::Transient { .. } => StatusCode::CONFLICT,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMedia(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Throttled(_) | Self::Cut(..) => StatusCode::TOO_MANY_REQUESTS,
            Self::Unsupported(_) => StatusCode::NOT_IMPLEMENTED,
            Self::Interrupted | Self::Late(_) | Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::BadUpstream(_) => StatusCode::BAD_GATEWAY,
        }
    }

    /// The failure behind it, if it is ours: what the operator wants logged.
    pub const fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Unavailable(fault) | Self::BadUpstream(fault) => Some(fault),
            Self::Malformed(_)
            | Self::Invalid { .. }
            | Self::Unauthenticated
            | Self::Expired
            | Self::Unpermitted { .. }
            | Self::MissingScope(_)
            | Self::Restricted(_)
            | Self::QuotaExceeded { .. }
            | Self::Precondition { .. }
            | Self::Forbidden(_)
            | Self::UnknownPath
            | Self::NotFound { .. }
            | Self::WrongMethod(_)
            | Self::AlreadyExists { .. }
            | Self::Transient { .. }
            | Self::TooLarge(_)
            | Self::UnsupportedMedia(_)
            | Self::Unsupported(_)
            | Self::Interrupted
            | Self::Late(_)
            | Self::Throttled(_)
            | Self::Cut(..) => None,
        }
    }

    /// The refusal of a project that has no Cockpit, or none that the caller may know of.
    pub fn no_cockpit(project: ProjectId) -> Self {
        Self::NotFound { resource: "cockpit", id: project.to_string() }
    }

    /// A refusal because of a state that cannot be, which the log should tell us about.
    pub fn bug(cause: &'static str) -> Self {
        Self::Unavailable(Fault::new("the gateway failed, try again later", cause))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(what) => f.write_str(what),
            Self::Invalid { argument, help, .. } => write!(f, "invalid argument {argument}: {help}"),
            Self::Unauthenticated => f.write_str(
                "no valid token: send one as X-Token, Authorization: Bearer, or the password of Authorization: Basic",
            ),
            Self::Expired => f.write_str("the API key has expired"),
            Self::Unpermitted { action, resource } => write!(f, "the API key may not {action} {resource}"),
            Self::Restricted(how) => f.write_str(how),
            Self::QuotaExceeded { resource, quota, .. } => {
                write!(f, "there are {quota} {resource} already, the most there may be")
            }
            Self::Precondition { help, .. } => f.write_str(help),
            Self::MissingScope(scope) => write!(f, "the token lacks the scope {scope}"),
            Self::UnknownPath => f.write_str("no such path: check the URL for a doubled or missing prefix"),
            Self::NotFound { resource, .. } => write!(f, "{resource} is not found"),
            Self::WrongMethod(_) => f.write_str("this method is not allowed here, see the Allow header"),
            Self::AlreadyExists { resource, .. } => write!(f, "{resource} already exists"),
            Self::Transient { resource, state, .. } => write!(f, "{resource} is {state}, try again in a moment"),
            Self::TooLarge(limit) => write!(f, "the body is larger than {limit} bytes, send smaller batches"),
            Self::UnsupportedMedia(text) | Self::Unsupported(text) | Self::Forbidden(text) => f.write_str(text),
            Self::Interrupted => f.write_str("the request body ended early, send it again"),
            Self::Late(time) => write!(f, "the request body did not arrive in {} s, send it again", time.as_secs()),
            Self::Throttled(throttle) => throttle.fmt(f),
            Self::Cut(_, what) => f.write_str(what),
            Self::Unavailable(fault) | Self::BadUpstream(fault) => f.write_str(fault.public),
        }
    }
}

impl fmt::Display for Throttle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { owner, what, limit, window, current, retry, .. } = self;
        match window {
            0 => write!(f, "the {owner}'s limit of {limit} {what} is reached: {current} are active"),
            _ => write!(
                f,
                "the {owner}'s limit of {limit} {what} in {window} s is reached: {current} are taken, retry in {retry} s"
            ),
        }
    }
}

impl Error for Refusal {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.fault().map(|fault| fault.cause() as &(dyn Error + 'static))
    }
}

impl From<StoreError> for Refusal {
    fn from(cause: StoreError) -> Self {
        Self::Unavailable(Fault::new("the gateway's store is unavailable, try again later", cause))
    }
}

impl From<ConfigError> for Refusal {
    fn from(cause: ConfigError) -> Self {
        Self::Unavailable(Fault::new("the gateway is not configured correctly, try again later", cause))
    }
}

impl From<UpstreamError> for Refusal {
    fn from(cause: UpstreamError) -> Self {
        let public = match cause {
            UpstreamError::TimedOut => "the backend did not answer in time, try again later",
            UpstreamError::Failed(_) => "the backend cannot be reached, try again later",
        };
        Self::Unavailable(Fault::new(public, cause))
    }
}
