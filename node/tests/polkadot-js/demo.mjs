// `make demo`: workers, each a process with one shard, train a model on a development chain of their own; then its holders are paid.

import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { account, connect, eventOf, height, submit, until, untilBlock } from './lib/chain.mjs';
import { startNode } from './lib/node.mjs';
import { Machine } from './demo/machine.mjs';
import { feesOf, unitsOf } from './demo/chain.mjs';
import { table } from './demo/table.mjs';

const CRN = 10n ** 12n;
const MODEL = 0;
/** Length of a window: fourteen blocks are 42 seconds. */
const BLOCKS = 14;
/** What clients would have paid: in this demo one of them gives it away. */
const INCOME = 90n * CRN;

const { values: options } = parseArgs({
	options: {
		windows: { type: 'string', default: '3' },
		stages: { type: 'string', default: '2' },
		lanes: { type: 'string', default: '2' },
		standbys: { type: 'string', default: '1' },
		spec: { type: 'string' },
		out: { type: 'string' },
		help: { type: 'boolean', default: false },
	},
});
if (options.help) {
	console.log(`make demo ARGS="--windows 3 --stages 2 --lanes 2 --standbys 1 --spec FILE --out FOLDER"
  --windows   windows to train
  --stages    stages that the model is cut into: each worker holds one
  --lanes     lanes that train side by side
  --standbys  workers for each stage that hold its shard, and audit
  --spec      another model, on the same text
  --out       where everything is kept`);
	process.exit(0);
}
const [windows, stages, lanes, standbys] = ['windows', 'stages', 'lanes', 'standbys'].map((name) => {
	const number = Number(options[name]);
	if (!Number.isInteger(number) || number < (name === 'standbys' ? 0 : 1)) throw new Error(`--${name} must be a whole number`);
	return number;
});
const { CAIRN_WORKER: binary, CAIRN_SOURCE: source } = process.env;
if (!binary || !source) throw new Error('Set CAIRN_WORKER and CAIRN_SOURCE (make does it: make demo).');
const out = options.out ?? join(source, 'demo');
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

const started = Date.now();
const say = (line) => console.log(`${((Date.now() - started) / 1_000).toFixed(0).padStart(4)} s  ${line}`);
const crn = (amount) => `${(Number(amount) / Number(CRN)).toFixed(4)} CRN`;

/** So many layers in stages that are as even as possible. */
const cut = (layers, count) =>
	[...Array(count).keys()].map((stage) => Math.floor((layers * (stage + 1)) / count) - Math.floor((layers * stage) / count));

/** The spec of the model: the whale's, cut as was asked for, with the roots of its first shards. */
const prepare = (researcher) => {
	const spec = JSON.parse(readFileSync(options.spec ?? join(source, 'docs/examples/whale.json'), 'utf8'));
	const layers = spec.stages.reduce((sum, one) => sum + one, 0);
	if (stages > layers) throw new Error(`The model has ${layers} layers: it cannot be cut into ${stages} stages.`);
	Object.assign(spec, { lanes, stages: cut(layers, stages), initial: Array(stages).fill(spec.initial[0]) });
	spec.window.blocks = BLOCKS;
	const file = join(out, 'spec.json');
	writeFileSync(file, JSON.stringify(spec));
	const roots = researcher.run('shard', 'init', '--spec', file, '--out', join(out, 'first')).match(/0x[0-9a-f]{64}/g);
	spec.initial = roots.slice(-stages);
	writeFileSync(file, JSON.stringify(spec, null, 1));
	return file;
};

/** What a window came to, in a line. */
const windowLine = (units, window) => {
	const losses = units.flatMap(({ loss }) => (loss === undefined ? [] : [loss]));
	const loss = losses.reduce((sum, one) => sum + one, 0) / losses.length;
	const steps = units.map((unit) => unit.steps);
	return `window ${window}: loss ${loss.toFixed(4)}, ${units.length} units of ${Math.min(...steps)} to ${Math.max(...steps)} steps`;
};

