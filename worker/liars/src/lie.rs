//! The lies.

use clap::ValueEnum;

/// What a worker lies about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Lie {
	/// It sends its neighbours numbers that it has not computed.
	RandomGradients,
	/// It sends its neighbours zeros, which cost nothing to compute.
	Zeros,
	/// It sends its neighbours numbers as large as there are, after the first steps.
	HugeActivations,
	/// It computes the first steps, and says that it has done all.
	SkippedSteps,
	/// It trains on other samples than those that are its own: it has no more.
	FewerTokens,
	/// It makes up what it came to, and all that it says in a game.
	MadeUp,
	/// It makes up what it came to, and says nothing in a game.
	Stalling,
	/// It attests what it came to in the window before.
	CopiedAttestation,
	/// It goes on from its shard of the window before, without what the others have learned.
	StaleShard,
	/// It gives its difference to nobody.
	WithheldDifference,
	/// It gives auditors nothing of what crossed its edges.
	WithheldInputs,
	/// It approves what it has not audited.
	LazyAuditor,
	/// It accuses whom it audits, and disputes whatever it can.
	FalseAccuser,
}
