// The window clock and the lots of many models at once.

import { boss, carryOut, untilBlock } from './town.mjs';

/** Blocks of a development chain's escrow, if its windows are not longer. */
const SHORTEST_ESCROW = 10;

const clocks = async (api, models) =>
	(await api.query.shards.clocks.multi(models.map(({ model }) => model))).map((clock) => clock.unwrap());

const poke = (bench, what, models) =>
	carryOut(bench, what, models.map(({ model }) => [bench.api.tx.shards.pokeWindow(model), boss]));

/** Asks for the first windows of all models; resolves once every one of them could start. */
export const schedule = async (bench, models) => {
	await poke(bench, 'windows are scheduled', models);
	await untilReady(bench, models);
};

/** Waits until the randomness that scheduled windows wait for is known. */
const untilReady = async (bench, models) => {
	const phases = (await clocks(bench.api, models)).map(({ phase }) => phase.asScheduled.seedAt.toNumber());
	await untilBlock(bench, Math.max(...phases) + 3);
};

/** Starts scheduled windows; each model notes its own. */
export const start = async (bench, models) => {
	await poke(bench, 'windows start', models);
	const started = await clocks(bench.api, models);
	models.forEach((one, i) => {
		one.window = started[i].phase.asRunning;
	});
};

/** Closes running windows after their deadlines, which schedules the next, and draws the lots of what was attested. */
export const close = async (bench, models) => {
	const { api } = bench;
	await untilBlock(bench, Math.max(...models.map(({ window }) => window.deadline.toNumber())) + 1);
	await poke(bench, 'windows are closed', models);
	await untilReady(bench, models);
	const lots = models.flatMap(({ model, window, stages }) =>
		// The last stage comes first: its losses decide about the others.
		Array.from({ length: stages }, (_, i) => [api.tx.contributions.drawLots(model, window.index, stages - 1 - i), boss]));
	await carryOut(bench, 'lots are drawn', lots);
	// The next attestations finalise these units: they have to be due.
	const deadline = Math.max(...models.map(({ window }) => window.deadline.toNumber()));
	await untilBlock(bench, deadline + Math.max(SHORTEST_ESCROW, bench.options.window) + 1);
};
