// What workers and clients compute off chain: commitments, messages to sign, and the linear congruential program that the
// development chain's disputes check. The twin of `primitives/src/{hash,signing,attestation,voucher,lcg}.rs`.

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

/** Bits of a non-negative binary32. */
export const float = (value) => new Uint32Array(new Float32Array([value]).buffer)[0];

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

/** The linear congruential program: states are 64-bit numbers. */
export const lcg = {
	operations: 20,
	pieces: 18,
	commit: (state) => hash('state', u64(state)),
	piece(unit, state, step, operation, piece) {
		const position = (BigInt(step) << 40n) | (BigInt(operation) << 20n) | BigInt(piece);
		const place = (BigInt(unit.window) << 16n) | (BigInt(unit.stage) << 8n) | BigInt(unit.lane);
		const increment = position ^ BigInt.asUintN(64, place * 1_442_695_040_888_963_407n);
		return BigInt.asUintN(64, state * 6_364_136_223_846_793_005n + increment);
	},
	operation(unit, state, step, operation) {
		let now = state;
		for (let piece = 0; piece < lcg.pieces; piece += 1) now = lcg.piece(unit, now, step, operation, piece);
		return now;
	},
	step(unit, state, step) {
		let now = state;
		for (let operation = 0; operation < lcg.operations; operation += 1) {
			now = lcg.operation(unit, now, step, operation);
		}
		return now;
	},
	merge: (before, differences) =>
		differences.reduce((sum, [state, steps]) => BigInt.asUintN(64, sum + state * BigInt(steps)), before),
};

/** Step counts at which a unit's states are rooted: the start, every interval, the end. */
export const checkpointSteps = (steps, every) => {
	const at = [];
	for (let step = 0; step < steps; step += every) at.push(step);
	return [...at, steps];
};

/**
 * The trace of one unit: the state after each of its steps, and the state that its closing step leads to, whose
 * commitment is the difference. `spoil(step, state)` lets a liar change the state after a step.
 */
export const trace = (unit, start, steps, spoil = (_, state) => state) => {
	const states = [start];
	for (let step = 0; step < steps; step += 1) {
		states.push(spoil(step, lcg.step(unit, states[step], step)));
	}
	const closing = lcg.step(unit, states[steps], steps);
	return { unit, steps, states, closing, difference: lcg.commit(closing) };
};

/** The leaves under a unit's checkpoints root. */
export const checkpointLeaves = (traced, every, result) => [
	...checkpointSteps(traced.steps, every).map((step) => lcg.commit(traced.states[step])),
	result,
];

export const hex = u8aToHex;
