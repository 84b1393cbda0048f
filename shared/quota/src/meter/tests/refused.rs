use super::*;

fn bad() -> Result<(), Refusal> {
    Err(Refusal::Malformed("this is no push".into()))
}

#[test]
fn a_push_that_is_refused_makes_nothing_active() {
    let fake = Fake::new(&[("quotas", "samples_per_second=5 active_series=200")]);
    assert_eq!(run(push(&fake, 0..60)).unwrap(), 0);
    throttle(run(push(&fake, 60..120)));
    fake.pass(20);
    assert!(matches!(run(push(&fake, 120..260)), Err(Refusal::Malformed(_))), "more than any window has");
    let unread = open(&fake);
    assert_eq!(admitted(&unread, 0, 300..400), 100);
    assert!(run(unread.charge(bad())).is_err());
    drop(unread);
    assert_eq!(open(&fake).active(), 60);
    fake.forget();
    assert_eq!(open(&fake).active(), 60, "nor does the store know of any");
}

#[test]
fn pushes_under_way_take_no_place_twice_and_give_it_back() {
    let fake = Fake::new(&[("quotas", "active_series=100")]);
    let (one, two, three) = (open(&fake), open(&fake), open(&fake));
    assert_eq!(admitted(&one, 0, 0..60), 60);
    assert_eq!(admitted(&two, 0, 0..60), 60, "the same ones need no other places");
    assert_eq!(admitted(&three, 0, 60..160), 40);
    assert_eq!(admitted(&open(&fake), 0, 0..60), 60, "not even when there is no place left");
    run(one.pay(60)).unwrap();
    drop((one, two));
    assert_eq!(open(&fake).active(), 60);
    drop(three);
    assert_eq!(run(push(&fake, 100..140)).unwrap(), 0, "what the third held is free");
    assert_eq!(run(push(&fake, 0..101)).unwrap(), 40);
}

#[test]
fn pushes_under_way_let_no_more_in_unseen_than_one_would() {
    let fake = Fake::new(&[("quotas", "active_series=10000")]);
    run(push(&fake, 0..1)).unwrap();
    let (one, two) = (open(&fake), open(&fake));
    let reads = |meter: &Meter<'_, Fake>, series: std::ops::Range<u64>| {
        fake.kv.take_operations();
        assert_eq!(admitted(meter, 0, series), 100);
        fake.kv.take_operations().reads
    };
    assert_eq!(reads(&one, 100..200), 0);
    assert_eq!(reads(&two, 200..300), 1);
}

#[test]
fn what_was_let_in_before_a_refresh_is_judged_again() {
    let fake = Fake::new(&[("quotas", "active_series=100")]);
    run(push(&fake, 0..10)).unwrap();
    let one = fake.memory.take();
    run(push(&fake, 10..100)).unwrap();
    fake.memory.replace(one);
    fake.pass(1);
    assert_eq!(admitted(&open(&fake), 0, 200..220), 0);
}

#[test]
fn what_was_read_under_another_key_is_not_marked() {
    let fake = Fake::new(&[]);
    run(push(&fake, 0..1)).unwrap();
    let meter = open(&fake);
    assert_eq!(admitted(&meter, 0, 0..50), 50);
    budgets::lose_key(&fake);
    let one = fake.memory.take();
    run(push(&fake, 1_000..1_001)).unwrap();
    fake.memory.replace(one);
    fake.pass(61);
    run(push(&fake, 1_000..1_001)).unwrap();
    run(meter.pay(50)).unwrap();
    assert_eq!(open(&fake).active(), 1);
}

#[test]
fn pushes_that_are_bad_count_as_pushes_until_no_more_are_read() {
    let fake = Fake::new(&[("quotas", "metrics_requests_per_second=1")]);
    for _ in 0..20 {
        assert!(matches!(run(open(&fake).charge(bad())), Err(Refusal::Malformed(_))));
    }
    let refused = throttle(run(push(&fake, 0..1)));
    assert_eq!((refused.what, refused.limit), ("pushes", 20));
    fake.pass(30);
    throttle(run(async {
        let meter = Meter::open(&fake, &permit(), Signal::Metrics).await?;
        for _ in 0..21 {
            drop(meter.charge(bad()).await);
        }
        meter.charge(bad()).await.map(|()| 0)
    }));
    let total = used(&fake);
    assert_eq!((total.units, total.requests), (0, 40));
    assert!((20..=40).contains(&total.invalid), "{total:?}");
}

#[test]
fn what_is_not_the_senders_fault_costs_nothing() {
    let fake = Fake::new(&[]);
    let failed = run(open(&fake).charge::<()>(Err(Refusal::bug("ours"))));
    assert!(failed.is_err_and(|refusal| refusal.status().is_server_error()));
    assert_eq!(run(open(&fake).charge(Ok(5))).unwrap(), 5);
    assert_eq!(used(&fake), Usage::default());
}

#[test]
fn what_the_backend_did_not_take_is_there_for_the_next_and_counts_as_a_push() {
    let fake = Fake::new(&[("quotas", "samples_per_second=5 metrics_requests_per_second=1")]);
    for _ in 0..19 {
        let meter = open(&fake);
        run(meter.pay(100)).unwrap();
        meter.refund();
    }
    run(push(&fake, 0..100)).unwrap();
    assert_eq!(throttle(run(push(&fake, 0..1))).what, "pushes");
    assert_eq!((used(&fake).units, used(&fake).requests), (100, 20));
}

#[test]
fn what_was_let_in_without_being_paid_for_is_not_given_back() {
    let fake = Fake::new(&[("quotas", "samples_per_second=5")]);
    run(push(&fake, 0..1)).unwrap();
    fake.kv.fail_after(0);
    let meter = open(&fake);
    run(meter.pay(99)).unwrap();
    meter.refund();
    fake.kv.fail_after(None);
    run(push(&fake, 0..99)).unwrap();
    throttle(run(push(&fake, 0..1)));
}

#[test]
fn what_is_given_back_after_its_window_is_over_adds_nothing_to_the_next() {
    let fake = Fake::new(&[("quotas", "samples_per_second=5")]);
    let meter = open(&fake);
    run(meter.pay(100)).unwrap();
    fake.pass(20);
    run(push(&fake, 0..60)).unwrap();
    meter.refund();
    run(push(&fake, 0..40)).unwrap();
    throttle(run(push(&fake, 0..1)));
}
