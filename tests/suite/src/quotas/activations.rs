//! What is counted is counted for one activation of a project.

use super::*;
use cockpit_fake::paused;

fn call(world: &World, what: &str) -> u16 {
    manage(world, "cockpit", &Method::POST, what, &json!({"project_id": PROJECT})).status
}

/// Pushes a sample of each of these series.
fn push(world: &World, secret: &str, names: &[&str]) {
    let request: Vec<_> = names.iter().flat_map(|name| series(&[("__name__", name)], &[NOW_MILLIS])).collect();
    assert_eq!(push_metrics(world, secret, "/api/v1/push", &request).status, 200);
}

/// Pushes three series with a token that has limits of its own, and returns its secret.
fn use_it(world: &World) -> String {
    let secret = limited(world, &json!({"samples_per_second": 100}));
    push(world, &secret, &["up", "down", "around"]);
    secret
}

/// Three samples were counted, and three series are active, of the one Cockpit that is shown.
fn look(world: &World, secret: &str, context: &str) {
    world.fake.forget();
    let request = series(&[("__name__", "up")], &[NOW_MILLIS]);
    let told = json_of(&push_metrics(world, secret, "/api/v1/push?explain=true", &request));
    let used = told["usage"].as_array().unwrap();
    let of = |owner: &str, what: &str| used.iter().find(|used| used["owner"] == owner && used["what"] == what).unwrap();
    for (owner, what) in [("token", "samples"), ("cockpit", "samples"), ("cockpit", "active series")] {
        assert_eq!(of(owner, what)["used"], 3, "{context}: {what} of the {owner}");
    }
    let all = scrape(world, ("x-auth-token", KEY), "").1;
    let line = format!("cockpit_ingested_samples_total{{project_id=\"{PROJECT}\"}} 3\n");
    assert!(all.contains(&line) && all.matches("cockpit_ingested_samples_total{").count() == 1, "{context}: {all}");
}

#[test]
fn a_deactivation_that_stalls_takes_nothing_from_the_cockpit_that_follows() {
    let mut followed = 0;
    for operations in 1.. {
        let world = World::new();
        use_it(&world);
        let next = async {
            world.fake.pass(121);
            (call(&world, "activate") == 200).then(|| use_it(&world))
        };
        let path = "/cockpit/v1beta1/deactivate".to_owned();
        let (headers, body) = (vec![("x-auth-token", KEY.to_owned())], json!({"project_id": PROJECT}));
        let body = body.to_string().into_bytes();
        let end = Sent { function: "cockpit", method: &Method::POST, path, headers, body };
        let Some((_, secret)) = paused(world.answer(&end), operations, next) else { break };
        if let Some(secret) = secret {
            followed += 1;
            look(&world, &secret, &format!("paused after {operations}"));
        }
    }
    assert!(followed > 100, "{followed}");
}

#[test]
fn what_an_instance_writes_that_does_not_know_that_its_cockpit_has_ended_is_not_the_next_ones() {
    let world = World::with(&[("revocation_seconds", "60")]);
    let old = world.token(&[Scope::WriteMetrics]);
    push(&world, &old, &["a"]);
    assert_eq!((call(&world, "deactivate"), call(&world, "activate")), (200, 200));
    // The instance takes the token for good.
    world.fake.pass(20);
    push(&world, &old, &["a", "b"]);
    let new = use_it(&world);
    look(&world, &new, "what the other wrote");
    assert_eq!((call(&world, "deactivate"), call(&world, "activate"), call(&world, "deactivate")), (200, 200, 200));
    let kept = ["active/", "rate/", "refused/", "settings/", "usage/"];
    let left = world.fake.kv.keys().into_iter().filter(|key| kept.iter().any(|kept| key.starts_with(kept)));
    assert_eq!(left.collect::<Vec<_>>(), Vec::<String>::new());
}
