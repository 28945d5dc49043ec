//! The token and what space on the chain costs.

use crate::Balance;

/// Ticker of the token.
pub const TOKEN_SYMBOL: &str = "CRN";
/// Decimal places of the token.
pub const TOKEN_DECIMALS: u8 = 12;
/// SS58 prefix of addresses.
pub const SS58_PREFIX: u16 = 42;

/// One CRN.
pub const CRN: Balance = 1_000_000_000_000;
/// A thousandth of a CRN.
pub const MILLI_CRN: Balance = CRN / 1_000;
/// A millionth of a CRN.
pub const MICRO_CRN: Balance = CRN / 1_000_000;

/// The least an account may hold.
pub const EXISTENTIAL_DEPOSIT: Balance = MILLI_CRN;

/// What is held for as long as `items` entries with `bytes` bytes in all stay in storage.
pub const fn deposit(items: u32, bytes: u32) -> Balance {
	items as Balance * 20 * MILLI_CRN + bytes as Balance * 100 * MICRO_CRN
}
