//! Creating, listing, showing, rotating and revoking tokens.

use cockpit_api::{BY_DATE_OR_NAME, CreateToken, Query, RotateToken, Seen, TokenList, TokenRequest, body};
use cockpit_auth::Secret;
use cockpit_core::{Body, Operation, Ports, Refusal, project::parse_uuid};
use cockpit_gate::{Call, json};
use cockpit_manage::{Kind, Manage, Meters, deleting, done, new_id};
use cockpit_state::{
    NewToken, Token,
    tokens::{self, Rotated},
};
use http::Response;

const TOKEN: Kind = Kind { resource: "token", most: tokens::MOST };

/// Serves the rows of this function.
pub async fn handle(mut call: Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    match call.route.operation {
        Operation::CreateToken => create(&mut call).await,
        Operation::ListTokens => list(&call).await,
        Operation::GetToken => get(&call).await,
        Operation::DeleteToken => delete(&call).await,
        Operation::RotateToken => rotate(&mut call).await,
        _ => Err(call.misrouted()),
    }
}

async fn create(call: &mut Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let asked: TokenRequest = body::<CreateToken>(&call.read().await?)?.checked(call.ports.now())?;
    let (project, cockpit) = call.cockpit(asked.project).await?;
    let secret = Secret::generate(call.ports);
    let TokenRequest { name, scopes, expires_at, bounds, .. } = asked;
    let id = new_id(call.ports);
    let new = NewToken { id, project, name, scopes, secret: secret.hash(), expires_at, bounds };
    call.note(project, id).await?;
    let token = TOKEN.created(tokens::create(call.ports, &cockpit, new, &Meters(call.ports)).await?, Some(project))?;
    let seen = Seen { secret: Some(secret.expose()), ..Seen::default() };
    json(&cockpit_api::Token::new(&token, seen, call.ports.now()))
}

async fn list(call: &Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let query = Query::parse(call.query());
    let (page, order) = (query.page()?, query.order(BY_DATE_OR_NAME)?);
    let (project, cockpit) = call.cockpit(query.project()?).await?;
    let mut all = tokens::list(call.ports, project, &cockpit).await?;
    order.sort(&mut all, |token| &token.name);
    let total_count = all.len();
    let mut shown = Vec::new();
    for token in page.of(all) {
        shown.push(show(call.ports, &token, None).await?);
    }
    json(&TokenList { total_count, tokens: shown })
}

async fn get(call: &Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let token = find(call).await?;
    json(&show(call.ports, &token, None).await?)
}

async fn delete(call: &Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let token = find(call).await?;
    call.note(token.project(), token.id()).await?;
    tokens::delete(call.ports, &token, &Meters(call.ports)).await?;
    Ok(done())
}

async fn rotate(call: &mut Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let until = body::<RotateToken>(&call.read().await?)?.until(call.ports.now())?;
    let token = find(call).await?;
    let secret = Secret::generate(call.ports);
    call.note(token.project(), token.id()).await?;
    match tokens::rotate(call.ports, &token, secret.hash(), until).await? {
        Rotated::Done => json(&show(call.ports, &token, Some(secret.expose())).await?),
        Rotated::Gone => TOKEN.found(None, call.param("token_id")?),
        Rotated::NoCockpit => Err(deleting(token.project())),
        Rotated::TooMany => Err(Refusal::Precondition {
            precondition: "resource_still_in_use",
            help: "three earlier secrets of the token still work: wait until one has expired, or create another token",
        }),
    }
}

async fn show(ports: &impl Ports, token: &Token, secret: Option<&str>) -> Result<cockpit_api::Token, Refusal> {
    let used = tokens::last_used(ports, token.id()).await?;
    let rotation = tokens::last_rotation(ports, token.id()).await?;
    Ok(cockpit_api::Token::new(token, Seen { secret, used, rotation }, ports.now()))
}

async fn find(call: &Call<'_, impl Ports>) -> Result<Token, Refusal> {
    let id = call.param("token_id")?;
    let found = match parse_uuid(id) {
        Some(id) => tokens::find(call.ports, id).await?,
        None => None,
    };
    TOKEN.owned(found, |token| call.permit.manages(token.project()), id)
}
