//! The failures that users meet, as `docs/failures.md` shows them: each with what happened and what to do.

use std::{
	env, fs,
	io::{BufRead, BufReader},
	net::UdpSocket,
	os::unix::process::CommandExt,
	path::{Path, PathBuf},
	process::{Command, Output, Stdio},
	sync::mpsc,
	thread,
	time::Duration,
};

use cairn_engine::Shard;
use cairn_primitives::ModelSpec;
use serde_json::Value;

use crate::{machine::Machine, node::Node, other_runtime};

/// How long a running worker may take to say something.
const PATIENCE: Duration = Duration::from_secs(240);
/// A library that sets the clock of a process an hour ahead.
const CLOCK: &str = "
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t clock, struct timespec *now) {
	int failed = syscall(SYS_clock_gettime, clock, now);
	if (clock == CLOCK_REALTIME) now->tv_sec += 3600;
	return failed;
}
";
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/failures.md");

/// A transcript, in Markdown.
struct Transcript {
	text: String,
	node: String,
}

impl Transcript {
	/// Run a command that must fail, and write down what it says. Folders and ports of the test become a user's.
	fn fails(&mut self, title: &str, machine: &Machine, arguments: &str) {
		self.fails_as(title, machine, arguments, |command| command);
	}

	fn fails_as(
		&mut self,
		title: &str,
		machine: &Machine,
		arguments: &str,
		change: impl FnOnce(&mut Command) -> &mut Command,
	) {
		let mut command = machine.command(arguments);
		let Output { status, stderr, .. } = change(&mut command).output().unwrap();
		let errors = String::from_utf8(stderr).unwrap();
		assert_eq!(status.code(), Some(1), "{title}: {errors}");
		let said = errors.lines().last().unwrap_or_default();
		assert!(said.starts_with("error: "), "{title}: {errors}");
		self.show(title, machine, arguments, said);
	}

	/// Run a worker until its log warns so, and write that down.
	fn warns(
		&mut self,
		title: &str,
		machine: &Machine,
		arguments: &str,
		beginning: &str,
		change: impl FnOnce(&mut Command) -> &mut Command,
	) {
		let mut command = machine.command(&format!("{arguments} --log-format json"));
		let mut worker = change(&mut command).stderr(Stdio::piped()).spawn().unwrap();
		let lines = BufReader::new(worker.stderr.take().unwrap()).lines();
		let (tell, told) = mpsc::channel();
		let beginning = beginning.to_string();
		// To the end of the log: a worker that nobody listens to would be stopped.
		thread::spawn(move || {
			let mut log = String::new();
			for line in lines.map_while(Result::ok) {
				let event: Value = serde_json::from_str(&line).unwrap_or_default();
				let words = event["message"].as_str().unwrap_or_default();
				if event["level"] == "WARN" && words.starts_with(&beginning) {
					let _ = tell.send(Ok(words.to_string()));
				}
				log += &format!("{line}\n");
			}
			let _ = tell.send(Err(log));
		});
		let said = told.recv_timeout(PATIENCE);
		worker.kill().unwrap();
		worker.wait().unwrap();
		let said = match said {
			Ok(said) => said,
			// The log, now that it has ended.
			Err(_) => told.recv().unwrap(),
		};
		let said = said.unwrap_or_else(|log| panic!("{title} is not said:\n{log}"));
		self.show(title, machine, arguments, &format!("WARN {said}"));
	}

	fn show(&mut self, title: &str, machine: &Machine, arguments: &str, said: &str) {
		let home = machine.file("").display().to_string();
		let clean = |text: &str| {
			let text = text.replace(&home, "/home/you/").replace(&self.node, "ws://127.0.0.1:9944");
			without_chance(&text)
		};
		let shown = format!("$ cairn-worker {}\n{}", clean(arguments), clean(said));
		self.text.push_str(&format!("\n## {title}\n\n```text\n{shown}\n```\n"));
	}
}

/// Build the library that sets clocks.
fn another_clock(machine: &Machine) -> PathBuf {
	let (source, library) = (machine.file("clock.c"), machine.file("clock.so"));
	fs::write(&source, CLOCK).unwrap();
	let mut compiler = Command::new("cc");
	compiler.args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source);
	assert!(compiler.status().unwrap().success());
	library
}

/// A text without what is another from run to run: names of temporary files, hashes, and what of an amount depends on weights.
fn without_chance(text: &str) -> String {
	let mut words = Vec::new();
	for word in text.split(' ') {
		let is_temporary = word.contains("/.dataset-") || word.contains("/.tmp");
		let hash = word.find("0x").filter(|at| word.len() >= at + 2 + 64);
		words.push(match (hash, word.split_once('.')) {
			_ if is_temporary => {
				let folder = word.split("/.").next().unwrap_or_default();
				let end = word.trim_end_matches(|char: char| !char.is_alphanumeric()).len();
				format!("{folder}/…{}", &word[end..])
			},
			(Some(at), _) => format!("{}0x…{}", &word[..at], &word[at + 66..]),
			(_, Some((whole, fraction))) if fraction.len() > 3 && is_number(whole, fraction) => {
				format!("{whole}.{}…", &fraction[..3])
			},
			_ => word.to_string(),
		});
	}
	words.join(" ")
}

