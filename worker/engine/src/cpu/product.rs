//! The canonical matrix product: K is cut into blocks of 512, a block is a chain of fma from +0 in ascending order, and the
//! blocks are added up in ascending order onto the running value.
//!
//! The general case is the `gemm` crate's, block by block: with `read_dst` a block of at most 512 is one pass of its packed
//! kernel, which accumulates each output in a register by fma and adds it to what is there, on any processor and any number
//! of threads. Some shapes take other paths in that crate, which reduce in another order; those are computed here.

use cairn_program::operation::BLOCK;
use gemm::Parallelism;
use rayon::prelude::*;

use super::{kernel, Panel};

/// A matrix within a slice.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a> {
	/// Its elements, and maybe others between and behind them.
	pub elements: &'a [f32],
	/// Elements from one row to the next.
	pub row: usize,
	/// Elements from one column to the next.
	pub column: usize,
}

impl<'a> Matrix<'a> {
	/// A matrix whose rows follow each other, `columns` elements each.
	pub fn new(elements: &'a [f32], columns: usize) -> Self {
		Self { elements, row: columns, column: 1 }
	}

	/// Its rows as columns.
	pub fn transposed(self) -> Self {
		Self { row: self.column, column: self.row, ..self }
	}

	/// Without its first rows and columns.
	fn from(self, row: usize, column: usize) -> Self {
		Self { elements: &self.elements[row * self.row + column * self.column..], ..self }
	}

	/// Whether the slice holds so many rows and columns.
	fn holds(&self, rows: usize, columns: usize) -> bool {
		let last = || {
			let row = (rows - 1).checked_mul(self.row)?;
			row.checked_add((columns - 1).checked_mul(self.column)?)
		};
		rows == 0 || columns == 0 || last().is_some_and(|last| last < self.elements.len())
	}
}

/// `out = out + left · right`; the depth is the number of terms of each sum.
///
/// # Panics
///
/// If a matrix is too short for the output's rows, columns and the depth.
pub fn accumulate(
	out: &mut Panel,
	left: Matrix,
	right: Matrix,
	depth: usize,
	parallelism: Parallelism,
) {
	let (rows, columns) = (out.rows(), out.columns());
	if rows == 0 || columns == 0 {
		return;
	}
	check(out, left, right, depth);
	let block = BLOCK as usize;
	for from in (0..depth).step_by(block) {
		let depth = block.min(depth - from);
		let (left, right) = (left.from(0, from), right.from(from, 0));
		if is_regular(rows, columns, depth, left, right) {
			general(out, left, right, depth, true, parallelism);
		} else {
			irregular(out, left, right, depth, parallelism);
		}
	}
}

/// `out = left · right`
pub fn assign(
	out: &mut Panel,
	left: Matrix,
	right: Matrix,
	depth: usize,
	parallelism: Parallelism,
) {
	for row in 0..out.rows() {
		out.row(row).fill(0.0);
	}
	accumulate(out, left, right, depth, parallelism);
}

/// `out = left · right`, its sums in whatever order is fastest: for serving, which may be any.
///
/// # Panics
///
/// As [`accumulate`].
pub fn assign_in_any_order(
	out: &mut Panel,
	left: Matrix,
	right: Matrix,
	depth: usize,
	parallelism: Parallelism,
) {
	if out.rows() > 0 && out.columns() > 0 {
		check(out, left, right, depth);
		general(out, left, right, depth, false, parallelism);
	}
}

/// Whether the factors are long enough.
fn check(out: &Panel, left: Matrix, right: Matrix, depth: usize) {
	assert!(left.holds(out.rows(), depth), "the left matrix is too short");
	assert!(right.holds(depth, out.columns()), "the right matrix is too short");
}

/// Whether the library takes its general path for one block; measured on 692,220 products (docs/program.md).
fn is_regular(rows: usize, columns: usize, depth: usize, left: Matrix, right: Matrix) -> bool {
	let is_along_depth = left.column == 1 && right.row == 1;
	let is_small = rows * columns <= 256;
	super::InstructionSet::detect().has_fma()
		&& rows > 1
		&& columns > 1
		&& depth > 2
		&& !(is_small && is_along_depth)
}

