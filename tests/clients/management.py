"""Every operation of the management API through the official Python SDK, as its users call it.

    GATEWAY=http://… SECRET=… PROJECT=… DELETING=… ADMIN=… python management.py

Runs on 1.3.0, the last with reset_cockpit_grafana, and on 2.11.0, the last with v1beta1. PROJECT is the key's default;
the Cockpit of DELETING is half removed.
"""
import inspect
import os
from datetime import datetime, timedelta, timezone

from scaleway import Client, ScalewayException
from scaleway.cockpit import v1beta1
from scaleway.iam.v1alpha1 import IamV1Alpha1API

PROJECT = os.environ["PROJECT"]
SECRET = os.environ["SECRET"]


def client(secret):
    return Client(
        access_key="SCW00000000000000000",
        secret_key=secret,
        api_url=os.environ["GATEWAY"],
        default_project_id=PROJECT,
        default_organization_id=PROJECT,
        default_region="fr-par",
    )


class Recorded:
    """The API, with a record of which of its methods were called."""

    def __init__(self, api):
        self.api, self.called = api, set()

    def __getattr__(self, name):
        self.called.add(name)
        return getattr(self.api, name)

    def has(self, name):
        return hasattr(self.api, name)

    def all(self):
        methods = inspect.getmembers(type(self.api), inspect.isfunction)
        return {name for name, _ in methods if not name.startswith("_")}


api = Recorded(v1beta1.CockpitV1Beta1API(client(SECRET)))


def refused(status, kind, call, **arguments):
    """The error of a call that must be refused."""
    try:
        call(**arguments)
    except ScalewayException as error:
        body = error.response.json()
        assert (error.status_code, body.get("type")) == (status, kind), body
        return body
    raise AssertionError(f"{call} was not refused")


# The SDK leaves the project out of bodies: each call is about the key's own.
cockpit = api.activate_cockpit()
assert cockpit.project_id == PROJECT and cockpit.plan.name == "free", cockpit
assert cockpit.created_at.tzinfo and cockpit.endpoints.metrics_url.endswith("/metrics"), cockpit
refused(409, "already_exists", api.activate_cockpit)
assert api.wait_for_cockpit().status == "ready"
assert api.get_cockpit(project_id=PROJECT).managed_alerts_enabled is False
day = timedelta(days=1)
now = datetime.now(timezone.utc)
assert api.get_cockpit_metrics(start_date=now - day, end_date=now, metric_name="pushes").timeseries == []

scopes = v1beta1.TokenScopes(
    query_metrics=True, write_metrics=True, setup_metrics_rules=False, query_logs=False, write_logs=False,
    setup_logs_rules=False, setup_alerts=False, query_traces=False, write_traces=False,
)
tokens = [api.create_token(name=f"token-{number:02}", scopes=scopes) for number in range(60)]
assert tokens[0].secret_key and tokens[0].scopes.write_metrics and not tokens[0].scopes.write_logs
assert api.get_token(token_id=tokens[0].id).secret_key is None
listed = api.list_tokens(page=2, page_size=25, order_by=v1beta1.ListTokensRequestOrderBy.NAME_ASC)
assert (listed.total_count, [token.name for token in listed.tokens][0]) == (60, "token-25"), listed
assert api.list_tokens(page=99).tokens == []
assert [token.id for token in api.list_tokens_all()] == [token.id for token in tokens]
assert len(api.list_tokens_all(order_by=v1beta1.ListTokensRequestOrderBy.CREATED_AT_DESC)) == 60
assert api.delete_token(token_id=tokens[0].id) is None
body = refused(404, "not_found", api.delete_token, token_id=tokens[0].id)
assert (body["resource"], body["resource_id"]) == ("token", tokens[0].id), body
refused(404, "not_found", api.get_token, token_id=PROJECT)
body = refused(409, "transient_state", api.create_token, project_id=os.environ["DELETING"], name="agent")
assert body["current_state"] == "deleting", body
body = refused(400, "invalid_arguments", api.create_token, name="\n")
assert body["details"][0]["argument_name"] == "name", body

kind = v1beta1.DatasourceType.METRICS
# The older SDK knows no default datasource.
default = {"is_default": True} if api.has("list_datasources") else {}
datasource = api.create_datasource(name="mine", type_=kind, **default)
assert datasource.type_ == kind and datasource.url == cockpit.endpoints.metrics_url, datasource
if api.has("list_datasources"):
    api.create_datasource(name="logs", type_=v1beta1.DatasourceType.LOGS, is_default=False)
    assert api.list_datasources(types=[kind, v1beta1.DatasourceType.TRACES]).total_count == 1
    assert api.list_datasources(is_managed_by_scaleway=True).datasources == []
    names = [each.name for each in api.list_datasources_all(order_by="name_asc", is_managed_by_scaleway=False)]
    assert names == ["logs", "mine"], names
    assert api.delete_datasource(datasource_id=datasource.id) is None
    refused(404, "not_found", api.delete_datasource, datasource_id=datasource.id)

