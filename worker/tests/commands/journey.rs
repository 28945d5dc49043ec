//! A model's and two providers' lives, told by commands alone.

use std::{
	fs, thread,
	time::{Duration, Instant},
};

use cairn_chain::{calls, views::Phase, Connection, Submitter, Tips};
use cairn_primitives::{ModelId, ModelSpec};
use serde_json::Value;
use tokio::time::sleep;

use crate::{
	machine::Machine,
	node::{key, Node},
};

/// A dataset of some text, and a spec of two stages and one lane that names it.
fn prepare(machine: &Machine) {
	let text = "a cairn is a pile of stones that walkers add to\n".repeat(600);
	fs::write(machine.file("text.txt"), text).unwrap();
	let said =
		machine.does("dataset build text.txt --out whale --vocabulary 300 --chunk-tokens 1000");
	let root = said.split('"').find(|part| part.starts_with("0x")).unwrap();
	let mut spec = ModelSpec::example(root.parse().unwrap(), 2, 1);
	spec.architecture.vocabulary = 300;
	machine.write("spec.json", &serde_json::to_string(&spec).unwrap());
	spec.lanes = 0;
	machine.write("wrong.json", &serde_json::to_string(&spec).unwrap());
	spec.lanes = 1;
	spec.dataset = Default::default();
	machine.write("no-data.json", &serde_json::to_string(&spec).unwrap());
}

/// Moves the clock of a model until a window runs.
async fn start_window(node: &Node, connection: &Connection, model: ModelId) {
	let tips = Tips { least: 0, step: 1_000_000, most: 1_000_000_000 };
	let horizon = node.file("charlie.json");
	let charlie = Submitter::start(connection.clone(), key("Charlie"), tips, &horizon).unwrap();
	loop {
		let state = connection.state().await.unwrap();
		match state.clock(model).await.unwrap().unwrap().phase {
			Phase::Running(_) => return,
			Phase::Scheduled { seed_at } if state.height() <= seed_at => {
				sleep(Duration::from_secs(1)).await;
			},
			_ => drop(charlie.submit(calls::shards::poke_window(model)).await.unwrap()),
		}
	}
}

/// Amounts are text, to the last unit.
fn amount(value: &Value) -> f64 {
	value.as_str().unwrap_or_else(|| panic!("{value} is no text")).parse().unwrap()
}

