// The node's own account of the blocks it makes: how many extrinsics, how long it took, and why it stopped there.

import { closeSync, openSync, readSync } from 'node:fs';

const PREPARED = /Prepared block for proposing at (\d+) \((\d+) ms\).*end: (\w+); extrinsics_count: (\d+)/;
const IMPORTED = /Imported #(\d+)/;
const LOOK_EVERY = 50; // milliseconds

export class Blocks {
	#file;
	#timer;
	#rest = '';
	#prepared;
	#rows = [];
	#inherents;
	/** Extrinsics in blocks, without those that the node itself puts into each block. */
	included = 0;
	/** The newest block. */
	last = 0;
	/** How many extrinsics the pool has taken in. */
	accepted = () => 0;

	constructor(log) {
		this.#file = openSync(log, 'r');
		this.#timer = setInterval(() => this.#look(), LOOK_EVERY);
	}

	stop() {
		clearInterval(this.#timer);
		closeSync(this.#file);
	}

	/** The blocks after some block. */
	after(number) {
		return this.#rows.filter((row) => row.number > number);
	}

	#look() {
		const buffer = Buffer.alloc(1 << 16);
		for (let length; (length = readSync(this.#file, buffer)) > 0; ) {
			const lines = (this.#rest + buffer.toString('utf8', 0, length)).split('\n');
			this.#rest = lines.pop();
			for (const line of lines) {
				this.#notePrepared(PREPARED.exec(line));
				this.#noteImported(IMPORTED.exec(line));
			}
		}
	}

	/** A block that came too late for its slot is made again: what is prepared last counts. */
	#notePrepared(match) {
		if (!match) return;
		const [, number, milliseconds, end, count] = match;
		this.#inherents ??= Number(count); // the first block holds nothing else
		const own = Number(count) - this.#inherents;
		this.#prepared = {
			number: Number(number), milliseconds: Number(milliseconds), end, own, accepted: this.accepted(),
		};
	}

	#noteImported(match) {
		if (!match || this.#prepared?.number !== Number(match[1])) return;
		const { accepted, ...row } = this.#prepared;
		this.included += row.own;
		this.last = row.number;
		/** `pending`: extrinsics that waited while the block was made and that are not in it. */
		this.#rows.push({ ...row, pending: accepted - this.included });
	}
}