/// The library's product, added to what the output holds (`read`) or in its place.
fn general(
	out: &mut Panel,
	left: Matrix,
	right: Matrix,
	depth: usize,
	read: bool,
	parallelism: Parallelism,
) {
	#[cfg(target_arch = "x86_64")]
	if super::InstructionSet::detect() == super::InstructionSet::Avx2 {
		// SAFETY: as below; the instructions were detected.
		return unsafe { general_avx2(out, left, right, depth, read, parallelism) };
	}
	// SAFETY: the caller has checked that all three matrices lie within theirs; the output is borrowed mutably.
	unsafe {
		gemm::gemm(
			out.rows(),
			out.columns(),
			depth,
			out.as_mut_ptr(),
			1,
			out.stride() as isize,
			read,
			left.elements.as_ptr(),
			left.column as isize,
			left.row as isize,
			right.elements.as_ptr(),
			right.column as isize,
			right.row as isize,
			1.0,
			1.0,
			false,
			false,
			false,
			parallelism,
		);
	}
}

/// The library's general path on AVX2; left to itself it takes the widest instructions that the processor has.
///
/// # Safety
///
/// All three matrices hold what the output's rows, columns and the depth need, and the processor has AVX2 and FMA.
#[cfg(target_arch = "x86_64")]
unsafe fn general_avx2(
	out: &mut Panel,
	left: Matrix,
	right: Matrix,
	depth: usize,
	read: bool,
	parallelism: Parallelism,
) {
	use gemm_common::{gemm::gemm_basic_generic, simd::V3};
	use gemm_f32::microkernel::fma::f32::{H_M, H_N, H_UKR, MR_DIV_N, NR, UKR};
	/// Floats of a vector.
	const N: usize = 8;
	// The kernel wants columns of outputs side by side, ours are rows: it computes the transposed product.
	gemm_basic_generic::<_, f32, N, { MR_DIV_N * N }, NR, MR_DIV_N, H_M, H_N>(
		V3::try_new().expect("AVX2 and FMA were detected"),
		out.columns(),
		out.rows(),
		depth,
		out.as_mut_ptr(),
		out.stride() as isize,
		1,
		read,
		right.elements.as_ptr(),
		right.row as isize,
		right.column as isize,
		left.elements.as_ptr(),
		left.row as isize,
		left.column as isize,
		1.0,
		1.0,
		false,
		false,
		false,
		|a, b, c| a * b + c, // of shapes that are not regular
		&UKR,
		&H_UKR,
		false,
		parallelism,
	);
}

/// Bytes that the library keeps for each thread: a block of a factor, as large as the second cache.
pub(crate) fn thread_memory() -> u64 {
	gemm_common::cache::CACHE_INFO[1].cache_bytes as u64
}

/// Bytes in which the library packs both factors of a product onto so many rows.
pub(crate) fn memory(rows: usize) -> u64 {
	/// Most columns whose factor is packed as a whole: 16 tiles of the widest kernel's 64.
	const COLUMNS: usize = 1_024;
	let panel = |length: usize| (length * BLOCK as usize * size_of::<f32>()) as u64;
	let rows = match gemm_common::cache::CACHE_INFO[2].cache_bytes as u64 {
		0 => panel(rows),
		third_cache => panel(rows).min(third_cache),
	};
	rows + panel(COLUMNS)
}

/// Outputs that [`irregular`] computes side by side.
const LANES: usize = 16;
/// Terms that are worth another thread.
const TERMS: usize = 64 * 1024;

/// One block of a product of any shape: a chain for each output, vectorised across outputs along the longer side, which threads
/// share.
fn irregular(out: &mut Panel, left: Matrix, right: Matrix, depth: usize, parallelism: Parallelism) {
	let (rows, columns) = (out.rows(), out.columns());
	let threads = match parallelism {
		Parallelism::None => 1,
		Parallelism::Rayon(threads) => threads,
	};
	let shares = threads.min(rows * columns * depth / TERMS).max(1);
	let share = rows.max(columns).div_ceil(shares).next_multiple_of(LANES);
	let is_tall = rows > columns;
	let (height, width) = if is_tall { (share, columns) } else { (rows, share) };
	let one = |(number, mut out): (usize, Panel)| match is_tall {
		// Products commute: the outputs of a column are those of a row of the transposed product.
		true => {
			let left = left.from(number * share, 0).transposed();
			chains(&mut out, right.transposed(), left, depth, true);
		},
		false => chains(&mut out, left, right.from(0, number * share), depth, false),
	};
	let panels = out.part(0..rows, 0..columns).split(height, width).enumerate();
	match shares {
		1 => panels.for_each(one),
		_ => panels.collect::<Vec<_>>().into_par_iter().for_each(one),
	}
}