#[tokio::test]
async fn a_model_is_proposed_and_two_providers_take_its_seats() {
	let mut node = Node::start().await;
	let connection = node.connect().await;
	let url = node.url();
	let (alice, bob) = (Machine::new(&url, "//Alice"), Machine::new(&url, "//Bob"));
	prepare(&alice);

	// GIVEN an empty chain
	assert!(alice.does("model list").contains("no model yet"));
	assert_eq!(alice.json("model list"), Value::Array(vec![]));
	assert!(alice.does("status").contains("not registered"));
	assert!(!alice.file("data/genesis").exists(), "who only looks binds its data to no chain");
	nothing_works_yet(&alice, &connection);

	// WHEN a dataset is registered and a model proposed
	let complaint = alice.fails("model propose --spec spec.json --yes");
	assert!(complaint.contains("Nobody has registered the dataset"), "{complaint}");
	assert!(alice.does("dataset register whale --metadata Stones").contains("is registered"));
	assert!(alice.does("dataset register whale").contains("registered already, and yours"));
	assert!(bob
		.fails(&format!("dataset register {}", alice.file("whale").display()))
		.contains("registered already by 5Grwva"));
	assert!(alice.file("data/genesis").exists(), "who signs does so for one chain");
	propose(&alice);

	// THEN everybody sees it
	let listed = bob.json("model list");
	assert_eq!(listed[0]["status"], "proposed");
	assert_eq!(listed[0]["of_seats"], 2);
	assert!(bob.fails("model open 0").contains("Only 5Grwva"));
	assert!(alice.does("model open 0").contains("is open"));
	assert!(alice.fails("model open 0").contains("Model 0 is training"));
	let shown = bob.json("model show 0");
	assert_eq!(
		(shown["status"].as_str(), shown["metadata"].as_str()),
		(Some("training"), Some("Walkers"))
	);
	assert_eq!(shown["terms"]["researcher"], 125_000);
	let spec: ModelSpec = serde_json::from_value(shown["spec"].clone()).unwrap();
	assert_eq!(spec, serde_json::from_slice(&fs::read(alice.file("spec.json")).unwrap()).unwrap());
	let table = bob.does("model list");
	assert!(
		table.contains("2×1") && table.contains("0 of 2") && table.contains("Walkers"),
		"{table}"
	);
	assert!(bob.does("model show 0").contains("vacant"));
	assert!(bob.fails("model show 7").contains("There is no model 7"));

	// WHEN two providers register and enlist
	register(&alice);
	let said = alice.does("provider enlist 0 --no-wait");
	assert!(said.contains("lot can be drawn after block"), "{said}");
	let shown = alice.json("model show 0");
	assert_eq!(shown["clock"], "window 0 waits for 2 vacant seats");
	let other = thread::spawn(move || {
		bob.does("provider register --address 127.0.0.1:4002 --bond 20");
		let (said, waited) = bob.run("provider enlist 0");
		assert!(said.contains("Enlisted for model 0: 10 CRN of the bond answer for it"), "{said}");
		assert!(waited.contains("waiting for block"), "what it waits for is said: {waited}");
		bob
	});
	let said = alice.does("provider enlist 0");
	assert!(said.contains("enlisted for model 0 before"), "{said}");
	assert!(said.contains("Your place in model 0: stage"), "{said}");
	let bob = other.join().unwrap();
	assert!(alice.does("provider enlist 0").contains("You are in model 0 already"));

	// THEN the seats are theirs, and the window shows who works with whom
	start_window(&node, &connection, 0).await;
	the_work_is_seen(&alice, &bob);

	// WHEN somebody who never enlisted goes, it has everything back at once
	let dave = Machine::new(&url, "//Dave");
	dave.does("provider register --relay https://relay.example --bond 10 --fund 0.25");
	assert_eq!(dave.json("status")["worker"]["balance"], "0.25");
	assert!(dave.does("provider deregister").contains("10 CRN are back in your account"));
	assert!(dave.fails("provider show").contains("is not registered"));

	// WHEN one leaves
	leave(&alice);

	// AND the node is gone
	node.kill();
	assert!(alice.fails("status").contains("No node answers"));
}

/// Before anything was done.
fn nothing_works_yet(alice: &Machine, connection: &Connection) {
	for command in ["provider show", "provider enlist 0", "provider withdraw", "provider leave 0"] {
		let complaint = alice.fails(command);
		assert!(complaint.contains("is not registered as a provider"), "{complaint}");
	}
	let complaint = alice.fails("model open 0");
	assert!(complaint.contains("There is no model 0"), "{complaint}");
	assert!(alice.does("shares show").contains("has no shares"));
	let complaint = alice.fails("claim 0");
	assert!(complaint.contains("has nothing to claim of model 0"), "{complaint}");

	// Another chain, by the command line and by the data.
	let zero = format!("0x{}", "0".repeat(64));
	let complaint = alice.fails(&format!("status --data elsewhere --genesis {zero}"));
	assert!(complaint.contains("follows another chain"), "{complaint}");
	assert!(complaint.contains(&format!("{:?}", connection.genesis())), "{complaint}");
	fs::create_dir(alice.file("of-another-chain")).unwrap();
	alice.write("of-another-chain/genesis", &zero);
	let complaint = alice.fails("status --data of-another-chain");
	assert!(complaint.contains("follows another chain"), "{complaint}");
	let asked = format!("status --data of-another-chain --genesis {:?}", connection.genesis());
	let complaint = alice.fails(&asked);
	assert!(complaint.contains("of-another-chain belongs to the chain"), "{complaint}");

	// Amounts that do not suffice.
	let complaint = alice.fails("provider register --address 127.0.0.1:4001 --bond 9.999999999999");
	assert!(complaint.contains("A bond of 9.999999999999 CRN is too small"), "{complaint}");
	assert!(complaint.contains("10 CRN at least"), "{complaint}");
	alice.write("poor.key", "//Nobody");
	let poor =
		"provider register --address 127.0.0.1:4001 --bond 10 --data poor --provider-key poor.key";
	let complaint = alice.fails(poor);
	assert!(complaint.contains("has 0 CRN to spend, and this takes 11."), "{complaint}");
	assert!(complaint.contains("Send it some CRN"), "{complaint}");
}

