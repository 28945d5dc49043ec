// The people of the benchmark: providers with their workers, and those who get transfers.

import { account as wellKnown, CRN, dataset, explain, exampleSpec, hex, messages, sleep, terms } from './borrowed.mjs';
import { account, provider } from './keys.mjs';

/** Seats of a model: as many as may wait for their lots at a time. */
export const SEATS = 64;
const WORKER_FUNDS = 20n * CRN;
const RECEIVER_FUNDS = CRN;
const PROVIDER_FUNDS = 100n * CRN; // beside its bond
const CALLS_A_BATCH = 128;

const chunks = (list, size) =>
	Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));

/** What failed in the blocks since `before`, in words. */
const failures = async (api, blocks, before) => {
	const found = [];
	for (const { number } of blocks.after(before)) {
		const at = await api.at(await api.rpc.chain.getBlockHash(number));
		for (const { event } of await at.query.system.events()) {
			const error = event.data.dispatchError ?? event.data.error;
			if (error) found.push(`block ${number}, ${event.section}.${event.method}: ${explain(api, error).message}`);
		}
	}
	return found;
};

/** Signs calls with consecutive nonces, and waits until they are in blocks and none of them failed. */
export const carryOut = async (bench, what, signed) => {
	const { api, blocks, gate, wire } = bench;
	bench.activity = what;
	const before = blocks.last;
	await gate.send(signed.map(([call, signer]) => wire.sign(call.method.toU8a(), signer)));
	await gate.drained();
	const failed = await failures(api, blocks, before);
	if (failed.length > 0) throw new Error(`${what}: ${failed.length} failed; the first: ${failed[0]}`);
};

export const untilBlock = async (bench, number) => {
	bench.activity = `waiting for block ${number}`;
	while (bench.blocks.last < number) await sleep(100);
};

export const boss = wellKnown('//Alice');

/** Models of a number of lanes, each with providers of its own group. */
const proposals = ({ api, options }, { lanes, count }, first) => {
	const stages = SEATS / lanes;
	const spec = exampleSpec({ stages: Array(stages).fill(1), lanes, window: { blocks: options.window } });
	return Array.from({ length: count }, (_, i) => ({
		model: first + i,
		lanes,
		stages,
		spec,
		calls: [api.tx.models.propose(spec, terms, null, 'for a benchmark'), api.tx.models.open(first + i)],
	}));
};

const registration = (api, who, bond) => {
	const genesis = api.genesisHash.toU8a();
	return api.tx.workers.register(
		who.key.publicKey,
		who.key.sign(messages.worker(genesis, who.provider.publicKey, who.endpoint.publicKey)),
		who.endpoint.publicKey,
		who.endpoint.sign(messages.endpoint(genesis, who.provider.publicKey)),
		['127.0.0.1:4001'],
		null,
		{ class: 'Cpu', memoryMib: 16_384, gigaflops: 175 },
		bond,
	);
};

/**
 * Settles everybody: `sets` says how many models of how many lanes there are. Each model belongs to one group of as many
 * providers as it has seats; a provider works for all models of its group.
 */
export const settle = async (bench, sets) => {
	const { api, options } = bench;
	const providers = Array.from({ length: options.providers }, (_, number) => provider(api, number));
	const receivers = Array.from({ length: options.providers }, (_, number) => account(`receiver ${number}`));
	const groups = chunks(providers, SEATS);
	const models = [];
	for (const set of sets) models.push(...proposals(bench, set, models.length));
	models.forEach((one, i) => {
		one.members = groups[i % groups.length];
	});
	const modelsOf = (group) => models.filter((one) => one.members === group);
	const bond = (group) => api.consts.workers.minBond.toBigInt() * BigInt(modelsOf(group).length);

	const give = (to, amount) => api.tx.balances.transferAllowDeath(hex(to.publicKey), amount);
	const gifts = [
		...groups.flatMap((group) => group.flatMap((who) => [
			give(who.provider, bond(group) + PROVIDER_FUNDS),
			give(who.key, WORKER_FUNDS),
		])),
		...receivers.map((who) => give(who, RECEIVER_FUNDS)),
	];
	const register = api.tx.models.registerDataset(dataset, 'a dataset for a benchmark');
	const batches = [...chunks(gifts, CALLS_A_BATCH), [register, ...models.flatMap(({ calls }) => calls)]];
	await carryOut(bench, 'accounts are funded, models proposed', batches.map((calls) => [api.tx.utility.batchAll(calls), boss]));

	const joins = groups.flatMap((group) => group.map((who) => [
		api.tx.utility.batchAll([
			registration(api, who, bond(group)),
			...modelsOf(group).map(({ model }) => api.tx.shards.enlist(model)),
		]),
		who.provider,
	]));
	await carryOut(bench, 'providers register and enlist', joins);

	const asked = models.flatMap(({ model, members }) => members.map((who) => [model, who.provider.address]));
	const lots = await api.query.shards.requests.multi(asked);
	await untilBlock(bench, Math.max(...lots.map((seedAt) => seedAt.unwrap().toNumber())) + 3);
	const draws = models.map(({ model, members }) => [
		api.tx.utility.batchAll(members.map((who) => api.tx.shards.drawSeat(model, who.provider.address))),
		boss,
	]);
	await carryOut(bench, 'seats are drawn', draws);
	return { providers, receivers, models };
};