const machines = [];
let node;
let api;
try {
	say('a development chain starts');
	node = await startNode();
	api = await connect(node);
	const machine = (name) => {
		const made = new Machine({ binary, folder: join(out, name.toLowerCase()), node: node.url, key: `//${name}` });
		machines.push(made);
		return made;
	};
	const researcher = machine('Bob');
	const data = join(out, 'data');
	researcher.run('dataset', 'build', join(source, 'worker/data/moby-dick.txt'), '--out', data, '--vocabulary', '1024');
	const specFile = prepare(researcher);
	say(researcher.run('dataset', 'register', data, '--metadata', 'Moby-Dick').trim());
	researcher.run('model', 'propose', '--spec', specFile, '--metadata', 'A whale', '--open', '--yes');
	say(`model ${MODEL} is proposed and open: ${stages} stages × ${lanes} lanes`);

	const names = ['Alice', 'Charlie', 'Dave', 'Eve', 'Ferdie', 'Alice//stash'];
	const count = stages * (lanes + standbys);
	while (names.length < count) names.push(`Provider${names.length}`);
	const rich = account('//Bob//stash');
	for (const name of names.slice(6, count)) {
		await submit(api, api.tx.balances.transferKeepAlive(account(`//${name}`).address, 1_000n * CRN), rich);
	}
	const workers = names.slice(0, count).map(machine);
	await Promise.all(workers.map((worker, number) => worker.later('provider', 'register', '--address', `127.0.0.1:${4201 + number}`, '--bond', '100')));
	say(`${count} providers are registered, each with a bond of 100 CRN`);
	await Promise.all(workers.map((worker) => worker.later('provider', 'enlist', String(MODEL))));
	workers.forEach((worker, number) => worker.start('run', '--listen', `127.0.0.1:${4201 + number}`, '--dataset', data, '--threads', '1'));
	say('the chain has drawn their places, and their workers run; polkadot.js sees all of it:');
	say(`https://polkadot.js.org/apps/?rpc=${node.url}#/explorer`);

	for (let window = 0; window < windows; window += 1) {
		await until(api, `the end of window ${window}`, async () => {
			workers.forEach((worker) => worker.check());
			return (await api.query.shards.closed(MODEL, window)).isSome;
		}, 600);
		say(windowLine(await unitsOf(api, MODEL, window, stages, lanes), window));
	}
	say('the windows are trained; their points become shares when nobody can dispute them any more');
	const last = (await api.query.contributions.windows(MODEL, windows - 1)).unwrap();
	await untilBlock(api, last.due.toNumber() + 4);

	const client = account('//Bob//stash');
	await submit(api, api.tx.revenue.depositRevenue(MODEL, INCOME), client);
	say(`${crn(INCOME)} of revenue arrive, and are streamed to the holders of shares`);
	await untilBlock(api, (await height(api)) + 12);
	const claimed = new Map();
	const holders = [];
	for (const worker of workers) {
		const held = (await api.query.revenue.holders(MODEL, account(worker.key).address)).unwrapOr(undefined);
		if (held && !held.shares.isZero()) holders.push(worker);
	}
	for (const worker of holders.slice(0, 3)) {
		const events = await submit(api, api.tx.revenue.claim(MODEL), account(worker.key));
		claimed.set(worker, eventOf(events, api.events.revenue.Claimed).amount.toBigInt());
		say(`${worker.name} claims ${crn(claimed.get(worker))} with polkadot.js`);
	}
	workers.forEach((worker) => worker.stop());

	// What the workers hold, put together: nobody but this demo has all stages.
	const checkpoint = join(out, 'checkpoint');
	mkdirSync(checkpoint);
	copyFileSync(specFile, join(checkpoint, 'spec.json'));
	copyFileSync(join(data, 'tokenizer.json'), join(checkpoint, 'tokenizer.json'));
	for (let stage = 0; stage < stages; stage += 1) {
		const shards = workers.map((worker) => join(worker.data, `model-${MODEL}/stage-${stage}/shards`)).filter(existsSync);
		const folders = shards.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
		const newest = folders.filter((folder) => existsSync(join(folder, `stage-${stage}.safetensors`)))
			.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];
		copyFileSync(join(newest, `stage-${stage}.safetensors`), join(checkpoint, `stage-${stage}.safetensors`));
	}
	const sample = researcher.run('generate', '--model', checkpoint, '--prompt', 'Call me', '--tokens', '60');
	console.log(researcher.run('model', 'losses', String(MODEL), '--plot', join(out, 'losses.png')));

	const all = (await Promise.all([...Array(windows).keys()].map((window) => unitsOf(api, MODEL, window, stages, lanes)))).flat();
	const fees = await feesOf(api);
	const rows = await Promise.all(workers.map(async (worker) => {
		const { address } = account(worker.key);
		const own = all.filter((unit) => unit.provider === address);
		const shares = (await api.query.revenue.holders(MODEL, address)).unwrapOr(undefined)?.shares.toBigInt() ?? 0n;
		return {
			provider: worker.name,
			units: own.length,
			'of which audited': own.filter((unit) => unit.check === 'Approved').length,
			GFLOP: (Number(own.reduce((sum, unit) => sum + unit.points, 0n)) / 1e9).toFixed(1),
			shares: (Number(shares) / Number(CRN)).toFixed(3),
			income: claimed.has(worker) ? crn(claimed.get(worker)) : 'not claimed',
		};
	}));
	console.log(table(rows));
	console.log(`\nfees on chain: ${crn(fees)} in ${await height(api)} blocks`);
	console.log(`\nthe model now says: ${sample.trim()}`);
	console.log(`\nEverything is in ${out}: losses.png, checkpoint/, the workers' data and logs. Nothing is left running.`);
} catch (error) {
	console.error(`\n${error.stack}\n\nThe end of the node's log:\n${node?.tail()}`);
	process.exitCode = 1;
} finally {
	machines.forEach((one) => one.stop());
	await api?.disconnect();
	await node?.stop();
}