kernel! {
	/// Chains along rows of outputs, or along columns where factors and output are transposed.
	fn chains(out: &mut Panel<'_>, left: Matrix<'_>, right: Matrix<'_>, depth: usize, transposed: bool) {
		let (rows, columns) = match transposed {
			true => (out.columns(), out.rows()),
			false => (out.rows(), out.columns()),
		};
		let mut packed = [[0f32; LANES]; BLOCK as usize];
		for from in (0..columns).step_by(LANES) {
			let lanes = LANES.min(columns - from);
			for (k, packed) in packed[..depth].iter_mut().enumerate() {
				for (lane, packed) in packed[..lanes].iter_mut().enumerate() {
					*packed = right.elements[k * right.row + (from + lane) * right.column];
				}
			}
			for i in 0..rows {
				let mut block = [0f32; LANES];
				for (k, packed) in packed[..depth].iter().enumerate() {
					let factor = left.elements[i * left.row + k * left.column];
					for (block, packed) in block.iter_mut().zip(packed) {
						*block = factor.mul_add(*packed, *block);
					}
				}
				for (lane, block) in block[..lanes].iter().enumerate() {
					match transposed {
						true => out.row(from + lane)[i] += block,
						false => out.row(i)[from + lane] += block,
					}
				}
			}
		}
	}
}

#[cfg(test)]
mod tests {
	use proptest::prelude::*;

	use super::*;

	/// The definition, output by output.
	fn definition(out: &mut Panel, left: Matrix, right: Matrix, depth: usize) {
		for i in 0..out.rows() {
			for j in 0..out.columns() {
				let total = &mut out.row(i)[j];
				for from in (0..depth).step_by(512) {
					let mut block = 0f32;
					for k in from..(from + 512).min(depth) {
						let (a, b) = (
							left.elements[i * left.row + k * left.column],
							right.elements[k * right.row + j * right.column],
						);
						block = a.mul_add(b, block);
					}
					*total += block;
				}
			}
		}
	}

	/// Numbers of every magnitude, signed zeros and subnormals among them.
	fn numbers(count: usize, seed: u64, spread: i32) -> Vec<f32> {
		let mut state = seed | 1;
		let mut next = || {
			state = state
				.wrapping_mul(6_364_136_223_846_793_005)
				.wrapping_add(1_442_695_040_888_963_407);
			(state >> 33) as u32
		};
		let number = |_| {
			let (bits, exponent) = (next(), (next() % (2 * spread as u32 + 1)) as i32 - spread);
			match bits % 97 {
				0 => 0.0,
				1 => -0.0,
				2 => f32::from_bits(bits >> 10), // subnormal
				_ => ((bits >> 8) as f32 / 8_388_608.0 - 1.0) * 2f32.powi(exponent),
			}
		};
		(0..count).map(number).collect()
	}

	/// Sizes on both sides of every limit.
	fn size() -> impl Strategy<Value = usize> {
		prop_oneof![1usize..8, 1usize..40, Just(64), Just(65)]
	}

	fn depth() -> impl Strategy<Value = usize> {
		prop_oneof![1usize..6, 1usize..70, 510usize..516, 1022usize..1028, Just(1537)]
	}

	/// A product with everything that its order could depend on.
	#[derive(Clone, Copy, Debug)]
	struct Case {
		rows: usize,
		columns: usize,
		depth: usize,
		seed: u64,
		/// Powers of two that numbers go up and down.
		spread: i32,
		left_transposed: bool,
		right_transposed: bool,
		/// Elements between rows.
		padding: usize,
		/// Whether it is added to something.
		running: bool,
		threads: usize,
	}

