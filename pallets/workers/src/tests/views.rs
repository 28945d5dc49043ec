use crate::mock::*;
use cairn_primitives::{traits::Providers, Hash, ModelSpec};
use sp_core::Pair;

#[test]
fn views_show_providers_workers_commitments_and_bonds() {
	ExtBuilder::default().build_and_execute(|| {
		let (provider, machine) = (committed(1), Machine::new(1));
		assert_eq!(Register::provider(provider.clone()), Some(ledger(&provider)));
		assert_eq!(Register::worker(machine.worker.public()), Some(provider.clone()));
		assert_eq!(Register::free_bond(provider.clone()), Some(BOND - COMMITTED));
		let commitment = Register::commitment(provider, MODEL).unwrap();
		assert_eq!((commitment.amount, commitment.unlock), (COMMITTED, None));
		let spec = ModelSpec::example(Hash::zero(), 8, 2);
		assert_eq!(Register::bond_for(spec.clone()), Register::required_bond(spec.bonded_points()));

		let stranger = account(2);
		assert_eq!(Register::provider(stranger.clone()), None);
		assert_eq!(Register::free_bond(stranger.clone()), None);
		assert_eq!(Register::commitment(stranger, MODEL), None);
		assert_eq!(Register::worker(Machine::new(2).worker.public()), None);
	});
}
