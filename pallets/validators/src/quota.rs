//! How many may leave and join the set at one session change: pure arithmetic.
//!
//! Subtractions here saturate: "less than none" means none everywhere.

/// What a session change has to work with. Numbers are validators.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outlook {
	/// Seats whose owner has session keys.
	pub able: u32,
	/// Seats whose owner has none, which are lost whatever is decided here.
	pub lost: u32,
	/// How many of the able are to go.
	pub going: u32,
	/// Approved candidates with session keys.
	pub ready: u32,
	/// The set may not be planned smaller than this.
	pub floor: u32,
	/// The set may not be planned larger than this.
	pub ceiling: u32,
	/// At most so many leave and so many join.
	pub limit: u32,
}

/// What a session change may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quota {
	/// How many of those that are to go do go.
	pub removals: u32,
	/// How many of those that are ready join.
	pub admissions: u32,
}

impl Outlook {
	/// Removes as many as the limit and the floor allow, and admits as many as the limit and the
	/// ceiling allow. Candidates who join at the same change count for the floor: one is replaced
	/// before another is let go.
	pub(crate) fn quota(&self) -> Quota {
		let wanted = self.going.min(self.limit.saturating_sub(self.lost));
		let size = self.able.saturating_sub(wanted).saturating_add(self.admissions(wanted));
		// Every removal that is taken back adds one to the set, because a set below the floor
		// leaves room for all who are admitted: the shortfall is exactly what has to be taken back.
		let removals = wanted.saturating_sub(self.floor.saturating_sub(size));
		Quota { removals, admissions: self.admissions(removals) }
	}

	/// The most who may join before the ceiling is considered. A set that fell below the floor is
	/// filled up to it, whatever the limit.
	pub(crate) fn most_admissions(able: u32, floor: u32, limit: u32) -> u32 {
		limit.max(floor.saturating_sub(able))
	}

	fn admissions(&self, removals: u32) -> u32 {
		let room = self.ceiling.saturating_sub(self.able.saturating_sub(removals));
		let most = Self::most_admissions(self.able, self.floor, self.limit);
		self.ready.min(most).min(room)
	}
}

#[cfg(test)]
mod tests {
	use super::{Outlook, Quota};

	/// Every outlook of up to six validators.
	fn all() -> impl Iterator<Item = Outlook> {
		(0..=6u32).flat_map(move |able| {
			(0..=2u32).flat_map(move |lost| {
				(0..=able).flat_map(move |going| {
					(0..=4u32).flat_map(move |ready| {
						(1..=6u32).flat_map(move |floor| {
							(floor..=6).flat_map(move |ceiling| {
								(1..=3u32).map(move |limit| Outlook {
									able,
									lost,
									going,
									ready,
									floor,
									ceiling,
									limit,
								})
							})
						})
					})
				})
			})
		})
	}

	/// Whether a change of these numbers would keep the rules.
	fn allowed(o: &Outlook, removals: u32, admissions: u32) -> bool {
		let size = o.able - removals + admissions;
		let most = o.limit.max(o.floor.saturating_sub(o.able));
		removals <= o.going
			&& (removals == 0 || removals + o.lost <= o.limit)
			&& admissions <= o.ready.min(most)
			&& (admissions == 0 || size <= o.ceiling)
			&& (removals == 0 || size >= o.floor)
	}

	#[test]
	fn every_quota_keeps_limit_floor_and_ceiling() {
		for o in all() {
			let q = o.quota();
			assert!(allowed(&o, q.removals, q.admissions), "{o:?} {q:?}");
		}
	}

	#[test]
	fn no_allowed_change_removes_more_or_then_admits_more() {
		for o in all() {
			let q = o.quota();
			for removals in 0..=o.going {
				for admissions in 0..=o.ready {
					if allowed(&o, removals, admissions) {
						assert!(removals <= q.removals, "{o:?} {q:?}: could remove {removals}");
						assert!(
							removals < q.removals || admissions <= q.admissions,
							"{o:?} {q:?}: could admit {admissions}"
						);
					}
				}
			}
		}
	}

	#[test]
	fn at_the_floor_one_is_replaced_before_another_goes() {
		let o = Outlook { able: 4, lost: 0, going: 2, ready: 0, floor: 4, ceiling: 10, limit: 1 };
		assert_eq!(o.quota(), Quota { removals: 0, admissions: 0 });
		assert_eq!(Outlook { ready: 3, ..o }.quota(), Quota { removals: 1, admissions: 1 });
	}

	#[test]
	fn a_set_below_the_floor_is_filled_beyond_the_limit() {
		let o = Outlook { able: 2, lost: 2, going: 1, ready: 5, floor: 4, ceiling: 10, limit: 1 };
		assert_eq!(o.quota(), Quota { removals: 0, admissions: 2 });
	}
}
