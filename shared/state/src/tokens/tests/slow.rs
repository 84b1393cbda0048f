//! Calls that take almost as long as a call can.

use super::*;
use cockpit_fake::{begin, go_on_until};

/// Whether a pointer stands under this number of the project's log.
fn is_written(fake: &Fake, number: u64) -> bool {
    fake.kv.keys().contains(&format!("tokens/{PROJECT}/{number}"))
}

#[test]
fn a_creation_beside_one_that_took_long_is_not_taken_for_one_that_died() {
    let fake = active();
    let mut slow = std::pin::pin!(create(&fake, new(&fake)));
    begin(&mut slow, 4);
    fake.pass(599);
    let mut quick = std::pin::pin!(create(&fake, new(&fake)));
    go_on_until(&mut quick, || is_written(&fake, 1));
    let slow = run(slow).unwrap().done().unwrap();
    fake.pass(2);
    let third = made(&fake);
    let quick = run(quick).unwrap().done().unwrap();
    assert!([&slow, &quick, &third].iter().all(|token| ids(&fake).contains(&token.id())));
    assert!(holds(&fake, quick.secret).is_some());
    run(deactivate(&fake, PROJECT)).unwrap();
    assert_eq!(holds(&fake, quick.secret), None);
}

#[test]
fn a_rotation_beside_a_creation_that_took_long_is_revoked_with_its_token() {
    let fake = active();
    let token = made(&fake);
    let mut slow = std::pin::pin!(create(&fake, new(&fake)));
    begin(&mut slow, 4);
    fake.pass(599);
    let mut rotation = std::pin::pin!(rotate(&fake, &token, SecretHash([2; 32]), soon(&fake)));
    go_on_until(&mut rotation, || is_written(&fake, 2));
    assert!(run(slow).unwrap().done().is_some());
    fake.pass(2);
    made(&fake);
    assert_eq!(run(rotation).unwrap(), Rotated::Done);
    run(delete(&fake, &token, &())).unwrap();
    assert_eq!(holds(&fake, [2; 32]), None);
}
