//! Creating, listing, showing and revoking tokens.

use cockpit_api::{CreateToken, ListTokens, Order, TokenList, body};
use cockpit_auth::Secret;
use cockpit_core::{
    Body, Operation, Ports, Refusal,
    ports::{Kv, Random},
    project::parse_uuid,
};
use cockpit_gate::{Call, json};
use cockpit_state::{NewToken, Token, cockpits, tokens};
use http::{Response, StatusCode};
use uuid::{Builder, Uuid};

/// Serves the rows of this function.
pub async fn handle(mut call: Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    match call.route.operation {
        Operation::CreateToken => create(&mut call).await,
        Operation::ListTokens => list(&call).await,
        Operation::GetToken => get(&call).await,
        Operation::DeleteToken => delete(&call).await,
        _ => Err(call.misrouted()),
    }
}

async fn create(call: &mut Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let (project, name, scopes) = body::<CreateToken>(&call.read().await?)?.checked()?;
    let secret = Secret::generate(call.ports);
    let new = NewToken { id: new_id(call.ports), project, name, scopes, secret: secret.hash() };
    let created = tokens::create(call.ports, new).await?;
    let token = created.ok_or_else(|| Refusal::NotFound { resource: "cockpit", id: project.to_string() })?;
    json(&cockpit_api::Token::new(&token, Some(secret.expose())))
}

async fn list(call: &Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let ListTokens { project, page, order } = ListTokens::parse(call.query())?;
    if cockpits::find(call.ports, project).await?.is_none() {
        return Err(Refusal::NotFound { resource: "cockpit", id: project.to_string() });
    }
    let mut tokens = tokens::list(call.ports, project).await?;
    sort(&mut tokens, order);
    let total_count = tokens.len();
    let tokens = page.of(tokens).iter().map(|token| cockpit_api::Token::new(token, None)).collect();
    json(&TokenList { total_count, tokens })
}

async fn get(call: &Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let token = find(call.ports, call.param("token_id")?).await?;
    json(&cockpit_api::Token::new(&token, None))
}

async fn delete(call: &Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let token = find(call.ports, call.param("token_id")?).await?;
    tokens::delete(call.ports, &token).await?;
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}

async fn find(kv: &impl Kv, id: &str) -> Result<Token, Refusal> {
    let found = match parse_uuid(id) {
        Some(id) => tokens::find(kv, id).await?,
        None => None,
    };
    found.ok_or_else(|| Refusal::NotFound { resource: "token", id: id.to_owned() })
}

fn sort(tokens: &mut [Token], order: Order) {
    match order {
        Order::Oldest => {}
        Order::Newest => tokens.reverse(),
        Order::Name => tokens.sort_by(|a, b| a.name.cmp(&b.name)),
        Order::NameDescending => tokens.sort_by(|a, b| b.name.cmp(&a.name)),
    }
}

fn new_id(random: &impl Random) -> Uuid {
    Builder::from_random_bytes(random.bytes()).into_uuid()
}
