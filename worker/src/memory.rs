//! Memory that this process may still take.

use std::{fs, path::Path};

use crate::commands::short;

/// Bytes that this program has in memory beside what the engine plans for: the code that goes to the network and the chain, a part of
/// which is always there.
pub const PROGRAM: u64 = 27 << 20;

/// The files of a control group: its limit, what it has, and what it has and how much of that it gives back by itself, the oldest
/// parts of files.
type Names = [&'static str; 3];

/// Of cgroup v2.
const UNIFIED: Names = ["memory.max", "memory.current", "inactive_file "];
/// Of the memory controller of cgroup v1.
const CONTROLLER: Names =
	["memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file "];

/// Refuse what needs more memory than it may take, before anything is computed.
pub fn check(what: &str, needed: u64, available: u64, advice: &str) -> Result<(), String> {
	match needed <= available {
		true => Ok(()),
		false => Err(format!(
			"{what} needs {} bytes of memory and may take {}: {advice}",
			short(needed as f64),
			short(available as f64)
		)),
	}
}

/// Free memory, in bytes: of the machine, of the control group that a container is, or of the process (`ulimit -v`), whichever is
/// least. All there is where the system does not tell.
pub fn free() -> u64 {
	let read = |file| fs::read_to_string(file).unwrap_or_default();
	let machine = of_machine(&read("/proc/meminfo"));
	let groups = of_groups(&read("/proc/self/cgroup"));
	let process = of_process(&read("/proc/self/limits"), &read("/proc/self/status"));
	[machine, groups, process].into_iter().flatten().min().unwrap_or(u64::MAX)
}

/// Memory that this process has, in bytes, where the system tells.
pub fn resident() -> Option<u64> {
	kibibytes(&fs::read_to_string("/proc/self/status").ok()?, "VmRSS:")
}

/// Give what was freed back to the system: the allocator keeps it by default, and what is larger than any piece of it then comes on
/// top.
#[allow(unsafe_code)]
pub fn give_back() {
	#[cfg(all(target_os = "linux", target_env = "gnu"))]
	// SAFETY: it takes from the allocator what nobody has.
	unsafe {
		libc::malloc_trim(0);
	}
}

fn of_machine(meminfo: &str) -> Option<u64> {
	kibibytes(meminfo, "MemAvailable:")
}

/// What the process's address space has left; `None` where it has no limit.
fn of_process(limits: &str, status: &str) -> Option<u64> {
	let limit = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
	let limit: u64 = limit.split_whitespace().next()?.parse().ok()?; // "unlimited" is no number
	Some(limit.saturating_sub(kibibytes(status, "VmSize:")?))
}

/// The number behind a name, in bytes.
fn kibibytes(text: &str, name: &str) -> Option<u64> {
	let line = text.lines().find_map(|line| line.strip_prefix(name))?;
	let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
	Some(kibibytes << 10)
}

/// What the process's groups and those around them leave; `None` where none is limited.
fn of_groups(groups: &str) -> Option<u64> {
	groups.lines().filter_map(|line| of_tree("/sys/fs/cgroup".as_ref(), line)).min()
}

/// The same of one line: its hierarchy's number, its controllers, the group.
fn of_tree(root: &Path, line: &str) -> Option<u64> {
	let (controllers, own) = line.split_once(':')?.1.split_once(":/")?;
	let (root, names) = match controllers {
		"" => (root.to_path_buf(), UNIFIED),
		_ if controllers.split(',').any(|name| name == "memory") => {
			(root.join("memory"), CONTROLLER)
		},
		_ => return None,
	};
	let folder = root.join(own);
	let around = folder.ancestors().take_while(|folder| folder.starts_with(&root));
	around.filter_map(|folder| of_group(folder, names)).min()
}

fn of_group(folder: &Path, [limit, current, inactive]: Names) -> Option<u64> {
	let number = |file| fs::read_to_string(folder.join(file)).ok()?.trim().parse::<u64>().ok();
	// "max" is no number: no limit.
	let left = number(limit)?.saturating_sub(number(current)?);
	let stat = fs::read_to_string(folder.join("memory.stat")).unwrap_or_default();
	let files = stat.lines().find_map(|line| line.strip_prefix(inactive)?.parse().ok());
	Some(left.saturating_add(files.unwrap_or(0)))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn what_the_machine_has_free_is_in_bytes() {
		assert_eq!(of_machine("MemTotal: 9 kB\nMemAvailable:    2048 kB\n"), Some(2 << 20));
		assert_eq!(of_machine(""), None);
	}

	#[test]
	fn a_process_has_what_its_address_space_leaves() {
		let limits = |limit| {
			format!("Limit  Soft Limit  Hard Limit  Units\nMax address space   {limit}  unlimited  bytes\n")
		};
		let status = "Name: x\nVmSize:\t  2 kB\n";
		assert_eq!(of_process(&limits("unlimited"), status), None);
		assert_eq!(of_process(&limits("5000"), status), Some(5000 - 2048));
		assert_eq!(of_process(&limits("1000"), status), Some(0));
		assert_eq!(of_process("", ""), None);
	}

	#[test]
	fn a_group_leaves_what_it_may_take_and_has_not() {
		for [limit, current, inactive] in [UNIFIED, CONTROLLER] {
			let names = [limit, current, inactive];
			let folder = tempfile::tempdir().unwrap();
			assert_eq!(of_group(folder.path(), names), None);
			fs::write(folder.path().join(current), "1000\n").unwrap();
			for (most, free) in [("max\n", None), ("3000\n", Some(2000)), ("500\n", Some(0))] {
				fs::write(folder.path().join(limit), most).unwrap();
				assert_eq!(of_group(folder.path(), names), free);
			}
			let stat = format!("anon 700\n{inactive}300\n");
			fs::write(folder.path().join("memory.stat"), stat).unwrap();
			assert_eq!(of_group(folder.path(), names), Some(300));
		}
	}

	#[test]
	fn the_groups_around_a_group_limit_it() {
		let root = tempfile::tempdir().unwrap();
		for (folder, [limit, current, _], most) in
			[("a", UNIFIED, "700"), ("memory/b", CONTROLLER, "500"), ("memory", CONTROLLER, "900")]
		{
			let folder = root.path().join(folder);
			fs::create_dir_all(&folder).unwrap();
			fs::write(folder.join(limit), most).unwrap();
			fs::write(folder.join(current), "100").unwrap();
		}
		let of = |line| of_tree(root.path(), line);
		assert_eq!(of("0::/a/c"), Some(600));
		assert_eq!(of("0::/"), None);
		assert_eq!(of("4:cpu,memory:/b/c"), Some(400));
		assert_eq!(of("4:memory:/elsewhere"), Some(800));
		assert_eq!(of("5:cpu:/a"), None);
	}
}
