// `make demo`: tells a model's life on a development chain of its own.

import { connect, height } from './lib/chain.mjs';
import { startNode } from './lib/node.mjs';
import { chapters, newStage } from './life.mjs';

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
	say(`That was a model's life, in ${await height(api)} blocks. Nothing is left running.`);
} catch (error) {
	console.error(`\n${error.stack}\n\nThe end of the node's log:\n${node.tail()}`);
	process.exitCode = 1;
} finally {
	await api?.disconnect();
	await node.stop();
}
