// `make tour`: tells a model's life on a development chain of its own. `make tour ARGS=faults` tells another story.

import { connect, height } from './lib/chain.mjs';
import { startNode } from './lib/node.mjs';
import { stopTracers } from './lib/tracer.mjs';

/** All stories, as the tests run them. */
const STORIES = {
	life: 'a model from its dataset to the income of its holders',
	questions: 'what every role asks the chain',
	trade: 'owners of data, researchers, share holders, clients',
	keep: 'providers, validators, the council',
	faults: 'what goes wrong with work and audits, and what it costs',
	merges: 'a void window, a merge that never was, the end of a model',
	offline: 'signing without a connection',
	refusals: 'what a node turns away',
};

const [name = 'life'] = process.argv.slice(2);
if (!(name in STORIES)) {
	console.error(`There is no story "${name}". There are:`);
	for (const [known, about] of Object.entries(STORIES)) console.error(`  ${known.padEnd(10)} ${about}`);
	process.exit(2);
}
const { chapters, newStage } = await import(`./${name}.mjs`);

const started = Date.now();
const seconds = () => `${((Date.now() - started) / 1_000).toFixed(0).padStart(4)} s`;
const say = (line) => console.log(`${seconds()}  ${line}`);

say('starting a development chain');
const node = await startNode();
let api;
try {
	api = await connect(node);
	say(`polkadot.js is connected to ${node.url}; open it at https://polkadot.js.org/apps/?rpc=${node.url}`);
	const stage = newStage(api, (line) => say(`  ${line}`));
	for (const [number, { title, run }] of chapters.entries()) {
		say('');
		say(`${number + 1}. ${title}`);
		await run(stage);
	}
	say('');
	say(`That was ${STORIES[name]}, in ${await height(api)} blocks. Nothing is left running.`);
} catch (error) {
	console.error(`\n${error.stack}\n\nThe end of the node's log:\n${node.tail()}`);
	process.exitCode = 1;
} finally {
	await stopTracers();
	await api?.disconnect();
	await node.stop();
}
