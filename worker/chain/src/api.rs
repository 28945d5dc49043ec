//! The chain as its committed metadata describes it: `scripts/metadata.sh` writes that anew.
//!
//! Types that chain and workers share are those of the primitives, which both compile from one source.
#![allow(missing_docs, clippy::all)]

#[subxt::subxt(
	runtime_metadata_path = "metadata.scale",
	substitute_type(
		path = "bounded_collections::bounded_vec::BoundedVec<T>",
		with = "::std::vec::Vec<T>"
	),
	substitute_type(
		path = "cairn_primitives::attestation::Attestation",
		with = "::subxt::utils::Static<::cairn_primitives::Attestation<::sp_core::crypto::AccountId32>>"
	),
	substitute_type(
		path = "cairn_primitives::attestation::EdgeReceipt",
		with = "::subxt::utils::Static<::cairn_primitives::EdgeReceipt>"
	),
	substitute_type(
		path = "cairn_primitives::attestation::NonNegative",
		with = "::subxt::utils::Static<::cairn_primitives::attestation::NonNegative>"
	),
	substitute_type(
		path = "cairn_primitives::attestation::Outcome",
		with = "::subxt::utils::Static<::cairn_primitives::Outcome>"
	),
	substitute_type(
		path = "cairn_primitives::attestation::Verdict",
		with = "::subxt::utils::Static<::cairn_primitives::Verdict>"
	),
	substitute_type(
		path = "cairn_primitives::dispute::Leaf",
		with = "::subxt::utils::Static<::cairn_primitives::dispute::Leaf>"
	),
	substitute_type(
		path = "cairn_primitives::dispute::Level",
		with = "::subxt::utils::Static<::cairn_primitives::dispute::Level>"
	),
	substitute_type(
		path = "cairn_primitives::dispute::Merged",
		with = "::subxt::utils::Static<::cairn_primitives::dispute::Merged>"
	),
	substitute_type(
		path = "cairn_primitives::dispute::UnitContext",
		with = "::subxt::utils::Static<::cairn_primitives::dispute::UnitContext>"
	),
	substitute_type(
		path = "cairn_primitives::ids::UnitId",
		with = "::subxt::utils::Static<::cairn_primitives::UnitId>"
	),
	substitute_type(
		path = "cairn_primitives::model::ModelStatus",
		with = "::subxt::utils::Static<::cairn_primitives::ModelStatus>"
	),
	substitute_type(
		path = "cairn_primitives::roster::Roster",
		with = "::subxt::utils::Static<::cairn_primitives::Roster<::sp_core::crypto::AccountId32>>"
	),
	substitute_type(
		path = "cairn_primitives::roster::Window",
		with = "::subxt::utils::Static<::cairn_primitives::Window>"
	),
	substitute_type(
		path = "cairn_primitives::signing::Edge",
		with = "::subxt::utils::Static<::cairn_primitives::signing::Edge>"
	),
	substitute_type(
		path = "cairn_primitives::spec::ModelSpec",
		with = "::subxt::utils::Static<::cairn_primitives::ModelSpec>"
	),
	substitute_type(
		path = "cairn_primitives::terms::Terms",
		with = "::subxt::utils::Static<::cairn_primitives::Terms>"
	),
	substitute_type(
		path = "cairn_primitives::voucher::Price",
		with = "::subxt::utils::Static<::cairn_primitives::voucher::Price>"
	),
	substitute_type(
		path = "cairn_primitives::voucher::Voucher",
		with = "::subxt::utils::Static<::cairn_primitives::voucher::Voucher>"
	)
)]
mod generated {}

/// So that this crate is compiled anew when the file changes.
const _: &[u8] = include_bytes!("../metadata.scale");

pub(crate) use generated::*;