fn propose(alice: &Machine) {
	let complaint = alice.fails("model propose --spec wrong.json --yes");
	assert!(complaint.contains("wrong.json is not valid (LanesOutOfRange)"), "{complaint}");
	assert!(complaint.contains("lanes must be 1 to 16"), "{complaint}");
	let complaint = alice.fails("model propose --spec no-data.json --yes");
	assert!(complaint.contains("Nobody has registered the dataset 0x0000"), "{complaint}");
	let complaint = alice.fails("model propose --spec spec.json --yes --data-part 41");
	assert!(complaint.contains("ComputeBelowHalf"), "{complaint}");
	let complaint = alice.fails("model propose --spec spec.json --yes --parent 3");
	assert!(complaint.contains("There is no model 3"), "{complaint}");
	let long = format!("model propose --spec spec.json --yes --metadata {}", "a".repeat(257));
	assert!(alice.fails(&long).contains("257 bytes, and the chain takes 256"));
	// Without somebody to ask it shows what it would cost, and does nothing.
	let output = alice.command("model propose --spec spec.json").output().unwrap();
	let said = String::from_utf8_lossy(&output.stdout).into_owned();
	for part in [
		"FLOPs a sample",
		"memory a seat",
		"each way over an edge",
		"minted by the whole schedule",
		"10 CRN of each provider",
		"stealing it",
		"of deposit, held",
	] {
		assert!(said.contains(part), "{part} is missing: {said}");
	}
	let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
	assert!(complaint.contains("add --yes"), "{complaint}");
	assert_eq!(alice.json("model list"), Value::Array(vec![]), "nothing was proposed");
	let said = alice
		.does("model propose --spec spec.json --metadata Walkers --researcher-part 12.5 --yes");
	assert!(said.contains("Model 0 is proposed."), "{said}");
}

fn register(alice: &Machine) {
	let said = alice.does("provider register --address 127.0.0.1:4001 --bond 30.5 --memory 2048");
	assert!(said.contains("with a bond of 30.5 CRN"), "{said}");
	assert!(said.contains("was given 1 CRN for fees"), "{said}");
	let complaint = alice.fails("provider register --address 127.0.0.1:4001 --bond 30");
	assert!(complaint.contains("is registered already"), "{complaint}");
	let taken = "provider register --address 127.0.0.1:4001 --bond 30 --provider-key //Charlie";
	let complaint = alice.fails(taken);
	assert!(complaint.contains("worker key works for 5Grwva"), "{complaint}");
	let complaint = alice.fails("provider enlist 9");
	assert!(complaint.contains("There is no model 9"), "{complaint}");

	// The bond, to the last unit.
	let said = alice.does("provider bond-more 0.000000000001");
	assert!(said.contains("30.500000000001 CRN"), "{said}");
	let complaint = alice.fails("provider unbond 21");
	assert!(complaint.contains("20.500000000001 CRN of the bond is free to unbond"), "{complaint}");
	let complaint = alice.fails("provider withdraw");
	assert!(complaint.contains("begin with `cairn-worker provider unbond"), "{complaint}");
	assert!(alice.does("provider unbond 5.5").contains("5.5 CRN unlock at block"));
	let complaint = alice.fails("provider withdraw");
	assert!(complaint.contains("the next part is 5.5 CRN unlock at block"), "{complaint}");
	assert!(alice
		.does("provider set-endpoint --address 127.0.0.1:4003")
		.contains("127.0.0.1:4003"));
	let shown = alice.json("provider show");
	assert_eq!(shown["addresses"][0], "127.0.0.1:4003");
	assert_eq!(
		(shown["bond"].as_str(), shown["memory_mib"].as_u64()),
		(Some("30.500000000001"), Some(2048))
	);
	assert_eq!(shown["free"], "25.000000000001");
	assert_eq!(shown["worker"], alice.json("key show")["worker"]);
}

