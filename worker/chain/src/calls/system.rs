//! Pallet `system`.

use super::Call;
use crate::api;

/// Do nothing, and leave some bytes in the block. Anybody.
pub fn remark(bytes: Vec<u8>) -> Call {
	api::tx().system().remark(bytes).into()
}
