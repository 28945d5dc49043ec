//! Having things done by a real node.

use std::{path::Path, time::Duration};

use crate::node::{key, Node};
use cairn_chain::{calls, Connection, Done, Failure, Key, Request, Submitter, Tips};
use cairn_primitives::Balance;
use tokio::time::{sleep, timeout};

const CRN: Balance = 1_000_000_000_000;
/// For everything that takes some blocks.
const PATIENCE: Duration = Duration::from_secs(120);

fn submitter(connection: &Connection, key: Key, horizon: &Path) -> Submitter {
	let tips = Tips { least: 0, step: 1_000_000, most: CRN };
	Submitter::start(connection.clone(), key, tips, horizon).expect("there is no horizon yet")
}

async fn balance(connection: &Connection, of: &Key) -> Balance {
	connection.state().await.unwrap().balance(&of.account()).await.unwrap()
}

async fn done(submitter: &Submitter, request: impl Into<Request>) -> Result<Done, Failure> {
	timeout(PATIENCE, submitter.submit(request)).await.expect("requests end")
}

#[tokio::test]
async fn requests_are_done_once_and_refusals_have_names() {
	let node = Node::start().await;
	let connection = node.connect().await;
	let (alice, nobody, heir) = (key("Alice"), key("Nobody"), key("Heir"));
	let submitter = submitter(&connection, alice, &node.file("alice.json"));

	// WHEN three transfers and a remark are asked for at once THEN each is done.
	let transfer = || calls::balances::transfer_keep_alive(&heir.account(), 5 * CRN);
	let (first, second, third, remark) = tokio::join!(
		done(&submitter, transfer()),
		done(&submitter, transfer()),
		done(&submitter, transfer()),
		done(&submitter, calls::system::remark(b"hello".to_vec())),
	);
	for result in [first, second, third, remark] {
		assert!(matches!(result, Ok(Done::Included(_))), "{result:?}");
	}
	assert_eq!(balance(&connection, &heir).await, 15 * CRN);

	// WHEN the chain refuses a call THEN its error says what to do.
	let refused = done(&submitter, calls::shards::enlist(99)).await.unwrap_err();
	let Failure::Refused(refusal) = &refused else { panic!("{refused:?}") };
	assert!(refusal.is("shards.UnknownModel"), "{refusal}");
	assert_eq!(
		refusal.to_string(),
		"shards.UnknownModel: There is no such model: look up the number of the model."
	);

	// AND where the state shows that it was done, a refusal is none.
	let request = Request::from(calls::shards::enlist(99)).unless(|_| async { Ok(true) });
	assert!(matches!(done(&submitter, request).await, Ok(Done::Already)));

	// WHEN an account has nothing THEN that is said.
	let poor = self::submitter(&connection, nobody.clone(), &node.file("nobody.json"));
	let failure = done(&poor, calls::system::remark(vec![])).await.unwrap_err();
	assert!(
		matches!(&failure, Failure::BalanceTooLow { account } if *account == nobody.account()),
		"{failure:?}"
	);

	// WHEN there is no time THEN nothing happens.
	let failure = done(&submitter, Request::from(transfer()).until(0)).await.unwrap_err();
	assert!(matches!(failure, Failure::TooLate), "{failure:?}");
	assert_eq!(balance(&connection, &heir).await, 15 * CRN);
}

#[tokio::test]
async fn a_submitter_goes_on_when_the_node_restarts() {
	let mut node = Node::start().await;
	let connection = node.connect().await;
	let heir = key("Heir");
	let submitter = submitter(&connection, key("Alice"), &node.file("alice.json"));
	let transfer = || calls::balances::transfer_keep_alive(&heir.account(), 7 * CRN);
	done(&submitter, transfer()).await.unwrap();

	// WHEN the node dies with a transaction in its pool, and another is asked for while it is gone.
	let (first, second, ()) =
		tokio::join!(done(&submitter, transfer()), done(&submitter, transfer()), async {
			sleep(Duration::from_secs(1)).await;
			node.kill();
			sleep(Duration::from_secs(4)).await;
			node.restart().await;
		});

	// THEN both are done, once each.
	assert!(matches!(first, Ok(Done::Included(_))), "{first:?}");
	assert!(matches!(second, Ok(Done::Included(_))), "{second:?}");
	assert_eq!(balance(&connection, &heir).await, 21 * CRN);
}

#[tokio::test]
async fn what_must_happen_once_happens_once_over_a_restart_of_the_process() {
	let node = Node::start().await;
	let connection = node.connect().await;
	let heir = key("Heir");
	let account = heir.account();
	let request = || {
		let account = account.clone();
		Request::from(calls::balances::transfer_keep_alive(&heir.account(), 3 * CRN)).once().unless(
			move |state| {
				let account = account.clone();
				async move { Ok(state.balance(&account).await? > 0) }
			},
		)
	};

	// GIVEN a process that dies once it has sent a transfer.
	let horizon = node.file("alice.json");
	let first = submitter(&connection, key("Alice"), &horizon);
	let waiting = first.submit(request());
	tokio::select! {
		result = waiting => panic!("it cannot be final so soon: {result:?}"),
		() = until_there(&horizon) => (),
	}
	drop(first);

	// WHEN the next one is asked for the same THEN it happens only once.
	let second = submitter(&connection, key("Alice"), &horizon);
	let result = done(&second, request()).await;
	assert!(matches!(result, Ok(Done::Already)), "{result:?}");
	done(&second, calls::system::remark(vec![])).await.unwrap();
	assert_eq!(balance(&connection, &heir).await, 3 * CRN);
}

/// Waits until something was signed, and a little longer, so that it was sent, too.
async fn until_there(file: &Path) {
	while !file.exists() {
		sleep(Duration::from_millis(20)).await;
	}
	sleep(Duration::from_millis(500)).await;
}
