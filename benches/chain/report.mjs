// What is printed.

import { limits, median } from './burst.mjs';

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

/** What each kind of extrinsic costs, and how often it fits in a block. */
export const costs = (kinds) => {
	console.log('\nWhat fits in a block (ordinary extrinsics: 75 % of 2 s of weight, and of 5 MiB)\n');
	row(['extrinsic', 'signatures', 'bytes', 'weight ms', 'by weight', 'by length', 'measured/s', 'built ms']);
	for (const { name, signatures, fit, bursts } of kinds) {
		const rate = bursts.length > 0 ? median(bursts.map(({ perSecond }) => perSecond)).toFixed(1) : '';
		const cost = bursts.length > 0 ? median(bursts.map((one) => one.cost)).toFixed(3) : '';
		row([name, signatures, fit.bytes, milliseconds(fit.weight), fit.byWeight, fit.byLength, rate, cost]);
	}
	console.log('\n  weight ms: weight of one, with what applying any extrinsic costs; built ms: time that building a full block took, for each');
};

export const results = (transfer, attest) => {
	const rate = ({ bursts }) => median(bursts.map(({ perSecond }) => perSecond));
	console.log('');
	console.log(`result chain_transfers_per_second ${rate(transfer).toFixed(1)}`);
	console.log(`result chain_attests_per_second ${rate(attest).toFixed(1)}`);
	console.log(`result chain_attest_to_transfer_ratio ${(rate(attest) / rate(transfer)).toFixed(2)} goal >=0.5`);
	console.log(`result chain_attests_per_block_by_weight ${attest.fit.byWeight} goal >=200`);
};