# The SDK of 2.x cannot write its own ContactPointEmail as JSON; a dictionary it can, which that of 1.x cannot.
email = {"to": "ops@example.org"} if api.has("list_datasources") else v1beta1.ContactPointEmail(to="ops@example.org")
point = v1beta1.ContactPoint(email=email)
assert api.create_contact_point(contact_point=point).email.to == "ops@example.org"
points = api.list_contact_points()
assert (points.total_count, points.has_additional_receivers) == (1, False), points
assert [each.email.to for each in api.list_contact_points_all()] == ["ops@example.org"]
assert api.delete_contact_point(contact_point=point) is None
refused(404, "not_found", api.delete_contact_point, contact_point=point)

for switch, on in [(api.enable_managed_alerts, True), (api.enable_managed_alerts, True), (api.disable_managed_alerts, False)]:
    switch()
    assert api.get_cockpit().managed_alerts_enabled is on
assert api.trigger_test_alert() is None

user = api.create_grafana_user(login="ada", role=v1beta1.GrafanaUserRole.EDITOR)
assert (user.id, user.role, len(user.password)) == (2, "editor", 16), user
refused(409, "already_exists", api.create_grafana_user, login="ada", role="viewer")
refused(400, "invalid_arguments", api.create_grafana_user, login="admin", role="viewer")
assert api.reset_grafana_user_password(grafana_user_id=2).password not in ("", user.password)
assert api.list_grafana_users().grafana_users[0].password == ""
api.create_grafana_user(login="bob", role="viewer")
logins = [each.login for each in api.list_grafana_users_all(order_by="login_desc")]
assert logins == ["bob", "ada"], logins
assert api.delete_grafana_user(grafana_user_id=2) is None
refused(404, "not_found", api.delete_grafana_user, grafana_user_id=2)
if api.has("reset_cockpit_grafana"):
    assert api.reset_cockpit_grafana().status == "ready"
    assert api.list_grafana_users_all() == []

plans = api.list_plans_all()
assert [plan.name for plan in plans] == ["custom", "free", "premium"], plans
assert api.list_plans(order_by="name_desc", page=1, page_size=1).plans[0].name == "premium"
premium = plans[2]
assert (premium.retention_metrics_interval, premium.retention_price) == ("31536000s", 29), premium
api.select_plan(plan_id=premium.id)
assert api.get_cockpit().plan.name == "premium"
refused(404, "not_found", api.select_plan, plan_id="expert")

if api.has("list_grafana_product_dashboards"):
    dashboards = api.list_grafana_product_dashboards(tags=["ingest"])
    assert dashboards.total_count == 1 and api.list_grafana_product_dashboards(tags=["x"]).dashboards == []
    name = api.list_grafana_product_dashboards_all()[0].dashboard_name
    assert api.get_grafana_product_dashboard(dashboard_name=name).title == "Ingest"
    refused(404, "not_found", api.get_grafana_product_dashboard, dashboard_name="nothing")

# Somebody else's, nobody's, and what a key may do.
other = "08080808-0808-0808-0808-080808080808"
body = refused(404, "not_found", api.get_cockpit, project_id=other)
assert (body["resource"], body["resource_id"]) == ("cockpit", other), body
refused(401, "denied_authentication", v1beta1.CockpitV1Beta1API(client(other)).get_cockpit)
iam = IamV1Alpha1API(client(os.environ["ADMIN"]))
refused(403, "permissions_denied", IamV1Alpha1API(client(SECRET)).list_api_keys)
key = iam.create_api_key(description="python", default_project_id=PROJECT, expires_at=now + day)
assert key.access_key.startswith("SCW") and key.expires_at > now, key
assert iam.get_api_key(access_key=key.access_key).secret_key is None
assert key.access_key in [each.access_key for each in iam.list_api_keys_all()]
assert v1beta1.CockpitV1Beta1API(client(key.secret_key)).get_cockpit().project_id == PROJECT
iam.delete_api_key(access_key=key.access_key)
refused(401, "denied_authentication", v1beta1.CockpitV1Beta1API(client(key.secret_key)).get_cockpit)

assert api.deactivate_cockpit().status == "deleting"
refused(404, "not_found", api.deactivate_cockpit)
refused(404, "not_found", api.get_cockpit)
missed = api.all() - api.called
assert not missed, f"not called: {missed}"
print(f"{len(api.called)} methods called")
