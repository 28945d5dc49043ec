//! A new runtime fits into a block.

use frame_support::dispatch::DispatchClass;

use super::*;

#[test]
fn the_runtime_of_this_build_fits_many_times_into_the_length_of_a_block() {
	let code =
		WASM_BINARY.expect("the runtime is built with its WebAssembly: unset SKIP_WASM_BUILD");
	let limits = <Runtime as frame_system::Config>::BlockLength::get();
	let call =
		RuntimeCall::System(frame_system::Call::apply_authorized_upgrade { code: code.to_vec() });
	assert_eq!(call.get_dispatch_info().class, DispatchClass::Operational);
	// It grows with every release; this is the time to notice.
	assert!(2 * call.encoded_size() < *limits.max.get(DispatchClass::Operational) as usize);
	assert_eq!(*limits.max.get(DispatchClass::Operational), configs::MAXIMUM_BLOCK_LENGTH);
}
