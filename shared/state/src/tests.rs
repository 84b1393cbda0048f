//! What holds for every kind of entity.

mod at_once;

use crate::{
    api_keys::{self, NewApiKey},
    audit::{self, Action},
    cockpits::{self, Activation},
    contact_points,
    datasources::{self, Kind, NewDatasource},
    grafana_users::{self, PasswordHash, Role},
    *,
};
use cockpit_core::{
    ProjectId,
    ports::{Kv, Random, StoreError},
};
use cockpit_fake::{Fake, at_every_pause, both, paused, run};
use uuid::Uuid;

const PROJECT: ProjectId = ProjectId::from_bytes([7; 16]);

async fn activate(fake: &Fake) -> Result<Activation, StoreError> {
    cockpits::activate(fake, PROJECT, &()).await
}

async fn deactivate(fake: &Fake) -> Result<(), StoreError> {
    let Some(cockpit) = cockpits::find(fake, PROJECT).await? else { return Ok(()) };
    cockpits::deactivate(fake, PROJECT, cockpit, &()).await.map(drop)
}

fn active() -> Fake {
    let fake = Fake::new(&[]);
    run(activate(&fake)).unwrap();
    fake
}

fn cockpit(fake: &Fake) -> Cockpit {
    run(cockpits::find(fake, PROJECT)).unwrap().unwrap()
}

/// Each kind of entity: creates one of this name, and counts what there is.
struct Kept {
    kind: &'static str,
    most: usize,
    create: fn(&Fake, &Cockpit, &str) -> Result<bool, StoreError>,
    count: fn(&Fake) -> usize,
}

fn done<T>(creation: Result<Creation<T>, StoreError>) -> Result<bool, StoreError> {
    creation.map(|creation| creation.done().is_some())
}

const KINDS: &[Kept] = &[
    Kept {
        kind: "contact point",
        most: contact_points::MOST,
        create: |fake, cockpit, name| {
            done(run(contact_points::create(fake, PROJECT, cockpit, format!("{name}@b.example"))))
        },
        count: |fake| run(contact_points::list(fake, PROJECT, &cockpit(fake))).unwrap().len(),
    },
    Kept {
        kind: "grafana user",
        most: grafana_users::MOST,
        create: |fake, cockpit, name| done(run(user_of(fake, cockpit, name))),
        count: |fake| run(grafana_users::list(fake, PROJECT, &cockpit(fake))).unwrap().len(),
    },
    Kept {
        kind: "datasource",
        most: datasources::MOST,
        create: |fake, cockpit, name| {
            let id = Uuid::from_bytes(fake.bytes());
            let new = NewDatasource { id, project: PROJECT, name: name.into(), kind: Kind::Logs, is_default: false };
            done(run(datasources::create(fake, cockpit, new)))
        },
        count: |fake| run(datasources::list(fake, PROJECT, &cockpit(fake))).unwrap().len(),
    },
    Kept {
        kind: "budget",
        most: budgets::MOST,
        create: |fake, cockpit, name| done(run(budget_of(fake, cockpit, name, 1))),
        count: |fake| run(budgets::list(fake, PROJECT, &cockpit(fake))).unwrap().len(),
    },
];

fn labels(team: &str) -> Vec<(String, String)> {
    vec![("team".to_owned(), team.to_owned())]
}

async fn budget(fake: &Fake, team: &str, series: u64) -> Result<Creation<()>, StoreError> {
    let Some(cockpit) = cockpits::find(fake, PROJECT).await? else { return Ok(Creation::NoCockpit) };
    budget_of(fake, &cockpit, team, series).await
}

async fn budget_of(fake: &Fake, cockpit: &Cockpit, team: &str, series: u64) -> Result<Creation<()>, StoreError> {
    let limits = budgets::Limits { series: Some(series), streams: None };
    budgets::set(fake, PROJECT, cockpit, &labels(team), limits).await
}

async fn no_budget(fake: &Fake, team: &str) {
    let cockpit = cockpits::find(fake, PROJECT).await.unwrap().unwrap();
    if let Some(budget) = budgets::find(fake, PROJECT, &cockpit, &labels(team)).await.unwrap() {
        budgets::disarm(fake, &budget).await.unwrap();
        budgets::delete(fake, &budget).await.unwrap();
    }
}

/// The budgets that there are: their teams, and how many series they allow.
fn allowed(fake: &Fake) -> Vec<(String, u64)> {
    let all = run(budgets::list(fake, PROJECT, &cockpit(fake))).unwrap();
    let mut all: Vec<_> =
        all.into_iter().map(|(budget, limits)| (budget.labels[0].1.clone(), limits.series.unwrap())).collect();
    all.sort();
    all
}

