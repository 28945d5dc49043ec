//! The threads that compute.

use gemm::Parallelism;

use crate::cpu::{check_threads, UnfitProcessor};

/// Most threads of a pool: more than any machine of today has cores.
const MOST_THREADS: usize = 1_024;

/// A pool of threads of its own, so that a run uses as many as it was given whatever else the process does.
#[derive(Debug)]
pub struct Compute {
	pool: rayon::ThreadPool,
}

/// Why there are no threads to compute with.
#[derive(Debug, thiserror::Error)]
pub enum ComputeError {
	/// So many help nobody, and the machine would do nothing but switch between them.
	#[error("{0} compute threads are too many: at most {MOST_THREADS}, and no more than the machine has cores is best")]
	TooMany(usize),
	/// The system gives none.
	#[error("cannot start compute threads: {0}")]
	NoThreads(#[from] rayon::ThreadPoolBuildError),
	/// They do not compute as they must.
	#[error(transparent)]
	Unfit(#[from] UnfitProcessor),
}

impl Compute {
	/// So many threads; 0 means one for each core.
	pub fn new(threads: usize) -> Result<Self, ComputeError> {
		if threads > MOST_THREADS {
			return Err(ComputeError::TooMany(threads));
		}
		let pool = rayon::ThreadPoolBuilder::new()
			.num_threads(threads)
			.thread_name(|number| format!("compute-{number}"))
			.build()?;
		pool.install(check_threads)?;
		Ok(Self { pool })
	}

	/// Number of threads.
	pub fn threads(&self) -> usize {
		self.pool.current_num_threads()
	}

	/// Run on these threads.
	pub fn run<T: Send>(&self, run: impl FnOnce() -> T + Send) -> T {
		self.pool.install(run)
	}

	/// How products are spread over the threads.
	pub(crate) fn parallelism(&self) -> Parallelism {
		match self.threads() {
			1 => Parallelism::None,
			threads => Parallelism::Rayon(threads),
		}
	}
}
