//! Clients that read and set up, unmodified and from Debian, against real backends: promtool, amtool, and Prometheus
//! itself, which reads remotely and sends alerts.

use super::{
    gateway::Gateway,
    process::{Process, eventually, free_port, fresh_folder, unpacked},
    prometheus::{prometheus, start},
};
use crate::rows::Answer;
use flate2::read::MultiGzDecoder;
use http::Method;
use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    process::Command,
};

/// A release of Prometheus and Alertmanager.
struct Release {
    name: &'static str,
    find: fn(&str) -> PathBuf,
    /// What precedes Alertmanager's own paths.
    prefix: &'static str,
}

const RELEASES: [Release; 2] = [
    Release { name: "older", find: |program| Path::new("/usr/bin").join(program), prefix: "" },
    Release { name: "newer", find: unpacked, prefix: "/alertmanager" },
];

/// Backends of one release, and a gateway before them.
struct World {
    gateway: Gateway,
    /// The gateway's address with a token as the password, as clients without headers write it.
    address: String,
    release: &'static Release,
    _backends: [Process; 2],
}

/// A rule that fires at once, and the one that makes it.
const RULES: &str =
    "groups: [{name: g, interval: 1s, rules: [{record: one, expr: vector(1)}, {alert: Always, expr: one == 1}]}]";