async fn user(fake: &Fake, login: &str) -> Result<Creation<GrafanaUser>, StoreError> {
    let Some(cockpit) = cockpits::find(fake, PROJECT).await? else { return Ok(Creation::NoCockpit) };
    user_of(fake, &cockpit, login).await
}

async fn user_of(fake: &Fake, cockpit: &Cockpit, login: &str) -> Result<Creation<GrafanaUser>, StoreError> {
    grafana_users::create(fake, PROJECT, cockpit, login.into(), Role::Viewer, PasswordHash([1; 32])).await
}

#[test]
fn a_project_has_so_many_of_each_and_none_without_a_cockpit() {
    for kept in KINDS {
        let fake = active();
        let cockpit = cockpit(&fake);
        for number in 0..kept.most {
            assert!((kept.create)(&fake, &cockpit, &format!("name-{number}")).unwrap(), "{} {number}", kept.kind);
        }
        assert!(!(kept.create)(&fake, &cockpit, "one-more").unwrap(), "{}", kept.kind);
        assert_eq!((kept.count)(&fake), kept.most);
        run(deactivate(&fake)).unwrap();
        assert!(!(kept.create)(&fake, &cockpit, "late").unwrap(), "{}", kept.kind);
        run(activate(&fake)).unwrap();
        assert!(!(kept.create)(&fake, &cockpit, "later").unwrap(), "{}", kept.kind);
        assert_eq!((kept.count)(&fake), 0, "{}", kept.kind);
    }
}

#[test]
fn a_creation_that_dies_between_two_writes_shows_nothing_and_can_be_repeated() {
    for kept in KINDS {
        for survived in 0.. {
            let fake = active();
            let cockpit = cockpit(&fake);
            fake.kv.die_after(survived);
            let died = (kept.create)(&fake, &cockpit, "name").is_err();
            fake.kv.die_after(None);
            assert_eq!((kept.count)(&fake), usize::from(!died), "{} after {survived}", kept.kind);
            if !died {
                assert!(survived > 2);
                break;
            }
            assert!((kept.create)(&fake, &cockpit, "name").unwrap(), "{} after {survived}", kept.kind);
            fake.pass(700);
            run(deactivate(&fake)).unwrap();
            let counts = |key: &String| ["/next", "/floor", "/numbers"].iter().any(|end| key.ends_with(end));
            let marks = |key: &String| ["cockpit/", "ended/"].iter().any(|mark| key.starts_with(mark));
            let left: Vec<_> = fake.kv.keys().into_iter().filter(|key| !counts(key) && !marks(key)).collect();
            assert_eq!(left, Vec::<String>::new(), "{} after {survived}", kept.kind);
        }
    }
}

#[test]
fn an_address_is_there_once_in_whatever_case() {
    let fake = active();
    let create = |email: &str| run(contact_points::create(&fake, PROJECT, &cockpit(&fake), email.into())).unwrap();
    let find = |email: &str| run(contact_points::find(&fake, PROJECT, &cockpit(&fake), email)).unwrap();
    let point = create("a@b.example").done().unwrap();
    assert_eq!(create("A@B.example"), Creation::Taken);
    assert_eq!(find("A@B.example"), Some(point));
    for _ in 0..100 {
        run(contact_points::delete(&fake, &find("a@b.example").unwrap())).unwrap();
        create("a@b.example").done().unwrap();
        fake.pass(60);
    }
    fake.kv.take_operations();
    assert!(find("a@b.example").is_some());
    assert!(fake.kv.take_operations().reads < 80, "the log does not grow with what comes and goes");
}

#[test]
fn what_a_killed_creation_left_is_removed_by_a_creation_ten_minutes_later() {
    let fake = active();
    fake.kv.die_after(4);
    assert!(run(user(&fake, "ada")).is_err());
    fake.kv.die_after(None);
    let passwords = || fake.kv.keys().iter().filter(|key| key.starts_with("grafana-password/")).count();
    assert_eq!(passwords(), 1, "the crash came after the password was written");
    fake.pass(601);
    run(user(&fake, "eve")).unwrap().done().unwrap();
    assert_eq!(passwords(), 1, "that of the one who is there");
}

