// What workers and clients compute off chain: commitments, and messages to sign. The twin of
// `primitives/src/{hash,signing,attestation,voucher}.rs`.

import { blake3 } from '@noble/hashes/blake3';
import { u8aToHex } from '@polkadot/util';

import { bytes, concat, option, u128, u32, u64, u8, vec } from './scale.mjs';

const hash = (domain, ...parts) => blake3(concat(...parts), { context: `cairn 2026 ${domain} v1` });

/** The root of a blob: plain BLAKE3. */
export const blobRoot = (blob) => blake3(blob);

const unitId = ({ model, window, stage, lane }) => concat(u32(model), u32(window), u8(stage), u8(lane));
const edgeId = ({ model, window, lane, upper }) => concat(u32(model), u32(window), u8(lane), u8(upper));

export const messages = {
	/** An endpoint's key proves that its provider has it. */
	endpoint: (genesis, provider) => hash('endpoint', bytes(genesis), provider),
	/** A worker's key consents to work for a provider. */
	worker: (genesis, provider, endpoint) => hash('worker', bytes(genesis), provider, endpoint),
	/** Both ends of an edge sign what has crossed after some steps; `seed` is that of the window. */
	edge: (genesis, seed, edge, steps, root) =>
		hash('edge', bytes(genesis), bytes(seed), edgeId(edge), u32(steps), bytes(root)),
	/** A holder signs that it stored a difference; `seed` is that of the window. */
	held: (genesis, seed, unit, difference) => hash('held', bytes(genesis), bytes(seed), unitId(unit), difference),
	/** A client promises to pay. */
	voucher: (genesis, channel, amount, window) =>
		hash('voucher', bytes(genesis), u64(channel), u128(amount), u32(window)),
};

/** The running root of an edge after one more step, whose own root is `step`. */
export const runningRoot = (previous, step) => hash('crossed', previous, step);

/** The lane of each seat of a stage in the window of a seed: the twin of `primitives::lottery::lanes_of_seats`. */
export const lanesOfSeats = (seed, stage, lanes) => {
	const order = Array.from({ length: lanes }, (_, lane) => lane);
	for (let last = lanes - 1; last > 0; last -= 1) {
		const drawn = hash('lanes', bytes(seed), u8(stage), u8(last));
		const number = drawn.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
		const other = Number(number % BigInt(last + 1));
		[order[last], order[other]] = [order[other], order[last]];
	}
	return order;
};

export const checkpointsRoot = (genesis, unit, leaves) =>
	hash('checkpoints', bytes(genesis), unitId(unit), vec(leaves, bytes));

export const auditRoot = (genesis, unit, auditor, leaves) =>
	hash('audit', bytes(genesis), unitId(unit), auditor, vec(leaves, bytes));

export const resultRoot = ({ difference, norm, upstream, downstream, loss, heldOut, innerState }) =>
	hash(
		'result',
		difference,
		u32(norm),
		option(upstream, bytes),
		option(downstream, bytes),
		option(loss, u32),
		option(heldOut, u32),
		option(innerState, bytes),
	);

/** Step counts at which a unit's states are rooted: the start, every interval, the end. */
export const checkpointSteps = (steps, every) => {
	const at = [];
	for (let step = 0; step < steps; step += every) at.push(step);
	return [...at, steps];
};

export const hex = u8aToHex;