fn is_number(whole: &str, fraction: &str) -> bool {
	[whole, fraction].iter().all(|part| part.chars().all(|char| char.is_ascii_digit()))
}

/// Let a command write no file longer than a page: as good as a full disk.
fn on_a_full_disk(command: &mut Command) -> &mut Command {
	#[allow(unsafe_code)]
	// SAFETY: between fork and exec a signal is ignored and a limit set, nothing else.
	unsafe {
		command.pre_exec(|| {
			libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
			let limit = libc::rlimit { rlim_cur: 4096, rlim_max: 4096 };
			libc::setrlimit(libc::RLIMIT_FSIZE, &limit);
			Ok(())
		})
	}
}

/// Change a byte amid a file.
fn damage(path: &Path) {
	let mut bytes = fs::read(path).unwrap();
	let middle = bytes.len() / 2;
	bytes[middle] ^= 1;
	fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn failures_are_told_as_the_guide_shows_them() {
	let node = Node::start().await;
	let url = node.url();
	let machine = Machine::new(&url, "//Alice");
	let mut told = Transcript {
		text: "# Failures\n\nWhat `cairn-worker` says when something is in the way. A test runs these commands and compares.\n".into(),
		node: url.clone(),
	};

	let lonely = Machine::new("ws://127.0.0.1:1", "//Alice");
	told.fails("No node", &lonely, "status");
	let other = Machine::new(&url, "//Alice");
	fs::create_dir_all(other.file("data")).unwrap();
	fs::write(other.file("data/genesis"), format!("0x{}", "11".repeat(32))).unwrap();
	told.fails("Another chain", &other, "status");
	let address = url.trim_start_matches("ws://").parse().unwrap();
	let changed = format!("ws://{}", other_runtime::before(address));
	told.fails("Another runtime", &Machine::new(&changed, "//Alice"), "status");
	told.fails("No key", &Machine::new(&url, ""), "provider withdraw");
	let register = "provider register --address 127.0.0.1:4001 --bond 20";
	told.fails("A key without funds", &Machine::new(&url, "//Nobody"), register);
	let little = "provider register --address 127.0.0.1:4001 --bond 1";
	told.fails("Too small a bond", &machine, little);
	told.fails("Nobody can reach this machine", &machine, "provider register --bond 20");

	// A dataset and a model.
	let text = "a cairn is a pile of stones that walkers add to\n".repeat(600);
	fs::write(machine.file("text.txt"), text).unwrap();
	let build = "dataset build text.txt --out stones --vocabulary 300 --chunk-tokens 1000";
	told.fails_as("The disk is full", &machine, build, on_a_full_disk);
	let said = machine.does(build);
	let root = said.split('"').find(|part| part.starts_with("0x")).unwrap();
	let mut spec = ModelSpec::example(root.parse().unwrap(), 2, 1);
	spec.architecture.vocabulary = 300;
	let initial = |stage| Shard::initial(&spec, stage).unwrap().root(spec.lanes).unwrap();
	spec.initial = [0, 1].map(initial).to_vec().try_into().unwrap();
	fs::write(machine.file("spec.json"), serde_json::to_string(&spec).unwrap()).unwrap();
	told.fails(
		"A dataset that nobody has registered",
		&machine,
		"model propose --spec spec.json --yes",
	);
	machine.does("dataset register stones");
	machine.does("model propose --spec spec.json --open --yes");

	// The clock is wrong.
	machine.does(register);
	let run = "run --listen 127.0.0.1:0 --dataset stones";
	let clock = another_clock(&machine);
	told.warns("The clock is wrong", &machine, run, "this machine's clock", |command| {
		command.env("LD_PRELOAD", &clock)
	});

	// The neighbour is not there.
	told.fails("No such model", &machine, "provider enlist 7");
	let neighbour = Machine::new(&url, "//Bob");
	neighbour.does("provider register --address 127.0.0.1:4002 --bond 20");
	thread::scope(|both| {
		both.spawn(|| neighbour.does("provider enlist 0"));
		machine.does("provider enlist 0");
	});
	told.warns("A neighbour cannot be reached", &machine, run, "the neighbours", |command| command);

	// Somebody else has the port, and the dataset is damaged.
	let taken = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
	let run = run.replace("127.0.0.1:0", &taken.local_addr().unwrap().to_string());
	told.fails("The port is taken", &machine, &run);
	for any in [taken.local_addr().unwrap().to_string().as_str(), "127.0.0.1:0"] {
		told.text = told.text.replace(any, "127.0.0.1:4001");
	}
	let chunk = fs::read_dir(machine.file("stones/chunks"))
		.unwrap()
		.map(|entry| entry.unwrap().path())
		.min()
		.unwrap();
	damage(&chunk);
	told.fails("A damaged dataset", &machine, "dataset verify stones");

	if env::var_os("UPDATE_TRANSCRIPT").is_some() {
		fs::write(PAGE, &told.text).unwrap();
	}
	let page = fs::read_to_string(PAGE).unwrap_or_default();
	assert_eq!(page, told.text, "run this test with UPDATE_TRANSCRIPT=1, and read what it writes");
}
