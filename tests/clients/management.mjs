// Every operation of the management API through the official JavaScript SDK, as its users call it, and every error
// that it has a class for and the gateway gives.
//
//   GATEWAY=http://… SECRET=… READER=… PROJECT=… DELETING=… ADMIN=… MODULES=…/node_modules node management.mjs
//
// PROJECT is the key's default; the Cockpit of DELETING is half removed. The SDK is the last with v1beta1.
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const { Cockpit, Errors, Iam, createClient } = createRequire(`${process.env.MODULES}/`)("@scaleway/sdk");
const { ADMIN, DELETING, GATEWAY, PROJECT, READER, SECRET } = process.env;

const client = (secretKey) =>
  createClient({
    apiURL: GATEWAY,
    accessKey: "SCW00000000000000000",
    secretKey,
    defaultProjectId: PROJECT,
    defaultOrganizationId: PROJECT,
    defaultRegion: "fr-par",
  });
const plain = new Cockpit.v1beta1.API(client(SECRET));
const called = new Set();
const api = new Proxy(plain, { get: (target, name) => (called.add(name), target[name]) });

/** The error of a call that must be refused, which is of this class. */
const refused = async (type, call) => {
  const error = await call().then(() => assert.fail("not refused"), (error) => error);
  assert.ok(error instanceof type, `${error.constructor.name} is no ${type.name}: ${error.message}`);
  return error;
};

const cockpit = await api.activateCockpit();
assert.equal(cockpit.projectId, PROJECT);
assert.ok(cockpit.createdAt instanceof Date && cockpit.plan.retentionLogsInterval === "604800s");
await refused(Errors.AlreadyExistsError, () => api.activateCockpit({ projectId: PROJECT }));
assert.equal((await api.waitForCockpit()).status, "ready");
assert.equal((await api.getCockpit()).managedAlertsEnabled, false);

const scopes = {
  queryMetrics: true, writeMetrics: true, setupMetricsRules: false, queryLogs: false, writeLogs: false,
  setupLogsRules: false, setupAlerts: false, queryTraces: false, writeTraces: false,
};
const token = await api.createToken({ name: "agent", scopes });
assert.ok(token.secretKey.startsWith("ckp_") && token.scopes.writeMetrics && !token.scopes.writeLogs);
assert.equal((await api.getToken({ tokenId: token.id })).secretKey ?? null, null);
for (let number = 1; number < 100; number += 1) await api.createToken({ name: `token-${number}` });
const full = await refused(Errors.QuotasExceededError, () => api.createToken({ name: "one more" }));
assert.deepEqual(full.list, [{ current: 100, quota: 100, resource: "token", scope: { id: PROJECT, kind: "project" } }]);
const all = await api.listTokens({ orderBy: "created_at_asc" }).all();
assert.deepEqual([all.length, new Set(all.map(({ id }) => id)).size, all[0].id], [100, 100, token.id]);
const page = await api.listTokens({ page: 4, pageSize: 30 });
assert.deepEqual([page.totalCount, page.tokens.length], [100, 10]);
assert.deepEqual((await api.listTokens({ page: 99 })).tokens, []);

// What was pushed is what is shown; the points are pairs on the wire.
const push = await fetch(`${GATEWAY}/metrics/api/v1/push`, {
  method: "POST", headers: { "X-Token": token.secretKey }, body: Uint8Array.from([0]),
});
assert.equal(push.status, 200);
const { timeseries } = await api.getCockpitMetrics({ metricName: "pushes", startDate: new Date(0), endDate: new Date() });
assert.equal(timeseries[0].name, "pushes");
assert.ok(timeseries[0].points[0].timestamp instanceof Date, JSON.stringify(timeseries));
assert.ok(timeseries[0].points[0].value >= 1);

await api.deleteToken({ tokenId: token.id });
const gone = await refused(Errors.ResourceNotFoundError, () => api.deleteToken({ tokenId: token.id }));
assert.deepEqual([gone.resource, gone.resourceId], ["token", token.id]);
const invalid = await refused(Errors.InvalidArgumentsError, () => api.createToken({ name: "\n" }));
assert.equal(invalid.details[0].argumentName, "name");

const changing = await refused(Errors.TransientStateError, () => api.createToken({ projectId: DELETING, name: "a" }));
assert.deepEqual([changing.resource, changing.currentState], ["cockpit", "deleting"]);

