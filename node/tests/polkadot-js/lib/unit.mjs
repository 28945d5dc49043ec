// Work of one window, done by the linear congruential program: traces, edges, attestations. What workers will do with
// neural networks, in a form that a test can compute at once.

import { randomAsU8a } from '@polkadot/util-crypto';

import {
	auditRoot, blobRoot, checkpointLeaves, checkpointsRoot, float, lcg, messages, resultRoot, trace,
} from './protocol.mjs';

/** The states that the shards of a spec of the development chain start with. */
export const firstStates = ({ stages }) => stages.map((_, stage) => BigInt(stage));

/** Bytes that stand for everything that crossed an edge. */
const crossed = (window, lane, upper) => blobRoot(new TextEncoder().encode(`edge ${window} ${lane} ${upper}`));

/**
 * The units of one window, of which `seed` is the seed: `seats[stage][lane]` are workers, `starts[stage]` the states of the
 * shards before. `spoil(unit)` may return a function that spoils a liar's trace.
 */
export const computeWindow = ({
	genesis, spec, model, window, seed, isGate, seats, starts, steps, spoil = () => undefined,
}) => {
	const stages = seats.length;
	return seats.map((lanes, stage) =>
		lanes.map((worker, lane) => {
			const unit = { model, window, stage, lane };
			const traced = trace(unit, starts[stage], steps, spoil(unit));
			const upstream = stage > 0 ? crossed(window, lane, stage - 1) : null;
			const downstream = stage < stages - 1 ? crossed(window, lane, stage) : null;
			const isLast = stage === stages - 1;
			const loss = isLast ? float(0) : null;
			const heldOut = isLast && isGate ? float(0) : null;
			const result = resultRoot({ difference: traced.difference, norm: float(0), upstream, downstream, loss, heldOut });
			const leaves = checkpointLeaves(traced, spec.window.checkpointEvery, result);
			return {
				unit,
				seed,
				worker,
				traced,
				leaves,
				result,
				loss,
				heldOut,
				shardBefore: lcg.commit(starts[stage]),
				checkpoints: checkpointsRoot(genesis, unit, leaves),
				upstream: upstream && { edge: { model, window, lane, upper: stage - 1 }, root: upstream },
				downstream: downstream && { edge: { model, window, lane, upper: stage }, root: downstream },
			};
		}),
	);
};

/** The attestation of a unit, with its neighbours' and holders' signatures, which bind the seed of its window. */
export const attestation = (genesis, work, neighbours, holders) => {
	const { unit, seed, traced } = work;
	if (!seed) throw new Error('The work of a unit has to name its window\'s seed: `{ unit, seed, ... }`.');
	const receipt = (edge, neighbour) =>
		edge && {
			root: edge.root,
			signature: neighbour.key.sign(messages.edge(genesis, seed, edge.edge, traced.steps, edge.root)),
		};
	return {
		unit,
		shardBefore: work.shardBefore,
		outcome: { Done: { steps: traced.steps } },
		difference: traced.difference,
		norm: float(0),
		checkpoints: work.checkpoints,
		upstream: receipt(work.upstream, neighbours.upstream),
		downstream: receipt(work.downstream, neighbours.downstream),
		loss: work.loss,
		heldOut: work.heldOut,
		innerState: null,
		held: holders.map((holder) => ({
			holder: holder.provider.address,
			signature: holder.key.sign(messages.held(genesis, seed, unit, traced.difference)),
		})),
	};
};

/** What an auditor with honest leaves answers. */
export const okVerdict = (genesis, unit, auditor, leaves) => ({
	Ok: { auditRoot: auditRoot(genesis, unit, auditor.provider.publicKey, leaves) },
});

/** A trace as a player of a dispute sees it: the commitment of any boundary. */
export const boundary = (traced, result, { step, operation = 0, piece = 0 }) => {
	const last = traced.steps; // the closing step
	if (step > last) return result;
	if (operation === lcg.operations || piece === lcg.pieces) {
		const next =
			piece === lcg.pieces
				? { step, operation: operation + 1 }
				: { step: step + 1 };
		return boundary(traced, result, next);
	}
	let state = traced.states[step];
	for (let o = 0; o < operation; o += 1) state = lcg.operation(traced.unit, state, step, o);
	for (let p = 0; p < piece; p += 1) state = lcg.piece(traced.unit, state, step, operation, p);
	return lcg.commit(state);
};

/** The state before a piece: the evidence that a leaf is proven with. */
export const stateBefore = (traced, { step, operation, piece }) => {
	let state = traced.states[step];
	for (let o = 0; o < operation; o += 1) state = lcg.operation(traced.unit, state, step, o);
	for (let p = 0; p < piece; p += 1) state = lcg.piece(traced.unit, state, step, operation, p);
	return state;
};

/** A liar that perturbs its state from some step on. */
export const perturbFrom = (first) => (step, state) => (step === first ? state ^ 1n : state);

export const randomRoot = () => randomAsU8a(32);
