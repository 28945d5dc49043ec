//! What view functions answer.

use crate::{mock::*, Standing, Status};
use frame_support::assert_ok;

#[test]
fn status_tells_everything_about_an_account() {
	ExtBuilder::default().build_and_execute(|| {
		queued(20);
		queued(21);
		assert_ok!(report(2, 1, percent(50), None));

		assert_eq!(Validators::status(30), None);
		assert_eq!(
			Validators::status(21),
			Some(Standing {
				bond: BOND,
				status: Status::Queued,
				ahead_in_queue: Some(1),
				validating: false,
				disabled: false,
			})
		);
		assert_eq!(
			Validators::status(2),
			Some(Standing {
				bond: BOND / 2,
				status: Status::Ejected { fraction: percent(50) },
				ahead_in_queue: None,
				validating: true,
				disabled: true,
			})
		);
	});
}

#[test]
fn a_validator_of_the_next_session_does_not_validate_yet() {
	ExtBuilder::default().build_and_execute(|| {
		queued(20);
		roll_sessions(1);
		let standing = Validators::status(20).unwrap();
		assert_eq!((standing.status, standing.validating), (Status::Active, false));
		assert!(!Validators::active().contains(&20));
		roll_sessions(1);
		assert!(Validators::status(20).unwrap().validating);
		assert!(Validators::active().contains(&20));
	});
}

#[test]
fn active_and_queue_list_accounts_in_order() {
	ExtBuilder::default().build_and_execute(|| {
		queued(21);
		queued(20);
		assert_eq!(Validators::queue(), vec![21, 20]);
		assert_eq!(Validators::active(), (1..=8).collect::<Vec<_>>());
	});
}