#[test]
fn a_login_is_taken_once_and_a_number_never_given_twice() {
    let fake = active();
    let first = run(user(&fake, "ada")).unwrap().done().unwrap();
    assert_eq!(first.number, 2);
    assert_eq!(run(user(&fake, "ada")).unwrap(), Creation::Taken);
    run(grafana_users::delete(&fake, PROJECT, std::slice::from_ref(&first))).unwrap();
    let again = run(user(&fake, "ada")).unwrap().done().unwrap();
    assert!(again.number > first.number);
    let (one, two) = run(both(user(&fake, "eve"), user(&fake, "eve")));
    let created = [one, two].into_iter().filter(|creation| matches!(creation, Ok(Creation::Done(_))));
    assert!(created.count() <= 1);
}

#[test]
fn a_password_can_be_changed_as_long_as_its_user_is_there() {
    let fake = active();
    let user = run(user(&fake, "ada")).unwrap().done().unwrap();
    assert!(run(grafana_users::change_password(&fake, &user, PasswordHash([2; 32]))).unwrap());
    assert_eq!(run(grafana_users::password(&fake, &user)).unwrap(), Some(PasswordHash([2; 32])));
    run(grafana_users::delete(&fake, PROJECT, std::slice::from_ref(&user))).unwrap();
    assert!(!run(grafana_users::change_password(&fake, &user, PasswordHash([3; 32]))).unwrap());
    assert!(fake.kv.keys().iter().all(|key| !key.starts_with("grafana-password/")));
}

#[test]
fn an_api_key_works_until_it_is_revoked() {
    let fake = Fake::new(&[]);
    let new = NewApiKey {
        access_key: "SCWX".into(),
        description: String::new(),
        projects: vec![PROJECT],
        default: PROJECT,
        writes: true,
        expires_at: None,
        secret: SecretHash([5; 32]),
    };
    let key = run(api_keys::create(&fake, new)).unwrap().done().unwrap();
    assert_eq!(run(api_keys::find(&fake, "SCWX")).unwrap(), Some(key.clone()));
    assert_eq!(run(api_keys::list(&fake)).unwrap(), std::slice::from_ref(&key));
    let (held, expires_at) = run(api_keys::holder(&fake, SecretHash([5; 32]))).unwrap().unwrap();
    assert_eq!((held.access_key.as_str(), held.default, expires_at), ("SCWX", PROJECT, None));
    run(api_keys::delete(&fake, &key)).unwrap();
    assert_eq!(run(api_keys::holder(&fake, SecretHash([5; 32]))).unwrap(), None);
    assert!(run(api_keys::list(&fake)).unwrap().is_empty());
}

#[test]
fn the_managed_alerts_are_a_switch_that_goes_with_its_cockpit() {
    let fake = active();
    let is_on = |fake: &Fake| run(choices::has_managed_alerts(fake, PROJECT, &cockpit(fake))).unwrap();
    for on in [true, true, false, true] {
        assert!(run(choices::set_managed_alerts(&fake, PROJECT, &cockpit(&fake), on)).unwrap());
        assert_eq!(is_on(&fake), on);
    }
    let before = cockpit(&fake);
    run(deactivate(&fake)).unwrap();
    assert!(!run(choices::set_managed_alerts(&fake, PROJECT, &before, true)).unwrap());
    run(activate(&fake)).unwrap();
    assert!(!is_on(&fake));
    assert!(!run(choices::set_managed_alerts(&fake, PROJECT, &before, true)).unwrap(), "that Cockpit is gone");
    assert!(!is_on(&fake));
}

#[test]
fn a_budget_is_set_again_in_its_place() {
    let fake = active();
    for (team, series) in [("a", 1), ("b", 2), ("a", 3)] {
        assert_eq!(run(budget(&fake, team, series)).unwrap(), Creation::Done(()));
    }
    assert_eq!(allowed(&fake), [("a".to_owned(), 3), ("b".to_owned(), 2)]);
    run(no_budget(&fake, "a"));
    assert_eq!(allowed(&fake), [("b".to_owned(), 2)]);
}

#[test]
fn a_budget_whose_removal_died_takes_no_room_and_no_labels() {
    let fake = active();
    for number in 0..budgets::MOST {
        run(budget(&fake, &number.to_string(), 1)).unwrap().done().unwrap();
    }
    let disarm = |team: &str| {
        let found = run(budgets::find(&fake, PROJECT, &cockpit(&fake), &labels(team))).unwrap();
        run(budgets::disarm(&fake, &found.unwrap())).unwrap();
    };
    disarm("0");
    assert_eq!(allowed(&fake).len(), budgets::MOST - 1);
    assert_eq!(run(budget(&fake, "new", 2)).unwrap(), Creation::Done(()));
    assert_eq!(run(budget(&fake, "one-more", 2)).unwrap(), Creation::Full(budgets::MOST));
    disarm("new");
    assert_eq!(run(budget(&fake, "new", 3)).unwrap(), Creation::Done(()));
    assert!(allowed(&fake).contains(&("new".to_owned(), 3)));
    let budgets = fake.kv.keys().into_iter().filter(|key| key.starts_with("budget/"));
    assert_eq!(budgets.count(), budgets::MOST);
}

