//! Which instructions the kernels use, and whether the processor's arithmetic is IEEE-754's.

use std::sync::OnceLock;

/// Environment variable that names the instructions to use instead of the widest: `avx512`, `avx2` or `portable`.
const CHOICE: &str = "CAIRN_INSTRUCTIONS";

/// Instructions that kernels are compiled for, from the narrowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum InstructionSet {
	/// What the compiler's target has. On x86 it lacks fused multiplication and addition, which is then computed in software.
	Portable,
	/// Vectors of 256 bits, fused multiplication and addition.
	Avx2,
	/// Vectors of 512 bits.
	Avx512,
}

/// Why this processor cannot compute canonical arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnfitProcessor {
	/// Without it every product of a matrix would be computed in software.
	#[error("this processor has no fused multiplication and addition (FMA); set {CHOICE}=portable to compute without it, some hundred times slower")]
	NoFma,
	/// What was asked for does not exist, or not on this processor.
	#[error("{CHOICE} names no instructions that this processor has: choose avx512, avx2 or portable, or leave it unset for the widest")]
	NoSuchInstructions,
	/// Subnormal numbers are flushed to zero on a compute thread.
	#[error("a compute thread flushes subnormal numbers to zero (FTZ or DAZ): a library in this process has switched it on")]
	FlushesSubnormals,
}

impl InstructionSet {
	/// The instructions that kernels run on: the widest of this processor, or what the environment asks for.
	pub fn detect() -> Self {
		static DETECTED: OnceLock<InstructionSet> = OnceLock::new();
		*DETECTED.get_or_init(|| Self::chosen().ok().flatten().unwrap_or_else(Self::widest))
	}

	/// The widest instructions of this processor.
	fn widest() -> Self {
		#[cfg(target_arch = "x86_64")]
		{
			let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
			if avx2 && is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq") {
				return InstructionSet::Avx512;
			}
			if avx2 {
				return InstructionSet::Avx2;
			}
		}
		InstructionSet::Portable
	}

	/// What the environment asks for.
	fn chosen() -> Result<Option<Self>, UnfitProcessor> {
		let Some(name) = std::env::var_os(CHOICE) else {
			return Ok(None);
		};
		Self::named(&name.to_string_lossy())
			.filter(|chosen| *chosen <= Self::widest())
			.map(Some)
			.ok_or(UnfitProcessor::NoSuchInstructions)
	}

	fn named(name: &str) -> Option<Self> {
		match name {
			"portable" => Some(InstructionSet::Portable),
			"avx2" => Some(InstructionSet::Avx2),
			"avx512" => Some(InstructionSet::Avx512),
			_ => None,
		}
	}

	/// Whether kernels run on the processor's own fused multiplication and addition. It says whether the library's products
	/// are used, too: they were compared with the definition on x86 alone.
	pub fn has_fma(self) -> bool {
		self != InstructionSet::Portable
	}
}

/// Check that every thread of the current pool computes as IEEE-754 says, and that the processor is fit.
pub fn check_threads() -> Result<(), UnfitProcessor> {
	let chosen = InstructionSet::chosen()?;
	if cfg!(target_arch = "x86_64") && chosen.is_none() && !InstructionSet::detect().has_fma() {
		return Err(UnfitProcessor::NoFma);
	}
	match rayon::broadcast(|_| keeps_subnormals()).into_iter().all(|keeps| keeps) {
		true => Ok(()),
		false => Err(UnfitProcessor::FlushesSubnormals),
	}
}

/// Whether this thread reads and writes subnormal numbers as they are.
fn keeps_subnormals() -> bool {
	use std::hint::black_box;
	let smallest = black_box(f32::from_bits(1));
	let written = black_box(f32::MIN_POSITIVE) * black_box(0.5); // flushed by FTZ
	let read = smallest * black_box(2f32.powi(100)); // flushed by DAZ
	written.to_bits() == 0x40_0000 && read > 0.0
}

/// Compile a kernel once for each instruction set, and call the best that the processor has.
macro_rules! kernel {
	($(#[$attribute:meta])* $visibility:vis fn $name:ident($($argument:ident: $type:ty),* $(,)?) $(-> $result:ty)? $body:block) => {
		$(#[$attribute])*
		#[allow(clippy::too_many_arguments)]
		$visibility fn $name($($argument: $type),*) $(-> $result)? {
			#[inline(always)]
			#[allow(clippy::too_many_arguments)]
			fn body($($argument: $type),*) $(-> $result)? $body

			#[cfg(target_arch = "x86_64")]
			{
				#[target_feature(enable = "avx512f,avx512dq,avx2,fma")]
				#[allow(clippy::too_many_arguments)]
				fn avx512($($argument: $type),*) $(-> $result)? {
					body($($argument),*)
				}
				#[target_feature(enable = "avx2,fma")]
				#[allow(clippy::too_many_arguments)]
				fn avx2($($argument: $type),*) $(-> $result)? {
					body($($argument),*)
				}
				match $crate::cpu::InstructionSet::detect() {
					// SAFETY: detected on this processor.
					$crate::cpu::InstructionSet::Avx512 => return unsafe { avx512($($argument),*) },
					// SAFETY: detected on this processor.
					$crate::cpu::InstructionSet::Avx2 => return unsafe { avx2($($argument),*) },
					$crate::cpu::InstructionSet::Portable => {},
				}
			}
			body($($argument),*)
		}
	};
}
pub(crate) use kernel;

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn this_machine_computes_as_ieee_754_says() {
		assert_eq!(check_threads(), Ok(()));
	}

	#[test]
	fn instructions_have_names() {
		use InstructionSet::{Avx2, Avx512, Portable};
		assert_eq!(
			["portable", "avx2", "avx512", "AVX2", "1", ""].map(InstructionSet::named),
			[Some(Portable), Some(Avx2), Some(Avx512), None, None, None]
		);
	}

	#[test]
	#[cfg(target_arch = "x86_64")]
	#[allow(deprecated)] // there is no other way to set the register, short of assembly
	fn a_thread_that_flushes_subnormals_is_found() {
		use std::arch::x86_64::{_mm_getcsr, _mm_setcsr};
		let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
		for bits in [0x8000, 0x0040] {
			// SAFETY: the thread is this test's own.
			let set = |on: bool| unsafe {
				let rest = _mm_getcsr() & !0x8040;
				_mm_setcsr(if on { rest | bits } else { rest });
			};
			pool.broadcast(|thread| set(thread.index() == 1));
			assert_eq!(pool.install(check_threads), Err(UnfitProcessor::FlushesSubnormals));
			pool.broadcast(|_| set(false));
			assert_eq!(pool.install(check_threads), Ok(()));
		}
	}
}
