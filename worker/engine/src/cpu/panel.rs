//! Rectangles of a row-major matrix that are written by several threads at once.

use std::marker::PhantomData;

/// A rectangle of a matrix: rows of `columns` elements, `stride` elements apart. Panels that were split off each other never
/// overlap, so that each may be written by a thread of its own.
#[derive(Debug)]
pub struct Panel<'a> {
	first: *mut f32,
	rows: usize,
	columns: usize,
	stride: usize,
	matrix: PhantomData<&'a mut [f32]>,
}

// SAFETY: a panel is a unique borrow of its elements, as `&mut [f32]` is.
unsafe impl Send for Panel<'_> {}

impl<'a> Panel<'a> {
	/// A whole matrix, `columns` elements a row.
	///
	/// # Panics
	///
	/// If the slice does not hold whole rows.
	pub fn new(elements: &'a mut [f32], columns: usize) -> Self {
		assert!(columns > 0 && elements.len().is_multiple_of(columns), "a matrix has whole rows");
		let (first, rows) = (elements.as_mut_ptr(), elements.len() / columns);
		Self { first, rows, columns, stride: columns, matrix: PhantomData }
	}

	/// Number of rows.
	pub fn rows(&self) -> usize {
		self.rows
	}

	/// Elements of a row.
	pub fn columns(&self) -> usize {
		self.columns
	}

	/// Elements from one row to the next.
	pub fn stride(&self) -> usize {
		self.stride
	}

	/// The first element.
	pub fn as_mut_ptr(&mut self) -> *mut f32 {
		self.first
	}

	/// A row.
	pub fn row(&mut self, row: usize) -> &mut [f32] {
		assert!(row < self.rows, "row {row} of {}", self.rows);
		// SAFETY: the row lies within the matrix, and `self` is borrowed mutably for as long as the slice.
		unsafe { std::slice::from_raw_parts_mut(self.first.add(row * self.stride), self.columns) }
	}

	/// A rectangle of the panel, for as long as the panel is not used otherwise.
	pub fn part(
		&mut self,
		rows: std::ops::Range<usize>,
		columns: std::ops::Range<usize>,
	) -> Panel<'_> {
		assert!(rows.start <= rows.end && rows.end <= self.rows, "rows {rows:?} of {}", self.rows);
		assert!(
			columns.start <= columns.end && columns.end <= self.columns,
			"columns {columns:?} of {}",
			self.columns
		);
		let offset = rows.start * self.stride + columns.start;
		Panel {
			// SAFETY: both ranges lie within the panel; of an empty part nothing is read or written.
			first: unsafe { self.first.add(if rows.is_empty() { 0 } else { offset }) },
			rows: rows.len(),
			columns: columns.len(),
			stride: self.stride,
			matrix: PhantomData,
		}
	}

	/// The panel cut into columns of a width, and each of these into rows of a height: panels in the order of rows, then of
	/// columns. The last ones may be smaller.
	pub fn split(self, height: usize, width: usize) -> impl Iterator<Item = Panel<'a>> {
		let Self { first, rows, columns, stride, .. } = self;
		(0..rows).step_by(height).flat_map(move |row| {
			(0..columns).step_by(width).map(move |column| Panel {
				// SAFETY: the first element of a rectangle within the panel.
				first: unsafe { first.add(row * stride + column) },
				rows: height.min(rows - row),
				columns: width.min(columns - column),
				stride,
				matrix: PhantomData,
			})
		})
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn panels_of_a_split_cover_the_matrix_once() {
		let mut elements = vec![0f32; 7 * 10];
		let panels: Vec<Panel> = Panel::new(&mut elements, 10).split(3, 4).collect();
		assert_eq!(panels.len(), 9);
		std::thread::scope(|scope| {
			for (i, mut panel) in panels.into_iter().enumerate() {
				scope.spawn(move || {
					for row in 0..panel.rows() {
						panel.row(row).iter_mut().for_each(|x| *x += 1.0 + i as f32);
					}
				});
			}
		});
		for (i, x) in elements.iter().enumerate() {
			let expected = (i / 10 / 3) * 3 + i % 10 / 4 + 1;
			assert_eq!(*x, expected as f32, "element {i}");
		}
	}

	#[test]
	#[should_panic(expected = "row 2 of 2")]
	fn a_row_outside_is_refused() {
		Panel::new(&mut [0.0; 6], 3).row(2);
	}
}
