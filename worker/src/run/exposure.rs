//! Auditors that approve without the work: their answer does not hash the leaves of the unit, which its worker knows.

use std::collections::HashSet;

use cairn_chain::{
	calls::contributions::expose_audit,
	views::{AuditState, State},
	AccountId, ViewError,
};
use cairn_primitives::{attestation::audit_root, UnitId};

use super::colleagues::Colleagues;

/// Looks at what auditors say of a seat's units.
pub struct Exposures {
	colleagues: Colleagues,
	/// Who was exposed, and over which unit.
	exposed: HashSet<(UnitId, AccountId)>,
}

impl Exposures {
	/// Nobody exposed yet.
	pub fn new(colleagues: Colleagues) -> Self {
		Self { colleagues, exposed: HashSet::new() }
	}

	/// Expose whoever approved a unit of this seat without the work.
	pub async fn look(&mut self, state: &State) -> Result<(), ViewError> {
		let Colleagues { worker, desk } = &self.colleagues;
		let units = desk.units();
		self.exposed.retain(|(unit, _)| units.contains(unit));
		for unit in units {
			let Some(leaves) = desk.leaves(&unit) else { continue };
			let audit = state.audit(unit).await?;
			let Some(AuditState::Answered { auditor, root, .. }) = audit.map(|audit| audit.state)
			else {
				continue;
			};
			if audit_root(worker.genesis, &unit, &auditor, &leaves) == root
				|| !self.exposed.insert((unit, auditor.clone()))
			{
				continue;
			}
			tracing::warn!(?unit, %auditor, "an auditor has approved a unit without the work");
			let worker = worker.clone();
			tokio::spawn(async move {
				if let Err(error) = worker.submitter.submit(expose_audit(unit, leaves)).await {
					tracing::warn!(?unit, "an auditor is not exposed: {error}");
				}
			});
		}
		Ok(())
	}
}
