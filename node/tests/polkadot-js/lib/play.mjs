// Moves of the play that several stories share: a window from its start to its last audit, and what governance decides.

import { u8aToHex } from '@polkadot/util';

import { submitEach } from './batch.mjs';
import { account, eventOf, height, submit, until, untilBlock } from './chain.mjs';
import { noteCall } from './record.mjs';
import { attestation } from './unit.mjs';

/** What a call comes to once the chain is ready for it: retried while it is refused by one of `waits`. */
export const patiently = (api, what, call, signer, waits) =>
	until(api, what, () =>
		submit(api, call(), signer).catch((error) => {
			if (!waits.includes(error.name)) throw error;
			return undefined;
		}));

/** Acts on each item: those of different owners side by side, those of one owner one after the other, as nonces want it. */
export const eachOwn = async (items, ownerOf, act) => {
	const byOwner = new Map();
	for (const item of items) byOwner.set(ownerOf(item), [...(byOwner.get(ownerOf(item)) ?? []), item]);
	await Promise.all([...byOwner.values()].map(async (own) => {
		for (const item of own) await act(item);
	}));
};

/** Enlists providers (`[[model, provider], ...]`) side by side and draws all their lots in one block. */
export const seatAll = async (api, places, caller) => {
	const requests = [];
	await eachOwn(places, ([, who]) => who, async ([model, who]) => {
		const events = await submit(api, api.tx.shards.enlist(model), who.provider);
		requests.push(eventOf(events, api.events.shards.Enlisted).seedAt.toNumber());
	});
	await untilBlock(api, Math.max(...requests) + 1);
	return submitEach(api, caller, places.map(([model, who]) => api.tx.shards.drawSeat(model, who.provider.address)));
};

/** Pokes a model's clock until an event of a kind happens; resolves with the event's data. */
export const pokeUntil = (api, model, kind, caller) =>
	until(api, `${kind.meta.name} of model ${model}`, async () => {
		const waits = ['shards.BeaconNotKnown', 'shards.WindowRunning'];
		const events = await submit(api, api.tx.shards.pokeWindow(model), caller).catch((error) => {
			if (!waits.includes(error.name)) throw error;
			return [];
		});
		return events.find((event) => kind.is(event))?.data;
	});

/** A unit's attestation with the signatures of its neighbours and of the other seats of its stage. */
export const attestationOf = (genesis, work, seats) => {
	const { stage, lane } = work.unit;
	const neighbours = { upstream: seats[stage - 1]?.[lane], downstream: seats[stage + 1]?.[lane] };
	return attestation(genesis, work, neighbours, seats[stage].filter((_, other) => other !== lane));
};

/** All workers of a window attest, each with its own key; what the chain noted of each. */
export const attestAll = (api, genesis, works, seats) =>
	Promise.all(works.map(async (work) => {
		const call = api.tx.contributions.attest(attestationOf(genesis, work, seats));
		return eventOf(await submit(api, call, work.worker.key), api.events.contributions.Attested);
	}));

/** Draws the lots of all stages, the last one first; the audits that they gave out. */
export const drawAll = async (api, model, window, stages, caller) => {
	const draw = (stage) => api.tx.contributions.drawLots(model, window, stage);
	const last = await patiently(api, 'the lots of the last stage', () => draw(stages - 1), caller,
		['contributions.RandomnessNotKnown']);
	const others = await submitEach(api, caller, Array.from({ length: stages - 1 }, (_, stage) => draw(stage)));
	return [last, ...others].flat()
		.filter((event) => api.events.contributions.AuditorDrawn.is(event)).map(({ data }) => data);
};

/** Who audits a unit now, among known providers. */
export const auditorNow = async (api, unit, known) => {
	const { auditor } = (await api.query.contributions.audits(unit)).unwrap().state.asAssigned;
	return known.find((who) => auditor.eq(who.provider.address));
};

