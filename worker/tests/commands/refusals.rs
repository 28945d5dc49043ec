//! What goes wrong before anything is sent.

use std::{
	fs::{self, Permissions},
	os::unix::fs::PermissionsExt,
};

use crate::machine::Machine;

/// Nobody listens there.
const NOWHERE: &str = "ws://127.0.0.1:1";

#[test]
fn keys_are_made_once_and_shown() {
	let machine = Machine::new(NOWHERE, "//Alice");
	let made = machine.does("key new");
	assert!(made.contains("made in") && made.contains("worker.key"), "{made}");
	let again = machine.does("key new");
	assert!(again.contains("was there") && !again.contains("made in"), "{again}");
	for name in ["worker.key", "endpoint.key"] {
		let mode = fs::metadata(machine.file("data/keys").join(name)).unwrap().permissions().mode();
		assert_eq!(mode & 0o777, 0o600, "{name}");
	}
	assert!(!machine.file("data/keys/provider.key").exists(), "nobody asked for it");

	let shown = machine.json("key show");
	assert!(made.contains(shown["worker"].as_str().unwrap()), "{shown}");
	assert!(made.contains(shown["endpoint"].as_str().unwrap()), "{shown}");
	assert_eq!(shown["provider"], "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY");

	// A stored key of the provider is made on demand, and is the one that signs if nobody names another.
	let own = Machine::new(NOWHERE, "");
	assert_eq!(own.json("key show")["provider"], serde_json::Value::Null);
	let made = own.does("key new --provider");
	let provider = own.json("key show")["provider"].as_str().unwrap().to_string();
	assert!(made.contains(&provider) && made.contains("Keep a copy"), "{made}");
}

#[test]
fn keys_that_cannot_be_used_are_named() {
	let machine = Machine::new(NOWHERE, "");
	let complaint = machine.fails("provider withdraw");
	assert!(complaint.contains("--provider-key FILE"), "{complaint}");
	let complaint = machine.fails("provider withdraw --provider-key no/such.key");
	assert!(complaint.contains("There is no key in no/such.key"), "{complaint}");
	for text in ["nothing that is a phrase", ""] {
		machine.write("my.key", text);
		let complaint = machine.fails("provider withdraw --provider-key my.key");
		assert!(complaint.contains("my.key holds no key"), "{complaint}");
	}
	let complaint = machine.fails("provider withdraw --provider-key .");
	assert!(complaint.contains("cannot be read"), "{complaint}");
	machine.write("my.key", "//Alice");
	fs::set_permissions(machine.file("my.key"), Permissions::from_mode(0o644)).unwrap();
	let complaint = machine.fails("provider withdraw --provider-key my.key");
	assert!(complaint.contains("chmod 600 my.key"), "{complaint}");
	// A secret phrase is not taken where `ps` shows it.
	let phrase = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";
	let mut command = machine.command("provider withdraw --provider-key");
	let output = command.arg(phrase).output().unwrap();
	let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
	assert!(complaint.contains("can be read by others"), "{complaint}");
	assert!(!complaint.contains("bottom"), "{complaint}");
}

#[test]
fn without_a_node_every_command_says_so_and_what_to_do() {
	let machine = Machine::new(NOWHERE, "//Alice");
	for command in ["status", "model list", "provider withdraw", "shares show", "claim 0"] {
		let complaint = machine.fails(command);
		assert!(complaint.contains("No node answers at ws://127.0.0.1:1"), "{complaint}");
		assert!(complaint.contains("Start one there"), "{complaint}");
	}
	let complaint = machine.fails("status --node 127.0.0.1:9944");
	assert!(complaint.contains("is not the address of a node"), "{complaint}");
	assert!(!machine.file("data/genesis").exists(), "the data belongs to no chain yet");
}

#[test]
fn what_is_malformed_is_refused_before_anybody_is_asked() {
	let machine = Machine::new(NOWHERE, "//Alice");
	let usage = |arguments: &str| {
		let output = machine.command(arguments).output().unwrap();
		assert_eq!(output.status.code(), Some(2), "{arguments}");
		String::from_utf8_lossy(&output.stderr).into_owned()
	};
	let complaint = usage("provider bond-more 1e3");
	assert!(complaint.contains("`1e3` is no amount of CRN"), "{complaint}");
	let complaint = usage("provider bond-more 0.0000000000001");
	assert!(complaint.contains("12 decimals"), "{complaint}");
	let complaint = usage("model propose --spec spec.json --royalty 101");
	assert!(complaint.contains("no percentage"), "{complaint}");
	let complaint = usage("provider register --bond 100 --address somewhere:4001");
	assert!(complaint.contains("somewhere:4001"), "{complaint}");

	let complaint = machine.fails("provider register --bond 100");
	assert!(complaint.contains("Nobody could reach this machine"), "{complaint}");
	let complaint = machine.fails("provider register --bond 100 --address 0.0.0.0:4001");
	assert!(complaint.contains("`0.0.0.0:4001` cannot be reached"), "{complaint}");
	let complaint = machine.fails("model propose --spec spec.json");
	assert!(complaint.contains("cannot read spec.json"), "{complaint}");
	machine.write("spec.json", "{\"stages\": 3}");
	let complaint = machine.fails("model propose --spec spec.json");
	assert!(complaint.contains("spec.json is no spec of a model"), "{complaint}");
	machine.write("data.toml", "nod = \"ws://127.0.0.1:1\"");
	let complaint = machine.fails("status --config data.toml");
	assert!(complaint.contains("data.toml is not understood"), "{complaint}");
}