impl World {
    /// Starts one in folders of this name.
    fn start(release: &'static Release, test: &str) -> Self {
        let name = |what: &str| format!("{test}-{what}-{}", release.name);
        let (port, alertmanager) = alertmanager(release, &name("alertmanager"));
        let folder = fresh_folder(&name("rules"));
        let rules = folder.join("rules.yml");
        fs::write(&rules, RULES).unwrap();
        let config = format!(
            "{{global: {{scrape_interval: 1s, evaluation_interval: 1s}}, rule_files: [{}],
               scrape_configs: [{{job_name: self, static_configs: [{{targets: ['127.0.0.1:PORT']}}]}}]}}",
            rules.display()
        );
        let (metrics, prometheus) = prometheus(&(release.find)("prometheus"), &name("prometheus"), &config, &[]);
        let (mimir, alerts) = (format!("http://127.0.0.1:{metrics}"), format!("http://127.0.0.1:{port}"));
        let variables = [
            ("mimir_url", &*mimir),
            ("mimir_query_prefix", ""),
            ("alertmanager_url", &alerts),
            ("alertmanager_prefix", release.prefix),
        ];
        let gateway = Gateway::start(&name("gateway"), &variables);
        assert_eq!(gateway.activate().status, 200);
        let secret = gateway.create_token("reader", &["query_metrics", "setup_alerts"]).text("secret_key");
        let address = gateway.url.replacen("http://", &format!("http://any:{secret}@"), 1);
        Self { gateway, address, release, _backends: [prometheus, alertmanager] }
    }

    fn run(&self, program: &str, arguments: &[&str]) -> String {
        let mut command = Command::new((self.release.find)(program));
        let output = command.args(arguments).output().expect("a client is missing: run scripts/test");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{} {program} {arguments:?}: {output:?}", self.release.name);
        said
    }

    fn promtool(&self, arguments: &[&str]) -> String {
        let url = format!("{}/metrics/prometheus", self.address);
        let arguments: Vec<_> = arguments.iter().map(|argument| argument.replace("URL", &url)).collect();
        self.run("promtool", &arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn amtool(&self, arguments: &[&str]) -> String {
        let url = format!("--alertmanager.url={}/alerts/alertmanager", self.address);
        self.run("amtool", &[&[&*url], arguments].concat())
    }

    /// A GET with the token in a header.
    fn answer(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let (_, secret) = self.address.trim_start_matches("http://").split_once(':').unwrap();
        let token = ("x-token", secret.split('@').next().unwrap());
        let headers: Vec<_> =
            [&[token], headers].concat().iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.gateway.client.send(&Method::GET, &format!("{}{path}", self.gateway.url), &headers, b"")
    }

    /// The text of its answer.
    fn get(&self, path: &str, headers: &[(&str, &str)]) -> String {
        let answer = self.answer(path, headers);
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        String::from_utf8_lossy(&answer.body).into_owned()
    }
}

fn alertmanager(release: &Release, folder: &str) -> (u16, Process) {
    let (folder, port) = (fresh_folder(folder), free_port());
    let file = folder.join("config.yml");
    fs::write(&file, "{route: {receiver: team}, receivers: [{name: team}]}").unwrap();
    let mut command = Command::new((release.find)("prometheus-alertmanager"));
    command.arg(format!("--config.file={}", file.display())).arg(format!("--storage.path={}", folder.display()));
    command.arg(format!("--web.listen-address=127.0.0.1:{port}")).arg("--cluster.listen-address=");
    command.arg(format!("--web.route-prefix={}/", release.prefix));
    (port, start(command, port))
}

#[test]
fn promtool_reads_through_the_gateway() {
    for release in &RELEASES {
        let world = World::start(release, "promtool");
        let instant = ["query", "instant", "URL", "up{job=\"self\"}"];
        eventually("a scrape", || world.promtool(&instant).contains("=> 1 @").then_some(()));
        for (arguments, want) in [
            (&["query", "range", "--step=1s", "URL", "up == 1"][..], "job=\"self\""),
            (
                &["query", "series", "--match=up", "--match={__name__=~\"prometheus_build_i.*\"}", "URL"],
                "prometheus_build_info",
            ),
            (&["query", "labels", "URL", "job"], "self"),
            (&["query", "instant", "-o", "json", "URL", "count_over_time(up[1m])"], "\"job\""),
        ] {
            let said = world.promtool(arguments);
            assert!(said.contains(want), "{} {arguments:?}: {said}", release.name);
        }
        for (path, want) in [
            ("/metrics/prometheus/api/v1/rules?type=alert", "\"name\":\"Always\""),
            ("/prometheus/api/v1/alerts", "\"alertname\":\"Always\""),
            ("/prometheus/api/v1/status/buildinfo", "\"version\""),
            ("/metrics/prometheus/api/v1/metadata?limit=1", "\"success\""),
            ("/metrics/federate?match[]=up&match%5B%5D=one", "up{instance="),
        ] {
            eventually(path, || world.get(path, &[]).contains(want).then_some(()));
        }
        let names = "/prometheus/api/v1/label/__name__/values";
        let (plain, packed) = (world.get(names, &[]), world.answer(names, &[("accept-encoding", "gzip")]));
        assert_eq!(packed.headers["content-encoding"], "gzip");
        let mut unpacked = String::new();
        MultiGzDecoder::new(&packed.body[..]).read_to_string(&mut unpacked).unwrap();
        assert_eq!(unpacked, plain, "an answer that is compressed passes as it is");
    }
}

#[test]
fn amtool_shows_silences_and_alerts_through_the_gateway() {
    for release in &RELEASES {
        let world = World::start(release, "amtool");
        assert!(world.amtool(&["config", "show"]).contains("receiver: team"));
        assert!(world.amtool(&["cluster", "show"]).contains("disabled"));
        world.amtool(&["alert", "add", "alertname=disk", "severity=page", "--annotation=summary=full"]);
        assert!(world.amtool(&["alert", "query", "alertname=disk"]).contains("full"));
        let silence = world.amtool(&["silence", "add", "--author=me", "--comment=later", "alertname=~\"di.k\""]);
        assert!(world.amtool(&["silence", "query"]).contains("later"));
        assert!(!world.amtool(&["alert", "query", "alertname=disk"]).contains("full"));
        world.amtool(&["silence", "expire", silence.trim()]);
        assert!(!world.amtool(&["silence", "query"]).contains("later"));
        assert!(world.amtool(&["alert", "query", "alertname=disk"]).contains("full"));
    }
}

#[test]
fn a_prometheus_reads_remotely_and_sends_alerts_through_the_gateway() {
    for release in &RELEASES {
        let world = World::start(release, "remote");
        let (user, host) = world.address.trim_start_matches("http://").split_once('@').unwrap();
        let secret = user.trim_start_matches("any:");
        let rules = fresh_folder(&format!("remote-sender-rules-{}", release.name)).join("rules.yml");
        fs::write(&rules, RULES.replace("Always", "Sent")).unwrap();
        let config = format!(
            "{{global: {{evaluation_interval: 1s}}, rule_files: [{}],
               remote_read: [{{url: 'http://{host}/metrics/prometheus/api/v1/read', read_recent: true, authorization: {{credentials: '{secret}'}}}}],
               alerting: {{alertmanagers: [{{path_prefix: /alerts/alertmanager, authorization: {{credentials: '{secret}'}}, static_configs: [{{targets: ['{host}']}}]}}]}}}}",
            rules.display()
        );
        let name = format!("remote-sender-{}", release.name);
        let (port, _sender) =
            prometheus(&(release.find)("prometheus"), &name, &config, &["--rules.alert.resend-delay=1s"]);
        let there = format!("http://127.0.0.1:{port}");
        let read = ["query", "instant", &there, "up{job=\"self\"}"];
        eventually("samples of another Prometheus", || world.run("promtool", &read).contains("=> 1 @").then_some(()));
        eventually("an alert", || world.amtool(&["alert", "query"]).contains("Sent").then_some(()));
    }
}
