// The few SCALE encodings that off-chain messages need. Whatever goes through an extrinsic is encoded by polkadot.js.

import { compactToU8a, hexToU8a, u8aConcat } from '@polkadot/util';

const little = (bytes) => (value) => {
	const out = new Uint8Array(bytes);
	let rest = BigInt(value);
	for (let i = 0; i < bytes; i += 1) {
		out[i] = Number(rest & 0xffn);
		rest >>= 8n;
	}
	return out;
};

export const u8 = little(1);
export const u32 = little(4);
export const u64 = little(8);
export const u128 = little(16);
export const bytes = (value) => (typeof value === 'string' ? hexToU8a(value) : value);
export const option = (value, encode) =>
	value === null || value === undefined ? u8(0) : u8aConcat(u8(1), encode(value));
export const vec = (values, encode) => u8aConcat(compactToU8a(values.length), ...values.map(encode));
export const concat = (...parts) => u8aConcat(...parts);
