// A model's life, chapter by chapter, on a real node.

import { after, before, test } from 'node:test';

import { connect } from './lib/chain.mjs';
import { startNode } from './lib/node.mjs';
import { chapters, newStage } from './life.mjs';

let node;
let stage;

before(async () => {
	node = await startNode();
	stage = newStage(await connect(node), (line) => console.log(`    ${line}`));
});

after(async () => {
	await stage?.api.disconnect();
	await node?.stop();
});

let broken;
for (const { title, run } of chapters) {
	// Each chapter goes on where the one before it ended.
	test(title, { timeout: 300_000 }, async () => {
		if (broken) throw new Error(`an earlier chapter failed: ${broken}`);
		try {
			await run(stage);
		} catch (error) {
			broken = title;
			throw error;
		}
	});
}
