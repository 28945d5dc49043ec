// The node's own account of the blocks it makes: how many extrinsics, how long it took, and why it stopped there.

import { closeSync, openSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';

const PREPARED =
	/Prepared block for proposing at (\d+) \((\d+) ms\) hash: (\w+);.*end: (\w+); extrinsics_count: (\d+)/;
const SEALED = /Hash now (\w+), previously (\w+)/;
/** With the cup alone a block is the best one: others at its height are passed over. */
const IMPORTED = /🏆 Imported #\d+ \(\S+ → (\S+)\)/u;
/** A hash as the node abbreviates it. */
const short = (hash) => `${hash.slice(0, 6)}…${hash.slice(-4)}`;
const LOOK_EVERY = 50; // milliseconds

export class Blocks {
	#file;
	#timer;
	/** Characters may lie in two pieces of the log. */
	#decoder = new StringDecoder('utf8');
	#rest = '';
	/** Blocks that were made and not imported yet: by hash, and by abbreviated hash once they are sealed. */
	#made = new Map();
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
			const lines = (this.#rest + this.#decoder.write(buffer.subarray(0, length))).split('\n');
			this.#rest = lines.pop();
			for (const line of lines) {
				this.#notePrepared(PREPARED.exec(line));
				this.#noteSealed(SEALED.exec(line));
				this.#noteImported(IMPORTED.exec(line));
			}
		}
	}

	#notePrepared(match) {
		if (!match) return;
		const [, number, milliseconds, hash, end, count] = match;
		this.#inherents ??= Number(count); // the first block holds nothing else
		const own = Number(count) - this.#inherents;
		this.#made.set(hash, {
			number: Number(number), milliseconds: Number(milliseconds), end, own, accepted: this.accepted(),
		});
	}

	#noteSealed(match) {
		if (!match) return;
		const [, now, previously] = match;
		this.#made.set(short(now), this.#made.get(previously));
		this.#made.delete(previously);
	}

	/** A block that came too late for its slot is made again, and two may be at one height. */
	#noteImported(match) {
		const made = match && this.#made.get(match[1]);
		if (!made) return;
		this.#made.delete(match[1]);
		const { accepted, ...row } = made;
		this.included += row.own;
		this.last = row.number;
		/** `pending`: extrinsics that waited while the block was made and that are not in it. */
		this.#rows.push({ ...row, pending: accepted - this.included });
	}
}
