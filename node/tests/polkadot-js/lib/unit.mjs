// What workers compute in a window, and what they say of it: a tracer computes, a liar says something else.

import { hexToU8a } from '@polkadot/util';
import { randomAsU8a } from '@polkadot/util-crypto';

import { terms, tinySpec } from './cast.mjs';
import { auditRoot, blobRoot, checkpointsRoot, checkpointSteps, messages, resultRoot } from './protocol.mjs';
import { startTracer } from './tracer.mjs';

/** Begins to train a tiny model: what computes it, and its spec with the roots of dataset and first shards. */
export const startTraining = async (api, changes = {}) => {
	const [tracer, spec] = [startTracer(), tinySpec(changes)];
	const [encoded] = api.tx.models.propose(spec, terms, null, '').args;
	const roots = await tracer.ask({ begin: { spec: encoded.toHex() } });
	return { tracer, spec: { ...spec, ...roots } };
};

/** A unit with all that its worker claims: states at checkpoints, the result behind them, and the root of both. */
const claim = (genesis, work) => {
	const { states, difference, norm, upstream, downstream, loss, heldOut } = work;
	const edges = { upstream: upstream?.root, downstream: downstream?.root };
	const result = resultRoot({ difference, norm, ...edges, loss, heldOut });
	const at = checkpointSteps(work.steps, work.training.spec.window.checkpointEvery);
	const leaves = [...at.map((step) => states[step]), result];
	return { ...work, leaves, result, checkpoints: checkpointsRoot(genesis, work.unit, leaves) };
};

/** The units of a window of the chain, which all seats of a model train: `[stage][lane]`, as `seats` are. */
export const computeWindow = async ({ genesis, training, model, window, seats }) => {
	const { tracer, spec } = training;
	const [index, seed] = [window.index.toNumber(), window.seed.toHex()];
	const outcomes = await tracer.ask({ window: { model, window: index, samples: window.samples.toNumber() } });
	const works = seats.map(() => []);
	for (const { stage, lane, difference, norm, loss, heldOut, upstream, downstream, ...one } of outcomes) {
		const states = one.states.map((state) => hexToU8a(state));
		const receipt = (upper, root) => root && { edge: { model, window: index, lane, upper }, root: hexToU8a(root) };
		works[stage][lane] = claim(genesis, {
			unit: { model, window: index, stage, lane },
			training,
			seed,
			worker: seats[stage][lane],
			steps: spec.window.steps,
			states,
			shardBefore: states[0],
			difference: hexToU8a(difference),
			norm,
			loss,
			heldOut,
			upstream: receipt(stage - 1, upstream),
			downstream: receipt(stage, downstream),
		});
	}
	return works;
};

/** What a liar claims instead of a commitment: nobody can open it. */
const lie = (commitment) => blobRoot(commitment);

const isBehind = (place, from) => {
	const part = ['step', 'operation', 'piece'].find((one) => (place[one] ?? 0) !== from[one]);
	return part !== undefined && (place[part] ?? 0) > from[part];
};

/** What a liar claims of a unit: from what a piece (`{ step, operation, piece }`) yields on, all states are others. */
export const spoiled = (genesis, work, from) => {
	const states = work.states.map((state, step) => (isBehind({ step }, from) ? lie(state) : state));
	return claim(genesis, { ...work, from, states, difference: lie(work.difference) });
};

/** The commitments that a worker claims at boundaries of its unit: before a step, an operation or a piece of it. */
export const boundaries = async ({ training, unit, states, from }, places) => {
	if (places.every(({ operation }) => operation === undefined)) return places.map(({ step }) => states[step]);
	const asked = places.map(({ step, operation, piece = 0 }) => [step, operation, piece]);
	const computed = await training.tracer.ask({ commitments: { unit: [unit.stage, unit.lane], places: asked } });
	return computed.map((hex, i) => {
		const commitment = hexToU8a(hex);
		return from && isBehind(places[i], from) ? lie(commitment) : commitment;
	});
};

/** What the chain recomputes a piece from. Both sides of a game agree on the state before it. */
export const evidenceOf = ({ training, unit }, { step, operation, piece }) =>
	training.tracer.ask({ evidence: { unit: [unit.stage, unit.lane], place: [step, operation, piece] } });

/** The attestation of a unit, with its neighbours' and holders' signatures, which bind the seed of its window. */
export const attestation = (genesis, work, neighbours, holders) => {
	const { unit, seed, steps, difference } = work;
	const receipt = (edge, neighbour) =>
		edge && { root: edge.root, signature: neighbour.key.sign(messages.edge(genesis, seed, edge.edge, steps, edge.root)) };
	return {
		unit,
		shardBefore: work.shardBefore,
		outcome: { Done: { steps } },
		difference,
		norm: work.norm,
		checkpoints: work.checkpoints,
		upstream: receipt(work.upstream, neighbours.upstream),
		downstream: receipt(work.downstream, neighbours.downstream),
		loss: work.loss,
		heldOut: work.heldOut,
		innerState: null,
		held: holders.map((holder) => ({
			holder: holder.provider.address,
			signature: holder.key.sign(messages.held(genesis, seed, unit, difference)),
		})),
	};
};

/** What an auditor with honest leaves answers. */
export const okVerdict = (genesis, unit, auditor, leaves) => ({
	Ok: { auditRoot: auditRoot(genesis, unit, auditor.provider.publicKey, leaves) },
});

export const randomRoot = () => randomAsU8a(32);
