// A burst: extrinsics that were signed beforehand, submitted as fast as the node takes them, and the blocks that they fill.

/** How many of the largest blocks so far may wait in the pool: enough that it never runs dry. */
const BLOCKS_WAITING = 2;
/** What may wait in the pool at first. */
const LEAST_WAITING = 1_500;

export const median = (numbers) => {
	const sorted = [...numbers].sort((a, b) => a - b);
	const middle = sorted.length >> 1;
	return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/** Adds what the chain says about a block: when it was made, and how much of its weight it uses. */
const ofChain = async (api, row) => {
	const at = await api.at(await api.rpc.chain.getBlockHash(row.number));
	const [now, weight] = await Promise.all([at.query.timestamp.now(), at.query.system.blockWeight()]);
	return { ...row, time: now.toNumber(), weight: weight.normal.refTime.toNumber() };
};

/** Whether a block counts: not the first, for which the pool was still being filled, and none that left nothing waiting. */
const isFull = (row, i) => i > 0 && row.pending > 0;

/**
 * Submits extrinsics until there are enough full blocks, and waits until all of these are in blocks. What counts are the blocks
 * during which the pool never was empty. Resolves with the measurement, and with the extrinsics that were not needed.
 */
export const burst = async ({ api, blocks, gate, options }, extrinsics, { sendAll }) => {
	const before = blocks.last;
	const filled = () => blocks.after(before).filter((row) => row.own > 0);
	const left = await gate.send(extrinsics, {
		most: () => Math.max(LEAST_WAITING, BLOCKS_WAITING * Math.max(0, ...filled().map(({ own }) => own))),
		enough: () => !sendAll && filled().filter(isFull).length >= options.blocks,
	});
	await gate.drained();
	const rows = await Promise.all(filled().map((row) => ofChain(api, row)));
	const full = rows
		.map((row, i) => ({ ...row, seconds: i > 0 ? (row.time - rows[i - 1].time) / 1_000 : 0 }))
		.filter(isFull);
	if (full.length === 0) {
		const counts = rows.map(({ own }) => own).join(', ');
		throw new Error(`no block was full (${counts}): --models or --transfers must be larger`);
	}
	const sum = (of) => full.reduce((total, row) => total + of(row), 0);
	return {
		left,
		rows,
		full,
		perBlock: median(full.map(({ own }) => own)),
		perSecond: sum(({ own }) => own) / sum(({ seconds }) => seconds),
		/** Milliseconds of block building for each extrinsic. */
		cost: sum(({ milliseconds }) => milliseconds) / sum(({ own }) => own),
		/** Weight that each extrinsic used, with everything around it. */
		weight: sum(({ weight }) => weight) / sum(({ own }) => own),
	};
};

const LIMITS = {
	HitBlockWeightLimit: 'weight',
	HitBlockSizeLimit: 'length',
	HitDeadline: 'time for building',
	NoMoreTransactions: 'what the pool had ready',
};

/** What limited full blocks, most frequent first. */
export const limits = (full) => {
	const counts = new Map();
	for (const { end } of full) counts.set(end, (counts.get(end) ?? 0) + 1);
	return [...counts].sort((a, b) => b[1] - a[1]).map(([end, count]) => `${LIMITS[end] ?? end} (${count})`).join(', ');
};