/** Draws the next auditor of a unit once the randomness is known. */
export const nextAuditor = async ({ api, anyone, providers }, unit) => {
	await patiently(api, `an auditor of unit ${Object.values(unit)}`, () => api.tx.contributions.redrawAudit(unit), anyone,
		['contributions.RandomnessNotKnown', 'contributions.AuditorHasTime']);
	return auditorNow(api, unit, providers);
};

/** Seats and standbys of a stage, among known providers. */
export const membersOf = async (api, model, stage, known) => {
	const { seats, standbys } = (await api.query.shards.rosters(model, stage)).unwrap();
	const who = (wanted) => known.find((one) => wanted.eq(one.provider.address));
	return {
		seated: seats.filter((one) => one.isSome).map((one) => who(one.unwrap())),
		standing: standbys.map((one) => who(one.provider)),
		isFull: seats.every((one) => one.isSome),
	};
};

/** What is on hold of an account, or of a provider's. */
export const heldOf = async (api, who) =>
	[...(await api.query.balances.holds((who.provider ?? who).address))]
		.reduce((sum, { amount }) => sum + amount.toBigInt(), 0n);

/** Waits for the escrow of a unit and of its audit, and finalises both; the events. */
export const finaliseFully = (api, unit, caller) => {
	const all = [];
	return until(api, `the escrow of unit ${Object.values(unit)}`, async () => {
		const events = await submit(api, api.tx.contributions.finalise(unit), caller).catch((error) => {
			if (error.name !== 'contributions.NotDue') throw error;
			return [];
		});
		all.push(...events);
		const [row, audit] = await Promise.all([api.query.contributions.units(unit), api.query.contributions.audits(unit)]);
		return !row.unwrap().phase.isPending && audit.isNone ? all : undefined;
	});
};

/** The root key of a development chain. */
export const root = account('//Alice');
/** The council of a development chain. */
export const council = ['//Alice', '//Bob', '//Charlie'].map(account);

/** Makes a call as the root key. */
export const asRoot = (api, call) => submit(api, api.tx.sudo.sudo(call), root);

/** Sets times of the protocol, as governance may: `{ DisputeBudget: 12 }`. */
export const setTimes = (api, times) =>
	asRoot(api, api.tx.utility.batchAll(Object.entries(times).map(([name, blocks]) =>
		api.tx.parameters.setParameter({ Protocol: { [name]: [null, blocks] } }))));

/** Lets the council propose, vote on and execute a call; the events of its execution. */
export const byMotion = async (api, call, threshold = 2) => {
	const length = call.method.encodedLength + 8;
	const [proposer] = council;
	const proposed = await submit(api, api.tx.council.propose(threshold, call, length), proposer);
	const { proposalHash, proposalIndex } = eventOf(proposed, api.events.council.Proposed);
	await Promise.all(council.slice(0, threshold)
		.map((member) => submit(api, api.tx.council.vote(proposalHash, proposalIndex, true), member)));
	const weight = { refTime: 100_000_000_000, proofSize: 1_000_000 };
	const events = await submit(api, api.tx.council.close(proposalHash, proposalIndex, weight, length), proposer);
	const { result } = eventOf(events, api.events.council.Executed);
	if (result.isErr) throw new Error(`the motion failed: ${result.asErr}`);
	noteCall(call.method);
	return events;
};

/** Makes session keys in the node for an account; the node must take unsafe RPC calls, as a development node does. */
export const sessionKeys = (api, owner) => api.rpc('author_rotateKeysWithOwner', u8aToHex(owner.publicKey));

/** Waits until a session has begun lately, so that what follows happens before the next one begins. */
export const earlyInSession = async (api, slots = 8) => {
	const length = (await api.query.clock.epochLength()).toNumber();
	await until(api, 'a new session', async () => {
		const [now, genesis] = await Promise.all([api.query.babe.currentSlot(), api.query.babe.genesisSlot()]);
		return now.sub(genesis).toNumber() % length < slots;
	});
	return height(api);
};