#[test]
fn budgets_that_are_set_at_once_are_all_kept_and_one_that_is_removed_leaves_nothing() {
    let set = async |fake: &Fake, team: &str, series| budget(fake, team, series).await.unwrap().done().unwrap();
    at_every_pause(
        active,
        async |fake| set(fake, "a", 1).await,
        async |fake| set(fake, "b", 2).await,
        |fake, (), ()| assert_eq!(allowed(fake), [("a".to_owned(), 1), ("b".to_owned(), 2)]),
    );
    let with_one = || {
        let fake = active();
        run(set(&fake, "a", 1));
        fake
    };
    for world in [&active as &dyn Fn() -> Fake, &with_one] {
        at_every_pause(
            world,
            async |fake| set(fake, "a", 1).await,
            async |fake| set(fake, "a", 2).await,
            |fake, (), ()| assert!(allowed(fake).len() == 1, "{:?}", allowed(fake)),
        );
    }
    let look = |fake: &Fake| {
        run(no_budget(fake, "a"));
        let left: Vec<_> = fake.kv.keys().into_iter().filter(|key| key.starts_with("budget")).collect();
        assert!(left.iter().all(|key| key.starts_with("budgets/")), "{left:?}");
    };
    let (sets, removes) = (async |fake: &Fake| set(fake, "a", 2).await, async |fake: &Fake| no_budget(fake, "a").await);
    at_every_pause(with_one, sets, removes, |fake, (), ()| look(fake));
    at_every_pause(with_one, removes, sets, |fake, (), ()| look(fake));
}

#[test]
fn a_chosen_plan_is_that_of_one_cockpit() {
    let fake = active();
    let plan = |fake: &Fake| run(choices::plan(fake, PROJECT, &cockpit(fake))).unwrap();
    let before = cockpit(&fake);
    assert!(run(choices::choose_plan(&fake, PROJECT, &before, "premium")).unwrap());
    assert_eq!(plan(&fake).as_deref(), Some("premium"));
    run(deactivate(&fake)).unwrap();
    run(activate(&fake)).unwrap();
    assert!(!run(choices::choose_plan(&fake, PROJECT, &before, "premium")).unwrap());
    assert_eq!(plan(&fake), None);
    assert!(!fake.kv.keys().iter().any(|key| key.starts_with("plan/")));
}

#[test]
fn the_trail_keeps_the_last_actions_newest_first_and_outlives_the_cockpit() {
    let fake = active();
    let note = |resource: &str| {
        let action = Action { actor: "admin", action: "DeleteToken", resource, origin: "192.0.2.1" };
        run(audit::note(&fake, PROJECT, &action)).unwrap();
        fake.pass(1);
    };
    assert!(run(audit::list(&fake, PROJECT)).unwrap().is_empty());
    (0..2 * audit::KEPT + 3).for_each(|number| note(&number.to_string()));
    run(deactivate(&fake)).unwrap();
    let trail = run(audit::list(&fake, PROJECT)).unwrap();
    assert_eq!(trail.len(), usize::try_from(audit::KEPT).unwrap());
    assert_eq!((trail[0].resource.as_str(), trail.last().unwrap().resource.as_str()), ("1002", "503"));
    assert!(trail.is_sorted_by(|a, b| a.at() >= b.at()));
    // A number whose writer died is still held by an entry of the round before, which is none of this one.
    run(fake.increment(&format!("audit/{PROJECT}/next"), 1)).unwrap();
    let trail = run(audit::list(&fake, PROJECT)).unwrap();
    assert_eq!((trail.len(), trail[0].resource.as_str()), (499, "1002"));
}

#[test]
fn a_slow_entry_of_the_trail_takes_no_later_ones_place() {
    let fake = active();
    let note = async |resource| {
        let action = Action { actor: "admin", action: "DeleteToken", resource, origin: "" };
        audit::note(&fake, PROJECT, &action).await.unwrap();
    };
    let later = async {
        for _ in 1..audit::KEPT {
            note("later").await;
        }
        note("last").await;
    };
    paused(note("slow"), 1, later).unwrap();
    assert_eq!(run(audit::list(&fake, PROJECT)).unwrap()[0].resource, "last");
}
