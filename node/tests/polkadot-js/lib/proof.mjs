// What a signing device does with a short proof of metadata: recompute the digest that it proves, and show the call in its
// words. `@polkadot-api/merkleize-metadata` makes proofs; this checks them with nothing but the proof (RFC 78).

import { blake3 } from '@noble/hashes/blake3';
import { extraInfo, extrinsicMetadata, lookupType, proof as proofCodec } from '@polkadot-api/merkleize-metadata';
import { compactFromU8a, u8aConcat, u8aToBigInt, u8aToHex, u8aToString } from '@polkadot/util';

export const decodeProof = (bytes) => proofCodec.dec(bytes);

/** Whether a node of the hash tree lies above another, or is it. */
const isAbove = (node, other) => {
	let at = other;
	while (at > node) at = (at - 1) >> 1;
	return at === node;
};

/** The root of the tree of types, from the types that the proof shows and the hashes of all others. */
const rootOf = ({ leaves, leafIdxs, proofs }) => {
	let [nextLeaf, nextHash] = [0, 0];
	const hashed = () => {
		nextHash += 1;
		return proofs[nextHash - 1];
	};
	const visit = (node) => {
		const target = leafIdxs[nextLeaf];
		if (target === undefined || !isAbove(node, target)) return hashed();
		if (target !== node) return blake3(u8aConcat(visit(2 * node + 1), visit(2 * node + 2)));
		nextLeaf += 1;
		return blake3(lookupType.enc(leaves[nextLeaf - 1]));
	};
	return visit(0);
};

/** The digest that a proof proves: what the signature must cover. */
export const digestOf = (proof) => {
	const version = Uint8Array.of(1);
	const extrinsic = blake3(extrinsicMetadata.enc(proof.extrinsic));
	return blake3(u8aConcat(version, rootOf(proof), extrinsic, extraInfo.enc(proof.info)));
};

/** Reads values off a byte string. */
const reader = (bytes) => {
	let offset = 0;
	const take = (length) => {
		offset += length;
		return bytes.subarray(offset - length, offset);
	};
	const compact = () => {
		const [length, value] = compactFromU8a(bytes.subarray(offset));
		offset += length;
		return value.toString();
	};
	return { take, compact };
};

const WIDTHS = { u8: 1, u16: 2, u32: 4, u64: 8, u128: 16, u256: 32 };

/** A value in words, read by the types that a proof shows. */
const show = (types, input, { tag, value }) => {
	if (tag === 'void') return '';
	if (tag === 'bool') return input.take(1)[0] === 1 ? 'true' : 'false';
	if (tag === 'str') return u8aToString(input.take(Number(input.compact())));
	if (tag.startsWith('compact')) return input.compact();
	if (WIDTHS[tag]) return u8aToBigInt(input.take(WIDTHS[tag]), { isLe: true }).toString();
	if (tag !== 'perId') throw new Error(`a call with a ${tag} is not shown`);
	const all = types.filter(({ typeId }) => typeId === value);
	const { typeDef } = all.length === 1 && all[0].typeDef.tag !== 'enumeration' ? all[0] : variant(all, input);
	return showType(types, input, typeDef);
};

const variant = (variants, input) => {
	const [index] = input.take(1);
	const found = variants.find(({ typeDef }) => typeDef.value.index === index);
	if (!found) throw new Error(`the proof does not show variant ${index}`);
	return found;
};

const fields = (types, input, all) =>
	all.map(({ name, ty }) => `${name ? `${name}: ` : ''}${show(types, input, ty)}`).join(', ');

const items = (types, input, ty, count) => {
	if (ty.tag === 'u8') return u8aToHex(input.take(count));
	return `[${Array.from({ length: count }, () => show(types, input, ty)).join(', ')}]`;
};

const showType = (types, input, { tag, value }) => {
	if (tag === 'enumeration') {
		const inside = fields(types, input, value.fields);
		return inside ? `${value.name}(${inside})` : value.name;
	}
	if (tag === 'composite') return value[0]?.name ? `{ ${fields(types, input, value)} }` : fields(types, input, value);
	if (tag === 'tuple') return value.map((ty) => show(types, input, ty)).join(', ');
	if (tag === 'sequence') return items(types, input, value, Number(input.compact()));
	if (tag === 'array') return items(types, input, value.typeParam, value.len);
	throw new Error(`a call with a ${tag} is not shown`);
};

/** The call of a payload, as a device with nothing but the proof can show it. */
export const showCall = (proof, payload) => show(proof.leaves, reader(payload), proof.extrinsic.callTy);
