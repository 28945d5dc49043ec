// `make bench NAME=chain`: attestations and transfers, as many as one development node takes in.

import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';

import { attestations, checkAttested } from './attestations.mjs';
import { Blocks } from './blocks.mjs';
import { connect, startNode, waitReady } from './borrowed.mjs';
import { burst } from './burst.mjs';
import { Gate } from './gate.mjs';
import { roomOf } from './limits.mjs';
import { readOptions } from './options.mjs';
import { costs, describe, results } from './report.mjs';
import { SEATS, settle, untilBlock } from './town.mjs';
import { checkArrived, transfers } from './transfers.mjs';
import { close, schedule, start } from './windows.mjs';
import { Wire } from './wire.mjs';

const SAY_AT_LEAST_EVERY = 25_000; // milliseconds
/** Blocks of a burst that are not full: what goes in while the pool is being filled, and the rest. */
const BLOCKS_AROUND = 1.5;

const started = Date.now();
let lastSaid = started;
const say = (line) => {
	lastSaid = Date.now();
	console.log(`${((lastSaid - started) / 1_000).toFixed(0).padStart(4)} s  ${line}`);
};

/** A kind of attestation: models whose stages have so many lanes. */
const newKind = (town, lanes, note, count = Infinity) => ({
	name: `attest, ${lanes} lanes, ${SEATS / lanes} stages${note}`,
	models: town.models.filter((one) => one.lanes === lanes).slice(0, count),
	// Its own, its neighbours' (there are two around a middle stage), and the other seats'.
	signatures: 1 + Math.min(2, SEATS / lanes - 1) + lanes - 1,
	bursts: [],
});

/** The attestation of a middle stage: one with both neighbours' signatures. */
const typical = (extrinsics, { models: [{ lanes, stages }] }) => extrinsics[(stages >> 1) * lanes];

const note = (kind, measured) => {
	kind.bursts.push(measured);
	say(describe(kind.name, measured, kind.room.most));
};

/** Starts windows, signs their attestations, submits them. */
const attestBurst = async (bench, kind) => {
	await start(bench, kind.models);
	bench.activity = `signing: ${kind.name}`;
	const signed = await attestations(bench, kind.models);
	kind.room = await roomOf(bench, typical(signed, kind));
	bench.activity = kind.name;
	const measured = await burst(bench, signed, { sendAll: true });
	await checkAttested(bench.api, kind.models);
	note(kind, measured);
};

/** Signs transfers, unless some are left from the burst before, and submits them. */
const transferBurst = async (bench, town, kind) => {
	bench.activity = `signing: ${kind.name}`;
	const left = kind.bursts.at(-1)?.left ?? [];
	const signed = [...left, ...transfers(bench, town, bench.options.transfers - left.length)];
	kind.room = await roomOf(bench, signed[0]);
	bench.activity = kind.name;
	note(kind, await checkArrived(bench.api, town, signed.length, () => burst(bench, signed, { sendAll: false })));
};

/** How many models have to attest to fill blocks of which one takes so many attestations. */
const modelsFor = ({ blocks, models }, perBlock) =>
	Math.min(models, Math.ceil(((blocks + BLOCKS_AROUND) * perBlock) / SEATS));

const run = async (bench) => {
	const { options } = bench;
	const sets = [
		{ lanes: options.lanes, count: options.models },
		...options.others.map((lanes) => ({ lanes, count: options.otherModels })),
	];
	const town = await settle(bench, sets);
	say(`${options.providers} providers are seated at ${town.models.length} models`);
	await schedule(bench, town.models);

	const others = options.others.map((lanes) => newKind(town, lanes, ', first'));
	for (const kind of others) await attestBurst(bench, kind);
	const fastest = Math.max(...others.map(({ bursts: [{ perBlock }] }) => perBlock));
	const count = others.length > 0 ? modelsFor(options, fastest) : options.models;
	// In its first window a worker has nothing to finalise yet; later, each attestation finalises an older one.
	const first = newKind(town, options.lanes, ', first', count);
	await attestBurst(bench, first);
	const attest = newKind(town, options.lanes, '', count);
	const transfer = { name: 'transfer_keep_alive', signatures: 1, bursts: [] };
	for (let round = 0; round < options.rounds; round += 1) {
		await close(bench, attest.models);
		await attestBurst(bench, attest);
		await transferBurst(bench, town, transfer);
	}
	costs([transfer, ...others, first, attest]);
	results(transfer, first, attest);
};

const main = async () => {
	const options = readOptions(process.argv.slice(2));
	if (!options) return;
	if (options.node) process.env.CAIRN_NODE = options.node;
	await waitReady();
	const node = await startNode();
	const data = dirname(node.log);
	process.once('exit', () => rmSync(data, { recursive: true, force: true }));
	for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(130));
	const blocks = new Blocks(node.log);
	const bench = { options, blocks, gate: new Gate(node, blocks), activity: 'starting the node' };
	blocks.accepted = () => bench.gate.accepted;
	const ticker = setInterval(() => {
		if (node.ended() !== undefined) {
			console.error(`The node stopped:\n${node.tail()}`);
			process.exit(1);
		}
		if (Date.now() - lastSaid > SAY_AT_LEAST_EVERY) say(`... ${bench.activity}, block ${blocks.last}`);
	}, 1_000);
	try {
		bench.api = await connect(node);
		bench.wire = new Wire(bench.api);
		await untilBlock(bench, 1); // it tells how many extrinsics the node itself puts into each block
		say(`a development node runs on ${availableParallelism()} cores`);
		await run(bench);
	} catch (error) {
		console.error(`${error.stack}\n\nThe end of the node's log:\n${node.tail()}`);
		process.exitCode = 1;
	} finally {
		clearInterval(ticker);
		blocks.stop();
		await bench.api?.disconnect();
		await node.stop();
	}
};

await main().catch((error) => {
	console.error(error.message);
	process.exitCode = 2;
});
