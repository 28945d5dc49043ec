//! The register of providers: bonds that are numbers.

use super::*;

/// What a fine was for: provider, model, fault, prover, amount.
pub type Fine = (AccountId, ModelId, Fault, Option<AccountId>, Balance);

#[storage_alias]
pub type Keys = StorageMap<MockProviders, Twox64Concat, AccountId, sr25519::Public>;
#[storage_alias]
pub type Workers = StorageMap<MockProviders, Twox64Concat, AccountId, AccountId>;
/// The key before the current one, and the block in which it was replaced.
#[storage_alias]
pub type Previous =
	StorageMap<MockProviders, Twox64Concat, AccountId, (sr25519::Public, BlockNumber)>;
#[storage_alias]
pub type Committed = StorageMap<
	MockProviders,
	Twox64Concat,
	(AccountId, ModelId),
	Balance,
	frame_support::storage::types::ValueQuery,
>;
#[storage_alias]
pub type Fines = StorageValue<MockProviders, Vec<Fine>, frame_support::storage::types::ValueQuery>;
#[storage_alias]
pub type Reputation = StorageMap<
	MockProviders,
	Twox64Concat,
	AccountId,
	Points,
	frame_support::storage::types::ValueQuery,
>;

/// Bond that the mock asks of everybody.
pub const BOND: Balance = 10_000;
/// So many points to a unit of the currency that no unit needs any bond.
pub const NO_BONDS: Points = 10u128.pow(33);

pub struct MockProviders;

impl Providers for MockProviders {
	type AccountId = AccountId;

	fn provider_of(worker: &AccountId) -> Option<AccountId> {
		Workers::get(worker)
	}

	fn worker_key(provider: &AccountId) -> Option<sr25519::Public> {
		Keys::get(provider)
	}

	fn worker_key_at(provider: &AccountId, block: BlockNumber) -> Option<sr25519::Public> {
		match Previous::get(provider) {
			Some((key, rotated)) if rotated >= block => Some(key),
			_ => Keys::get(provider),
		}
	}

	fn required_bond(points: Points) -> Balance {
		points / PointsPerBond::get()
	}

	fn commit(provider: &AccountId, model: ModelId, amount: Balance) -> DispatchResult {
		Committed::insert((provider, model), amount);
		Ok(())
	}

	fn recommit(provider: &AccountId, model: ModelId, amount: Balance) -> DispatchResult {
		Self::commit(provider, model, amount)
	}

	fn committed(provider: &AccountId, model: ModelId) -> Balance {
		Committed::get((provider, model))
	}

	fn release(_: &AccountId, _: ModelId) {}

	fn fine(
		provider: &AccountId,
		model: ModelId,
		fault: Fault,
		prover: Option<&AccountId>,
	) -> Balance {
		let committed = Committed::get((provider, model));
		let fine = fault.fine() * committed;
		Committed::insert((provider, model), committed - fine);
		Fines::append((provider, model, fault, prover, fine));
		fine
	}

	fn note_work(provider: &AccountId, points: Points) {
		Reputation::mutate(provider, |sum| *sum += points);
	}

	fn note_absence(_: &AccountId) {}
}

/// Gives a provider a new worker key.
pub fn register(provider: &AccountId, key: sr25519::Public) {
	if let Some(old) = Keys::get(provider) {
		Workers::remove(AccountId::from(old));
		Previous::insert(provider, (old, now()));
	}
	Keys::insert(provider, key);
	Workers::insert(AccountId::from(key), provider);
}
