// The attestations of whole windows: what workers, their neighbours and the holders of their differences sign.

import { attestation, float, randomRoot, seatsOf } from './borrowed.mjs';

const GATE_EVERY = 16;

/** A unit's work. The chain cannot tell work from random roots as long as nobody audits it. */
const work = ({ model, window, stages, spec }, stage, lane, worker, edges) => {
	const index = window.index.toNumber();
	const isLast = stage === stages - 1;
	const edge = (upper) =>
		upper >= 0 && upper < stages - 1 ? { edge: { model, window: index, lane, upper }, root: edges[upper][lane] } : null;
	return {
		unit: { model, window: index, stage, lane },
		seed: window.seed.toHex(),
		worker,
		traced: { steps: spec.window.steps, difference: randomRoot() },
		shardBefore: spec.initial[stage], // as if no merge changed it: the chain compares it in the first window only
		checkpoints: randomRoot(),
		upstream: edge(stage - 1),
		downstream: edge(stage),
		loss: isLast ? float(1) : null,
		heldOut: isLast && index % GATE_EVERY === GATE_EVERY - 1 ? float(1) : null,
	};
};

/** All units of a model's running window, with those who sign for them. */
const unitsOf = async (api, one) => {
	const { model, stages, lanes, window, members } = one;
	const seats = await seatsOf(api, model, stages, window, members);
	const edges = Array.from({ length: stages - 1 }, () => Array.from({ length: lanes }, randomRoot));
	return seats.flatMap((row, stage) =>
		row.map((worker, lane) => ({
			work: work(one, stage, lane, worker, edges),
			neighbours: { upstream: seats[stage - 1]?.[lane], downstream: seats[stage + 1]?.[lane] },
			holders: row.filter((other) => other !== worker),
		})),
	);
};

/** The attestations of running windows, signed; `held` says how many of a unit's holders sign for it. */
export const attestations = async ({ api, wire }, models, held = (holders) => holders) => {
	const genesis = api.genesisHash.toU8a();
	const units = (await Promise.all(models.map((one) => unitsOf(api, one)))).flat();
	return units.map(({ work: done, neighbours, holders }) => {
		const call = api.tx.contributions.attest(attestation(genesis, done, neighbours, held(holders)));
		return wire.sign(call.method.toU8a(), done.worker.key);
	});
};

/** Makes sure that every attestation of running windows was accepted. */
export const checkAttested = async (api, models) => {
	const rows = await api.query.contributions.windows.multi(models.map(({ model, window }) => [model, window.index]));
	rows.forEach((row, i) => {
		const { model, lanes, stages } = models[i];
		const attested = row.isSome ? row.unwrap().tally.attested.toNumber() : 0;
		if (attested !== lanes * stages) {
			throw new Error(`model ${model} took ${attested} of ${lanes * stages} attestations: was --window too short?`);
		}
	});
};
