//! Creating, listing and removing datasources.

use cockpit_api::{BY_DATE_OR_NAME, CreateDatasource, DatasourceFilter, DatasourceList, Endpoints, Query, body};
use cockpit_core::{Body, Operation, Ports, Refusal, ports::Config, project::parse_uuid};
use cockpit_gate::{Call, json};
use cockpit_manage::{Kind, Manage, done, new_id};
use cockpit_state::{NewDatasource, datasources};
use http::Response;

const DATASOURCE: Kind = Kind { resource: "datasource", most: datasources::MOST };

/// Serves the rows of this function.
pub async fn handle(mut call: Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    match call.route.operation {
        Operation::CreateDatasource => create(&mut call).await,
        Operation::ListDatasources => list(&call).await,
        Operation::DeleteDatasource => delete(&call).await,
        _ => Err(call.misrouted()),
    }
}

async fn create(call: &mut Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let (named, name, kind, is_default) = body::<CreateDatasource>(&call.read().await?)?.checked()?;
    let (project, cockpit) = call.cockpit(named).await?;
    let id = new_id(call.ports);
    call.note(project, id).await?;
    let new = NewDatasource { id, project, name, kind, is_default };
    let datasource = DATASOURCE.created(datasources::create(call.ports, &cockpit, new).await?, Some(project))?;
    json(&cockpit_api::Datasource::new(&datasource, &endpoints(call.ports).await?))
}

async fn list(call: &Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let query = Query::parse(call.query());
    let (page, order, filter) = (query.page()?, query.order(BY_DATE_OR_NAME)?, DatasourceFilter::parse(&query)?);
    let (project, cockpit) = call.cockpit(query.project()?).await?;
    let mut all = datasources::list(call.ports, project, &cockpit).await?;
    all.retain(|datasource| filter.admits(datasource));
    order.sort(&mut all, |datasource| &datasource.name);
    let (total_count, endpoints) = (all.len(), endpoints(call.ports).await?);
    let shown = page.of(all).iter().map(|each| cockpit_api::Datasource::new(each, &endpoints)).collect();
    json(&DatasourceList { total_count, datasources: shown })
}

async fn delete(call: &Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let id = call.param("datasource_id")?;
    let found = match parse_uuid(id) {
        Some(id) => datasources::find(call.ports, id).await?,
        None => None,
    };
    let datasource = DATASOURCE.owned(found, |found| call.permit.manages(found.project()), id)?;
    call.note(datasource.project(), datasource.id()).await?;
    datasources::delete(call.ports, &datasource).await?;
    Ok(done())
}

async fn endpoints(config: &impl Config) -> Result<Endpoints, Refusal> {
    Ok(Endpoints::new(&config.variable("public_url").await?.unwrap_or_default(), ""))
}
