//! A table that a worker knows again after a restart.

use std::{collections::BTreeMap, fs, io, path::PathBuf};

use cairn_engine::folder::write_file;
use serde::{de::DeserializeOwned, Serialize};

/// A table in a file. It saves from fetching or computing again, and nothing is lost for good with it: one that is damaged is begun
/// anew, and what cannot be written is known until the process ends.
#[derive(Debug)]
pub struct Kept<K, V> {
	path: PathBuf,
	rows: BTreeMap<K, V>,
}

impl<K, V> Kept<K, V>
where
	K: Ord + Serialize + DeserializeOwned,
	V: PartialEq + Serialize + DeserializeOwned,
{
	/// In a file, which is made with the first row.
	pub fn open(path: PathBuf) -> io::Result<Self> {
		let bytes = match fs::read(&path) {
			Ok(bytes) => bytes,
			Err(error) if error.kind() == io::ErrorKind::NotFound => b"[]".to_vec(),
			Err(error) => return Err(error),
		};
		// Keys need not be text, as those of JSON's objects.
		let rows: Vec<(K, V)> = serde_json::from_slice(&bytes).unwrap_or_else(|error| {
			tracing::warn!(path = %path.display(), %error, "a table is damaged: it is begun anew");
			Vec::new()
		});
		Ok(Self { path, rows: rows.into_iter().collect() })
	}

	/// A row.
	pub fn get(&self, key: &K) -> Option<&V> {
		self.rows.get(key)
	}

	/// All rows.
	pub fn values(&self) -> impl Iterator<Item = &V> {
		self.rows.values()
	}

	/// Note a row, in place of one with the same key.
	pub fn insert(&mut self, key: K, value: V) {
		if self.rows.get(&key) != Some(&value) {
			self.rows.insert(key, value);
			self.write();
		}
	}

	/// Forget rows.
	pub fn retain(&mut self, is_kept: impl Fn(&K) -> bool) {
		let known = self.rows.len();
		self.rows.retain(|key, _| is_kept(key));
		if self.rows.len() < known {
			self.write();
		}
	}

	fn write(&self) {
		let rows: Vec<_> = self.rows.iter().collect();
		let json = serde_json::to_vec(&rows).expect("rows are plain data");
		if let Err(error) = write_file(&self.path, &json) {
			tracing::warn!(%error, "a table is not written: it is known until the process ends");
		}
	}
}

#[cfg(test)]
mod tests {
	use tempfile::TempDir;

	use super::*;

	#[test]
	fn rows_are_known_after_a_restart_and_damage_costs_no_more_than_them() {
		let folder = TempDir::new().unwrap();
		let path = folder.path().join("table.json");
		let open = || Kept::<(u32, String), u64>::open(path.clone()).unwrap();
		let key = |number: u32| (number, "key".to_string());
		let mut table = open();
		assert_eq!(table.get(&key(1)), None);
		for number in 1..=3 {
			table.insert(key(number), 10);
		}
		table.insert(key(2), 20);
		table.retain(|(number, _)| *number != 3);

		let table = open();
		assert_eq!(table.values().copied().collect::<Vec<_>>(), [10, 20]);
		assert_eq!(table.get(&key(3)), None);

		fs::write(&path, "[[").unwrap();
		let mut table = open();
		assert_eq!(table.get(&key(1)), None);
		table.insert(key(1), 10);
		assert_eq!(open().get(&key(1)), Some(&10));
	}

	#[test]
	fn what_cannot_be_written_is_known_all_the_same() {
		let folder = TempDir::new().unwrap();
		let mut table = Kept::<u32, u64>::open(folder.path().join("none/table.json")).unwrap();
		table.insert(1, 10);
		assert_eq!(table.get(&1), Some(&10));
	}
}