	/// The first element that is not the definition's: which, as found, as defined.
	fn first_difference(case: Case) -> Option<(usize, f32, f32)> {
		let Case { rows, columns, depth, seed, spread, padding, running, threads, .. } = case;
		let matrix = |elements, columns, transposed: bool, rows| match transposed {
			true => Matrix::new(elements, rows + padding).transposed(),
			false => Matrix::new(elements, columns + padding),
		};
		let left = numbers((rows + padding) * (depth + padding), seed, spread);
		let right = numbers((depth + padding) * (columns + padding), seed ^ 1, spread);
		let left = matrix(&left, depth, case.left_transposed, rows);
		let right = matrix(&right, columns, case.right_transposed, depth);
		let before = match running {
			true => numbers(rows * (columns + padding), seed ^ 2, spread),
			false => vec![0.0; rows * (columns + padding)],
		};
		let (mut expected, mut found) = (before.clone(), before);
		let mut panel = Panel::new(&mut expected, columns + padding);
		definition(&mut panel.part(0..rows, 0..columns), left, right, depth);
		let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
		let parallelism =
			if threads == 1 { Parallelism::None } else { Parallelism::Rayon(threads) };
		let mut panel = Panel::new(&mut found, columns + padding);
		let mut panel = panel.part(0..rows, 0..columns);
		pool.install(|| match running {
			true => accumulate(&mut panel, left, right, depth, parallelism),
			false => assign(&mut panel, left, right, depth, parallelism),
		});
		let pairs = found.into_iter().zip(expected).enumerate();
		pairs
			.map(|(i, (found, expected))| (i, found, expected))
			.find(|(_, found, expected)| found.to_bits() != expected.to_bits())
	}

	proptest! {
		#![proptest_config(ProptestConfig::with_cases(400))]
		#[test]
		fn products_are_the_definition_to_the_bit(
			rows in size(), columns in size(), depth in depth(), seed: u64, spread in 0i32..40,
			left_transposed: bool, right_transposed: bool, padding in 0usize..3, running: bool, threads in 1usize..4,
		) {
			let case = Case {
				rows, columns, depth, seed, spread, left_transposed, right_transposed, padding, running, threads,
			};
			prop_assert_eq!(first_difference(case), None);
		}
	}

	#[test]
	fn products_beyond_the_librarys_blocks_are_the_definition_to_the_bit() {
		// The library cuts rows at 128 and 512 and packs what is longer than 1,024; sums are cut at 512.
		let sizes = [
			(130, 1_030, 520),
			(1_030, 130, 512),
			(129, 65, 1_024),
			(514, 70, 1_025),
			(70, 515, 1_537),
			(2, 2_050, 511),
			(2_050, 3, 513),
			// What is not the library's, large enough for several threads.
			(1, 2_050, 513),
			(2_050, 1, 512),
			(400, 401, 2),
			(401, 400, 1),
		];
		for (number, (rows, columns, depth)) in sizes.into_iter().enumerate() {
			for layout in 0..16 {
				let bit = |bit: usize| (layout >> bit) & 1 == 1;
				let case = Case {
					rows,
					columns,
					depth,
					seed: (16 * number + layout) as u64,
					spread: [0, 10, 30, 50][(number + layout) % 4], // no sum overflows
					left_transposed: bit(0),
					right_transposed: bit(1),
					padding: if bit(2) { 3 } else { 0 },
					running: bit(3),
					threads: 1 + layout % 3,
				};
				assert_eq!(first_difference(case), None, "{case:?}");
			}
		}
	}

	#[test]
	fn products_of_the_smallest_numbers_are_the_definition_to_the_bit() {
		// Factors around 2⁻⁷⁰: products are subnormal or lost, sums of them are what flushing to zero would change.
		let (rows, columns, depth) = (66, 70, 600);
		let tiny = |seed| -> Vec<f32> {
			let factor = 2f32.powi(-70);
			let numbers = numbers(600 * 70, seed, 3);
			numbers.into_iter().map(|x| if x.is_normal() { x * factor } else { x }).collect()
		};
		let (left, right) = (tiny(1), tiny(2));
		let (left, right) = (Matrix::new(&left, depth), Matrix::new(&right, columns));
		let (mut expected, mut found) = (vec![0.0; rows * columns], vec![0.0; rows * columns]);
		definition(&mut Panel::new(&mut expected, columns), left, right, depth);
		assign(&mut Panel::new(&mut found, columns), left, right, depth, Parallelism::None);
		assert!(expected.iter().filter(|x| x.is_subnormal()).count() > 1_000);
		let bits = |floats: &[f32]| floats.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
		assert_eq!(bits(&found), bits(&expected));
	}

	#[test]
	#[should_panic(expected = "the left matrix is too short")]
	fn a_matrix_that_is_too_short_is_refused() {
		let (short, right) = ([0f32; 8], [0f32; 9]);
		let (left, right) = (Matrix::new(&short, 3), Matrix::new(&right, 3));
		assign(&mut Panel::new(&mut [0f32; 9], 3), left, right, 3, Parallelism::None);
	}
}
