//! Creating, listing and removing Grafana users, and giving them another password.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use cockpit_api::{BY_LOGIN, CreateGrafanaUser, GrafanaUserList, ProjectBody, Query, body};
use cockpit_core::{Body, Operation, Ports, ProjectId, Refusal, ports::Random};
use cockpit_gate::{Call, json};
use cockpit_manage::{Kind, Manage, done};
use cockpit_state::{
    GrafanaUser,
    grafana_users::{self, PasswordHash},
};
use http::Response;
use sha2::{Digest, Sha256};

const USER: Kind = Kind { resource: "grafana_user", most: grafana_users::MOST };

/// Serves the rows of this function.
pub async fn handle(mut call: Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    match call.route.operation {
        Operation::CreateGrafanaUser => create(&mut call).await,
        Operation::ListGrafanaUsers => list(&call).await,
        Operation::DeleteGrafanaUser => delete(&mut call).await,
        Operation::ResetGrafanaUserPassword => reset_password(&mut call).await,
        _ => Err(call.misrouted()),
    }
}

async fn create(call: &mut Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let (named, login, role) = body::<CreateGrafanaUser>(&call.read().await?)?.checked()?;
    let (project, cockpit) = call.cockpit(named).await?;
    let password = Password::generate(call.ports);
    call.note(project, &login).await?;
    let creation = grafana_users::create(call.ports, project, &cockpit, login, role, password.hash()).await?;
    json(&cockpit_api::GrafanaUser::new(&USER.created(creation, Some(project))?, &password.0))
}

async fn list(call: &Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let query = Query::parse(call.query());
    let (page, order) = (query.page()?, query.order(BY_LOGIN)?);
    let (project, cockpit) = call.cockpit(query.project()?).await?;
    let mut all = grafana_users::list(call.ports, project, &cockpit).await?;
    order.sort(&mut all, |user| &user.login);
    let total_count = all.len();
    let grafana_users = page.of(all).iter().map(|user| cockpit_api::GrafanaUser::new(user, "")).collect();
    json(&GrafanaUserList { total_count, grafana_users })
}

async fn delete(call: &mut Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let (project, user) = find(call).await?;
    call.note(project, user.number).await?;
    grafana_users::delete(call.ports, project, &[user]).await?;
    Ok(done())
}

async fn reset_password(call: &mut Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let (project, user) = find(call).await?;
    let password = Password::generate(call.ports);
    call.note(project, user.number).await?;
    let there = grafana_users::change_password(call.ports, &user, password.hash()).await?;
    let user = USER.owned(Some(user), |_| there, call.param("number")?)?;
    json(&cockpit_api::GrafanaUser::new(&user, &password.0))
}

async fn find(call: &mut Call<'_, impl Ports>) -> Result<(ProjectId, GrafanaUser), Refusal> {
    let named = body::<ProjectBody>(&call.read().await?)?.project()?;
    let (project, cockpit) = call.cockpit(named).await?;
    let number = call.param("number")?;
    let found = match number.parse() {
        Ok(number) => grafana_users::find(call.ports, project, &cockpit, number).await?,
        Err(_) => None,
    };
    USER.found(found, number).map(|user| (project, user))
}

/// A password of 96 random bits, in sixteen characters.
struct Password(String);

impl Password {
    fn generate(random: &impl Random) -> Self {
        let bytes = random.bytes();
        Self(URL_SAFE_NO_PAD.encode(bytes.first_chunk::<12>().unwrap_or(&[0; 12])))
    }

    /// What is kept of it. So many random bits need no salt, and no slow hash.
    fn hash(&self) -> PasswordHash {
        PasswordHash(Sha256::digest(self.0.as_bytes()).into())
    }
}