const datasource = await api.createDatasource({ name: "mine", type: "metrics", isDefault: true });
assert.equal(datasource.url, cockpit.endpoints.metricsUrl);
await api.createDatasource({ name: "logs", type: "logs", isDefault: false });
assert.equal((await api.listDatasources({ types: ["metrics", "traces"] })).totalCount, 1);
assert.equal((await api.listDatasources({ isManagedByScaleway: true })).totalCount, 0);
assert.deepEqual((await api.listDatasources({ orderBy: "name_asc" }).all()).map(({ name }) => name), ["logs", "mine"]);
await api.deleteDatasource({ datasourceId: datasource.id });

const contactPoint = { email: { to: "ops@example.org" } };
assert.equal((await api.createContactPoint({ contactPoint })).email.to, "ops@example.org");
assert.equal((await api.listContactPoints()).hasAdditionalReceivers, false);
assert.equal((await api.listContactPoints().all()).length, 1);
await api.deleteContactPoint({ contactPoint });
await api.enableManagedAlerts();
assert.equal((await api.getCockpit()).managedAlertsEnabled, true);
await api.disableManagedAlerts();
await api.triggerTestAlert();

const user = await api.createGrafanaUser({ login: "ada", role: "editor" });
assert.deepEqual([user.id, user.role, user.password.length], [2, "editor", 16]);
assert.notEqual((await api.resetGrafanaUserPassword({ grafanaUserId: 2 })).password, user.password);
assert.equal((await api.listGrafanaUsers().all())[0].login, "ada");
await api.deleteGrafanaUser({ grafanaUserId: 2 });

const plans = await api.listPlans().all();
assert.deepEqual(plans.map(({ name }) => name), ["custom", "free", "premium"]);
await api.selectPlan({ planId: "premium" });
assert.equal((await api.getCockpit()).plan.name, "premium");
assert.equal((await api.listGrafanaProductDashboards({ tags: ["ingest"] }).all()).length, 1);
assert.equal((await api.getGrafanaProductDashboard({ dashboardName: "ingest" })).title, "Ingest");

// Keys.
const nobody = new Cockpit.v1beta1.API(client("08080808-0808-0808-0808-080808080808"));
const denied = await refused(Errors.DeniedAuthenticationError, () => nobody.getCockpit());
assert.equal(denied.reason, "not_found");
const reader = new Cockpit.v1beta1.API(client(READER));
assert.equal((await reader.getCockpit()).projectId, PROJECT);
const may = await refused(Errors.PermissionsDeniedError, () => reader.createToken({ name: "agent" }));
assert.deepEqual(may.list[0], { action: "write", resource: "cockpit" });
const iam = new Iam.v1alpha1.API(client(ADMIN));
const key = await iam.createAPIKey({ description: "js", defaultProjectId: PROJECT });
assert.equal((await iam.getAPIKey({ accessKey: key.accessKey })).description, "js");
assert.ok((await iam.listAPIKeys().all()).some(({ accessKey }) => accessKey === key.accessKey));
await iam.deleteAPIKey({ accessKey: key.accessKey });
const brief = await iam.createAPIKey({ defaultProjectId: PROJECT, expiresAt: new Date(Date.now() + 1500) });
const briefly = new Cockpit.v1beta1.API(client(brief.secretKey));
let expired;
while (!expired) await briefly.getCockpit().catch((error) => (expired = error));
assert.ok(expired instanceof Errors.DeniedAuthenticationError, expired);
assert.equal(expired.reason, "expired");

// Beyond the SDK's own calls: its client takes any path, and knows the error.
const fresh = (await api.listTokens()).tokens[0];
const rotate = () =>
  client(SECRET).fetch({ method: "POST", path: `/cockpit/v1beta1/tokens/${fresh.id}/rotate`, body: "{}",
    headers: { "Content-Type": "application/json" } });
for (let time = 0; time < 3; time += 1) assert.ok((await rotate()).secret_key.startsWith("ckp_"));
const retiring = await refused(Errors.PreconditionFailedError, rotate);
assert.equal(retiring.precondition, "resource_still_in_use");

assert.equal((await api.deactivateCockpit()).status, "deleting");
const missing = await refused(Errors.ResourceNotFoundError, () => api.getCockpit());
assert.deepEqual([missing.resource, missing.resourceId], ["cockpit", PROJECT]);

const own = Object.keys(plain).filter((name) => typeof plain[name] === "function" && !name.startsWith("pageOf"));
const missed = own.filter((name) => !called.has(name));
assert.deepEqual(missed, [], "not called");
console.log(`${called.size} methods called`);
