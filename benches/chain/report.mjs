// What is printed.

import { limits, median } from './burst.mjs';
import { byWeight } from './limits.mjs';

const milliseconds = (picoseconds) => (picoseconds / 1e9).toFixed(2);

/** One line about a burst. */
export const describe = (name, { rows, full, perSecond }, most) => {
	const counts = full.map(({ own }) => own).join(' ');
	const share = (100 * median(full.map(({ weight }) => weight))) / most;
	const built = median(full.map((row) => row.milliseconds));
	return `${name}: ${perSecond.toFixed(1)} /s; ${counts} in full blocks (${rows.length} blocks in all), ` +
		`${share.toFixed(0)} % of their weight, built in ${built} ms, limited by ${limits(full)}`;
};

const row = (cells) => console.log(`  ${cells.map((cell, i) => String(cell)[i === 0 ? 'padEnd' : 'padStart'](i === 0 ? 38 : 11)).join('')}`);

/** Weight that each extrinsic of a kind used, over all bursts. */
const used = ({ bursts }) => median(bursts.map(({ weight }) => weight));

/** What each kind of extrinsic costs, and how often it fits in a block. */
export const costs = (kinds) => {
	console.log('\nWhat fits in a block (ordinary extrinsics: 75 % of 2 s of weight, and of 5 MiB)\n');
	row(['extrinsic', 'signatures', 'bytes', 'asked ms', 'used ms', 'by weight', 'by length', 'measured/s', 'built ms']);
	for (const kind of kinds) {
		const { name, signatures, room, bursts } = kind;
		const rate = median(bursts.map(({ perSecond }) => perSecond)).toFixed(1);
		const cost = median(bursts.map((one) => one.cost)).toFixed(3);
		const weight = used(kind);
		const weights = [milliseconds(room.asked), milliseconds(weight), byWeight(room, weight)];
		row([name, signatures, room.bytes, ...weights, room.byLength, rate, cost]);
	}
	console.log(`
  asked ms: weight that there must be room for before one is applied; used ms: weight that one used, on average;
  built ms: time that building a full block took, for each`);
};

/** In a worker's first window there is nothing to finalise; from then on each attestation finalises an older one. */
export const results = (transfer, first, attest) => {
	const rate = ({ bursts }) => median(bursts.map(({ perSecond }) => perSecond));
	console.log('');
	console.log(`result chain_transfers_per_second ${rate(transfer).toFixed(1)}`);
	console.log(`result chain_attests_per_second ${rate(attest).toFixed(1)}`);
	console.log(`result chain_attest_to_transfer_ratio ${(rate(attest) / rate(transfer)).toFixed(2)} goal >=0.5`);
	console.log(`result chain_first_attests_per_block_by_weight ${byWeight(first.room, used(first))} goal >=200`);
	console.log(`result chain_attests_per_block_by_weight ${byWeight(attest.room, used(attest))} goal >=200`);
};