fn the_work_is_seen(alice: &Machine, bob: &Machine) {
	let listed = alice.json("model list");
	assert_eq!((listed[0]["seats"].as_u64(), listed[0]["window"].as_u64()), (Some(2), Some(0)));
	let (of_alice, of_bob) = (alice.json("status"), bob.json("status"));
	let place = &of_alice["places"][0];
	assert_eq!(
		(place["place"]["kind"].as_str(), place["window"].as_u64()),
		(Some("seat"), Some(0))
	);
	assert_eq!(
		(place["place"]["lane"].as_u64(), place["attested"].as_bool()),
		(Some(0), Some(false))
	);
	let height = of_alice["chain"]["final"].as_u64().unwrap();
	assert!(place["deadline"].as_u64().unwrap() + 20 > height, "{of_alice}");
	assert_eq!(place["neighbours"][0]["provider"], of_bob["provider"]);
	assert_eq!(place["neighbours"][0]["addresses"][0], "127.0.0.1:4002");
	assert_eq!(of_bob["places"][0]["neighbours"][0]["addresses"][0], "127.0.0.1:4003");
	assert_eq!(of_alice["registration"]["committed"], "10");
	assert_eq!(of_alice["worker"]["works_for"], of_alice["provider"]);
	assert!(amount(&of_alice["registration"]["worker_balance"]) == 1.0);
	assert!(amount(&of_alice["balance"]) > 100.0);
	let screen = alice.does("status");
	for part in ["newest", "1 CRN for fees", "10 CRN committed", "lane 0 in this window", "stream"]
	{
		assert!(screen.contains(part), "{part} is missing: {screen}");
	}
	// The same by account, from a machine without keys.
	let account = of_bob["provider"].as_str().unwrap();
	let nobody = alice.json(&format!("status {account} --data empty"));
	assert_eq!((&nobody["provider"], &nobody["worker"]), (&of_bob["provider"], &Value::Null));
	let shown = alice.does("model show 0");
	assert!(shown.contains(account) && !shown.contains("vacant"), "{shown}");
}

fn leave(alice: &Machine) {
	let complaint = alice.fails("provider settle 0");
	assert!(complaint.contains("still in model 0"), "{complaint}");
	let complaint = alice.fails("provider deregister");
	assert!(complaint.contains("10 CRN of the bond answers for model 0"), "{complaint}");
	let said = alice.does("provider leave 0");
	assert!(said.contains("You leave model 0 when window 0 closes"), "{said}");
	assert!(alice.does("provider leave 0").contains("You leave model 0 already"));
	assert!(alice.does("status").contains("ends with this window (left)"));
	let complaint = alice.fails("provider leave 5");
	assert!(complaint.contains("is not in model 5"), "{complaint}");

	// What was unbonded in the beginning is unlocked by now, or soon.
	let started = Instant::now();
	while alice.json("provider show")["unbonding"][0]["unlock"].as_u64()
		> alice.json("status")["chain"]["final"].as_u64()
	{
		assert!(started.elapsed() < Duration::from_secs(120), "it takes 20 blocks");
		thread::sleep(Duration::from_secs(1));
	}
	assert!(alice.does("provider withdraw").contains("5.5 CRN are back in your account"));
	let shown = alice.json("provider show");
	assert_eq!(shown["bond"], "25.000000000001");
	assert_eq!(shown["unbonding"], Value::Array(vec![]));
}
