//! What the view functions answer with.

use alloc::vec::Vec;

use crate::{AccountIdOf, AuditState, AuditTask, Audits, Config, Pallet};

impl<T: Config> Pallet<T> {
	/// Goes through all open audits, which only a view function may do.
	pub(crate) fn tasks_of(provider: &AccountIdOf<T>) -> Vec<AuditTask> {
		let mut tasks: Vec<_> = Audits::<T>::iter()
			.filter_map(|(unit, audit)| match audit.state {
				AuditState::Assigned { auditor, deadline } if auditor == *provider => {
					Some(AuditTask { unit, deadline })
				},
				_ => None,
			})
			.collect();
		tasks.sort_unstable_by_key(|task| (task.deadline, task.unit));
		tasks
	}
}
