//! Uploads on their way: checked, held against the limits, forwarded as they came.

use crate::{
    alertmanager,
    rules::{self, GROUPS, RULES_PER_GROUP, Stored},
    yaml::Wrong,
};
use cockpit_core::{Body, ConfigError, Fault, Ports, Refusal, path::decoded, ports::Config};
use cockpit_gate::{CONFIGURATION, Call, Source, ask};
use http::{HeaderMap, Response, StatusCode};

/// The most bytes that the rules of a project may have.
const LIST: usize = 8 << 20;

/// Stores a group of rules in the namespace that the path names.
///
/// How many groups a project has only the backend knows, so it is asked: uploads are rare, and some backends keep no
/// such limit. Two uploads at once may both find room for one.
pub async fn rules(mut call: Call<'_, impl Ports>, source: &Source) -> Result<Response<Body>, Refusal> {
    let body = call.read().await?;
    let name = rules::check(text(&body)?, limit(call.ports, "rules_per_group", RULES_PER_GROUP).await?)?;
    let most = limit(call.ports, "rule_groups", GROUPS).await?;
    let namespace = decoded(call.param("namespace")?).unwrap_or_default();
    if most > 0 && stored(&call, source).await?.is_full(most, &namespace, &name) {
        return Err(Refusal::Malformed(
            format!("the project has {most} groups of rules, the most there may be").into(),
        ));
    }
    call.forward_yaml(source, Body::from_bytes(body)).await
}

/// Stores the Alertmanager configuration of a project.
pub async fn configuration(mut call: Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let body = call.read().await?;
    alertmanager::check(text(&body)?)?;
    call.forward_yaml(&CONFIGURATION, Body::from_bytes(body)).await
}

impl From<Wrong> for Refusal {
    fn from(wrong: Wrong) -> Self {
        Self::Malformed(wrong.to_string().into())
    }
}

fn text(body: &[u8]) -> Result<&str, Refusal> {
    std::str::from_utf8(body).map_err(|error| {
        let line = body.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count() + 1;
        Refusal::Malformed(format!("line {line}: this is not UTF-8").into())
    })
}

/// A limit, where the operator set another one than the plan's; 0 is none.
async fn limit(config: &impl Config, name: &str, usual: usize) -> Result<usize, Refusal> {
    match config.variable(name).await?.as_deref() {
        None | Some("") => Ok(usual),
        Some(text) => text.parse().map_err(|_| ConfigError(format!("{name} must be a number, 0 for none")).into()),
    }
}

/// The groups that the project has.
async fn stored(call: &Call<'_, impl Ports>, source: &Source) -> Result<Stored, Refusal> {
    let (list, _) = call.path.rsplit_once('/').ok_or_else(|| Refusal::bug("an upload without a namespace"))?;
    let target = source.target(call.ports, list, "").await?;
    let backend = source.backend(call.ports).await?;
    let answer = ask(call.ports, &call.permit, &backend, &target, &HeaderMap::new(), LIST).await;
    let answer = answer.map_err(|refusal| match refusal {
        Refusal::TooLarge(_) => Refusal::Malformed("the project has more than 8 MiB of rules, delete some".into()),
        other => other,
    })?;
    match answer.status() {
        StatusCode::OK => {
            let list = std::str::from_utf8(answer.body()).map_err(unreadable)?;
            Stored::parse(list).map_err(unreadable)
        }
        // Loki has no list of nothing.
        StatusCode::NOT_FOUND => Ok(Stored::none()),
        status => Err(unreadable(format!("the backend answered {status}"))),
    }
}

fn unreadable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Refusal {
    Refusal::BadUpstream(Fault::new("the backend does not say which rules there are, try again later", cause))
}
