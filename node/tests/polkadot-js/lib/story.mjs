// A story is a list of chapters on one development chain; each goes on where the one before it ended.

import { after, before, test } from 'node:test';

import { connect } from './chain.mjs';
import { startNode } from './node.mjs';
import { stopTracers } from './tracer.mjs';

/** Runs a story's chapters as tests, on a node of its own. */
export const tell = ({ chapters, newStage }) => {
	let node;
	let stage;
	let broken;

	before(async () => {
		node = await startNode();
		stage = newStage(await connect(node), (line) => console.log(`    ${line}`));
	});

	after(async () => {
		await stopTracers();
		await stage?.api.disconnect();
		await node?.stop();
	});

	for (const { title, run } of chapters) {
		test(title, { timeout: 300_000 }, async (t) => {
			if (broken) return t.skip(`an earlier chapter failed: ${broken}`);
			try {
				return await run(stage);
			} catch (error) {
				broken = title;
				throw error;
			}
		});
	}
};
