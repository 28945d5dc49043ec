// Sends extrinsics to the node over several connections, as fast as it takes them, and never more than its pool holds.

import { sleep } from './borrowed.mjs';

const CONNECTIONS = 8;
/** Extrinsics in one request. */
const BATCH = 20;
/** The pool holds 8,192. */
const MOST_WAITING = 5_000;
const PATIENCE = 60_000; // milliseconds

export class Gate {
	#url;
	#blocks;
	/** Extrinsics that the pool took in. */
	accepted = 0;

	constructor(node, blocks) {
		this.#url = node.url.replace('ws:', 'http:');
		this.#blocks = blocks;
	}

	/** Extrinsics that the pool took in and that are in no block yet. */
	get pending() {
		return this.accepted - this.#blocks.included;
	}

	/**
	 * Submits extrinsics until all are sent, or enough are; resolves with those that are left. Each signer's go through one
	 * connection, in their order: the pool has little room for those that come before their predecessors. At most `most()` wait
	 * in the pool at a time.
	 */
	async send(extrinsics, { most = () => MOST_WAITING, enough = () => false } = {}) {
		const queues = Array.from({ length: CONNECTIONS }, () => []);
		for (const extrinsic of extrinsics) queues[extrinsic.from % CONNECTIONS].push(extrinsic);
		let underway = 0;
		const progress = this.#progress();
		const connection = async (queue) => {
			let next = 0;
			while (next < queue.length && !enough()) {
				if (this.pending + underway >= Math.min(most(), MOST_WAITING)) {
					progress();
					await sleep(20);
					continue;
				}
				const batch = queue.slice(next, next + BATCH);
				next += batch.length;
				underway += batch.length;
				await this.#submit(batch);
				underway -= batch.length;
				this.accepted += batch.length;
			}
			return queue.slice(next);
		};
		return (await Promise.all(queues.map(connection))).flat();
	}

	/** Waits until everything that was sent is in a block. */
	async drained() {
		const progress = this.#progress();
		while (this.pending > 0) {
			progress();
			await sleep(50);
		}
	}

	/** A check that extrinsics still get into blocks. */
	#progress() {
		let [included, since] = [this.#blocks.included, Date.now()];
		return () => {
			if (this.#blocks.included !== included) [included, since] = [this.#blocks.included, Date.now()];
			if (Date.now() - since > PATIENCE) {
				throw new Error(`for ${PATIENCE / 1_000} s no extrinsic was included, although ${this.pending} should be waiting`);
			}
		};
	}

	/** Asks the node something, past polkadot.js. */
	async ask(method, ...params) {
		const [{ result, error }] = await this.#post([{ jsonrpc: '2.0', id: 0, method, params }]);
		if (error) throw new Error(`${method}: ${error.message} (${error.data})`);
		return result;
	}

	async #submit(batch) {
		const method = 'author_submitExtrinsic';
		const answers = await this.#post(batch.map(({ hex }, id) => ({ jsonrpc: '2.0', id, method, params: [hex] })));
		const refused = answers.find(({ error }) => error)?.error;
		if (refused) throw new Error(`the pool refused an extrinsic: ${refused.message} (${refused.data})`);
	}

	async #post(requests) {
		const headers = { 'Content-Type': 'application/json' };
		return (await fetch(this.#url, { method: 'POST', headers, body: JSON.stringify(requests) })).json();
	}
}
