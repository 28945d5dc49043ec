//! Text in columns.

/// Lines of cells, each column as wide as its widest cell. Columns whose name begins with `>` are aligned to the right.
pub struct Columns {
	right: Vec<bool>,
	rows: Vec<Vec<String>>,
}

impl Columns {
	/// With a head.
	pub fn new(names: &[&str]) -> Self {
		let right = names.iter().map(|name| name.starts_with('>')).collect();
		let head = names.iter().map(|name| name.trim_start_matches('>').to_string()).collect();
		Self { right, rows: vec![head] }
	}

	/// Add a line.
	pub fn row(&mut self, cells: Vec<String>) {
		self.rows.push(cells);
	}

	/// The lines.
	pub fn lines(&self) -> Vec<String> {
		let width = |column: usize| {
			let cells = self.rows.iter().filter_map(|row| row.get(column));
			cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
		};
		let widths: Vec<usize> = (0..self.right.len()).map(width).collect();
		let line = |row: &Vec<String>| {
			let cells = row.iter().zip(&widths).zip(&self.right);
			let cells = cells.map(|((cell, width), right)| match right {
				true => format!("{cell:>width$}"),
				false => format!("{cell:<width$}"),
			});
			cells.collect::<Vec<_>>().join("  ").trim_end().to_string()
		};
		self.rows.iter().map(line).collect()
	}

	/// Print the lines, each behind an indent.
	pub fn print(&self, indent: &str) {
		for line in self.lines() {
			println!("{indent}{line}");
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn columns_are_as_wide_as_their_widest_cell() {
		let mut columns = Columns::new(&["model", ">stages"]);
		columns.row(vec!["a long name".into(), "2×10".into()]);
		assert_eq!(columns.lines(), ["model        stages", "a long name    2×10"]);
	}
}
