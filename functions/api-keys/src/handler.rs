//! Creating, listing, showing and revoking API keys.

use cockpit_api::{ApiKeyList, ApiKeyRequest, BY_ACCESS_KEY, CreateApiKey, Query, body};
use cockpit_core::{Body, Operation, Ports, Refusal, ports::Random};
use cockpit_gate::{Call, json};
use cockpit_manage::{Kind, Manage, done, new_id};
use cockpit_state::{ApiKey, NewApiKey, SecretHash, api_keys};
use http::Response;
use sha2::{Digest, Sha256};

const API_KEY: Kind = Kind { resource: "api_key", most: api_keys::MOST };

/// The characters of an access key.
const ALPHABET: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// Serves the rows of this function.
pub async fn handle(mut call: Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    match call.route.operation {
        Operation::CreateApiKey => create(&mut call).await,
        Operation::ListApiKeys => list(&call).await,
        Operation::GetApiKey => get(&call).await,
        Operation::DeleteApiKey => delete(&call).await,
        _ => Err(call.misrouted()),
    }
}

async fn create(call: &mut Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let asked = body::<CreateApiKey>(&call.read().await?)?.checked(call.ports.now())?;
    let ApiKeyRequest { projects, default, description, writes, expires_at } = asked;
    let (access_key, secret) = (access_key(call.ports), new_id(call.ports).to_string());
    for project in &projects {
        call.note(*project, &access_key).await?;
    }
    let hash = SecretHash(Sha256::digest(secret.as_bytes()).into());
    let new = NewApiKey { access_key, description, projects, default, writes, expires_at, secret: hash };
    let key = API_KEY.created(api_keys::create(call.ports, new).await?, None)?;
    json(&cockpit_api::ApiKey::new(&key, Some(&secret)))
}

async fn list(call: &Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let query = Query::parse(call.query());
    let (page, order) = (query.page()?, query.order(BY_ACCESS_KEY)?);
    let mut all = api_keys::list(call.ports).await?;
    order.sort(&mut all, |key| &key.access_key);
    let total_count = all.len();
    json(&ApiKeyList {
        total_count,
        api_keys: page.of(all).iter().map(|key| cockpit_api::ApiKey::new(key, None)).collect(),
    })
}

async fn get(call: &Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    json(&cockpit_api::ApiKey::new(&find(call).await?, None))
}

async fn delete(call: &Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let key = find(call).await?;
    for project in key.projects() {
        call.note(project, &key.access_key).await?;
    }
    api_keys::delete(call.ports, &key).await?;
    Ok(done())
}

async fn find(call: &Call<'_, impl Ports>) -> Result<ApiKey, Refusal> {
    let access_key = call.param("access_key")?;
    API_KEY.found(api_keys::find(call.ports, access_key).await?, access_key)
}

/// `SCW` and 17 letters or digits, as the official clients insist. It is no secret.
fn access_key(random: &impl Random) -> String {
    let bytes = random.bytes().into_iter().chain(random.bytes());
    let letters = bytes.take(17).filter_map(|byte| ALPHABET.get(usize::from(byte) % ALPHABET.len()));
    letters.fold("SCW".to_owned(), |key, letter| key + char::from(*letter).encode_utf8(&mut [0; 4]))
}
