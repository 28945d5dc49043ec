//! Memory that this process may still take.

use std::{fs, path::Path};

/// Free memory, in bytes: of the machine, or of the control group that a container is, whichever is less. `None` where the system
/// does not tell.
pub fn free() -> Option<u64> {
	let machine = of_machine(&fs::read_to_string("/proc/meminfo").ok()?);
	let group = fs::read_to_string("/proc/self/cgroup").ok().and_then(|groups| of_groups(&groups));
	machine.into_iter().chain(group).min()
}

fn of_machine(meminfo: &str) -> Option<u64> {
	let line = meminfo.lines().find(|line| line.starts_with("MemAvailable:"))?;
	let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
	Some(kibibytes << 10)
}

/// What the process's group and those around it leave (cgroup v2); `None` where none is limited.
fn of_groups(groups: &str) -> Option<u64> {
	let own = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
	let folder = Path::new("/sys/fs/cgroup").join(own);
	folder
		.ancestors()
		.take_while(|folder| folder.starts_with("/sys/fs/cgroup"))
		.filter_map(of_group)
		.min()
}

fn of_group(folder: &Path) -> Option<u64> {
	let number = |file| fs::read_to_string(folder.join(file)).ok()?.trim().parse::<u64>().ok();
	// "max" is no number: no limit.
	let left = number("memory.max")?.saturating_sub(number("memory.current")?);
	// Of what it has, the group gives the oldest parts of files back by itself.
	let stat = fs::read_to_string(folder.join("memory.stat")).unwrap_or_default();
	let files = stat.lines().find_map(|line| line.strip_prefix("inactive_file ")?.parse().ok());
	Some(left + files.unwrap_or(0))
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
	fn a_group_leaves_what_it_may_take_and_has_not() {
		let folder = tempfile::tempdir().unwrap();
		assert_eq!(of_group(folder.path()), None);
		fs::write(folder.path().join("memory.current"), "1000\n").unwrap();
		for (limit, free) in [("max\n", None), ("3000\n", Some(2000)), ("500\n", Some(0))] {
			fs::write(folder.path().join("memory.max"), limit).unwrap();
			assert_eq!(of_group(folder.path()), free);
		}
		fs::write(folder.path().join("memory.stat"), "anon 700\ninactive_file 300\n").unwrap();
		assert_eq!(of_group(folder.path()), Some(300));
	}
}
