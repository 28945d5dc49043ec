// The people of a scenario and what each of them does on chain, call by call.

import { readFileSync } from 'node:fs';

import { submitEach } from './batch.mjs';
import { account, endpointKey, eventOf, height, submit, until, untilBlock } from './chain.mjs';
import { blobRoot, lanesOfSeats, messages } from './protocol.mjs';

export const CRN = 1_000_000_000_000n;

const camel = (value) => {
	if (Array.isArray(value)) return value.map(camel);
	if (value === null || typeof value !== 'object') return value;
	const key = (name) => name.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase());
	return Object.fromEntries(Object.entries(value).map(([name, inner]) => [key(name), camel(inner)]));
};

/** The guides' example spec, as polkadot.js takes it. Numbers beyond 2⁵³ become strings. */
export const exampleSpec = (changes = {}) => {
	const text = readFileSync(new URL('../../../../docs/examples/spec.json', import.meta.url), 'utf8');
	const spec = camel(JSON.parse(text.replace(/(?<=[\s[:])\d{16,}/g, '"$&"')));
	const { stages } = { ...spec, ...changes };
	// Nobody has these shards; but there have to be as many as stages.
	const initial = stages.map(() => spec.initial[0]);
	return { ...spec, initial, ...changes, window: { ...spec.window, blocks: 10, ...changes.window } };
};

/** A spec about as small as specs can be: a window of it takes a second, and so does any step by the reference interpreter. */
export const tinySpec = (changes = {}) => {
	const { architecture, schedule, inner } = exampleSpec();
	return exampleSpec({
		architecture: {
			...architecture, vocabulary: 32, width: 8, heads: 1, kvHeads: 1, headWidth: 8, hidden: 8, context: 12,
			frequencies: architecture.frequencies.filter((_, pair) => pair % 2 === 0),
		},
		schedule: { microbatch: 4, points: schedule.points.map((point) => ({ ...point, batch: 8 })) },
		inner: { AdamW: { ...inner.AdamW, beta2: 900_000_000 } },
		...changes,
		window: { steps: 50, checkpointEvery: 25, warmup: 5, ...changes.window },
	});
};

/** The dataset that the example names. */
export const dataset = blobRoot(new TextEncoder().encode('an example dataset'));

/** Terms in millionths: 5 % data, 10 % researcher, 5 % treasury, 80 % compute. */
export const terms = {
	data: 50_000, researcher: 100_000, treasury: 50_000, royalty: 100_000, servingFee: 300_000,
};

/** A provider: its account, its worker's hot key, and its endpoint's key. */
export const provider = (name) => ({
	name,
	provider: account(`//${name}`),
	key: account(`//${name}//worker`),
	endpoint: endpointKey(`//${name}//endpoint`),
});

/** Funds accounts from Alice, in one call. */
export const fund = (api, accounts, amount = 10_000n * CRN) =>
	submit(
		api,
		api.tx.utility.batchAll(accounts.map((who) => api.tx.balances.transferAllowDeath(who.address, amount))),
		account('//Alice'),
	);

export const registerProvider = (api, who, bond = 100n * CRN) => {
	const genesis = api.genesisHash.toU8a();
	return submit(
		api,
		api.tx.workers.register(
			who.key.publicKey,
			who.key.sign(messages.worker(genesis, who.provider.publicKey, who.endpoint.publicKey)),
			who.endpoint.publicKey,
			who.endpoint.sign(messages.endpoint(genesis, who.provider.publicKey)),
			['127.0.0.1:4001'],
			null,
			{ class: 'Cpu', memoryMib: 16_384, gigaflops: 175 },
			bond,
		),
		who.provider,
	);
};

/** Enlists providers, and draws their lots once the randomness that decides them is known. */
export const seat = async (api, model, providers, caller) => {
	const requests = await Promise.all(
		providers.map(async (who) => {
			const events = await submit(api, api.tx.shards.enlist(model), who.provider);
			return eventOf(events, api.events.shards.Enlisted).seedAt.toNumber();
		}),
	);
	await untilBlock(api, Math.max(...requests) + 1);
	await submitEach(api, caller, providers.map((who) => api.tx.shards.drawSeat(model, who.provider.address)));
};

/** Pokes the window clock until a window runs; returns it. */
export const startWindow = (api, model, caller) =>
	until(api, `a window of model ${model}`, async () => {
		const clock = (await api.query.shards.clocks(model)).unwrap();
		if (clock.phase.isRunning) return clock.phase.asRunning;
		await submit(api, api.tx.shards.pokeWindow(model), caller).catch((error) => {
			if (error.name !== 'shards.BeaconNotKnown') throw error;
		});
		return undefined;
	});

/** Who works where in a window: `seats[stage][lane]`, found among known providers. */
export const seatsOf = async (api, model, stages, window, known) => {
	const seats = [];
	for (let stage = 0; stage < stages; stage += 1) {
		const roster = (await api.query.shards.rosters(model, stage)).unwrap();
		const lanes = lanesOfSeats(window.seed.toHex(), stage, roster.seats.length);
		const row = [];
		roster.seats.forEach((holder, index) => {
			row[lanes[index]] = known.find(({ provider: pair }) => pair.address === holder.unwrap().toString());
		});
		seats.push(row);
	}
	return seats;
};

/** Waits for the deadline of a running window and closes it. */
export const closeWindow = async (api, model, window, caller) => {
	await untilBlock(api, window.deadline.toNumber() + 1);
	const events = await submit(api, api.tx.shards.pokeWindow(model), caller);
	return eventOf(events, api.events.shards.WindowClosed);
};

/** Draws the lots of all stages, the last one first, once their randomness is known. */
export const drawLots = async (api, model, window, stages, caller) => {
	for (let stage = stages - 1; stage >= 0; stage -= 1) {
		await until(api, `the lots of stage ${stage}`, () =>
			submit(api, api.tx.contributions.drawLots(model, window, stage), caller).catch((error) => {
				if (error.name !== 'contributions.RandomnessNotKnown') throw error;
				return undefined;
			}),
		);
	}
};

/** The auditor of a unit, among known providers. */
export const auditorOf = async (api, unit, known) => {
	const audit = (await api.query.contributions.audits(unit)).unwrap();
	const address = audit.state.asAssigned.auditor.toString();
	return known.find(({ provider: pair }) => pair.address === address);
};
