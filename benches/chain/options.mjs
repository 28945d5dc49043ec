// The command line of the benchmark.

import { parseArgs } from 'node:util';

import { SEATS } from './town.mjs';

const HELP = `How many attestations and how many transfers a development node takes in per second.

usage: benches/chain.sh [OPTION ...]

A node of its own is started. Models with ${SEATS} seats each (lanes times stages) are proposed, providers register and are seated
by lot. Then, round by round, every seat attests its window, each attestation signed by both neighbours and by all other seats of
its stage, and as many accounts as there are providers transfer money. Extrinsics are signed beforehand and submitted over
several connections; only blocks count during which the pool never was empty.

  --blocks N         full blocks that a burst should fill (default 5)
  --models N         models that there are for that, at most (default 48: ${48 * SEATS} attestations a burst)
  --lanes N          their lanes: 1, 2, 4, 8 or 16 (default 8)
  --others A,B       numbers of lanes measured once for comparison; '' for none (default 2,16)
  --other-models N   models of each of these (default 24)
  --rounds N         bursts of attestations and of transfers, in turn; medians count (default 3)
  --transfers N      transfers that there are for a burst, at most (default 16000)
  --providers N      providers, a multiple of ${SEATS} (default 512)
  --window N         blocks of a window: signing and a burst have to fit in, and a model of 64 seats needs 32 (default 32)
  --node PATH        the node's binary (default: the one that make build makes)
  --help             this text`;

const whole = (name, text, least) => {
	const value = Number(text);
	if (!Number.isInteger(value) || value < least) throw new Error(`--${name} must be a whole number from ${least} on, not '${text}'`);
	return value;
};

const lanesOf = (name, text) => {
	const value = whole(name, text, 1);
	if (![1, 2, 4, 8, 16].includes(value)) throw new Error(`--${name} must be 1, 2, 4, 8 or 16, not ${text}`);
	return value;
};

/** The options, or nothing if only help was wanted. */
export const readOptions = (args) => {
	const text = (value) => ({ type: 'string', default: value });
	const { values } = parseArgs({
		args,
		options: {
			blocks: text('5'), models: text('48'), lanes: text('8'), others: text('2,16'), 'other-models': text('24'), rounds: text('3'),
			transfers: text('16000'), providers: text('512'), window: text('32'),
			node: { type: 'string' }, help: { type: 'boolean' },
		},
	});
	if (values.help) {
		console.log(HELP);
		return undefined;
	}
	const providers = whole('providers', values.providers, SEATS);
	if (providers % SEATS !== 0) throw new Error(`--providers must be a multiple of ${SEATS}`);
	const lanes = lanesOf('lanes', values.lanes);
	const others = values.others.split(',').filter(Boolean).map((one) => lanesOf('others', one));
	return {
		blocks: whole('blocks', values.blocks, 1),
		models: whole('models', values.models, providers / SEATS),
		lanes,
		others: [...new Set(others)].filter((other) => other !== lanes),
		otherModels: whole('other-models', values['other-models'], 1),
		rounds: whole('rounds', values.rounds, 1),
		transfers: whole('transfers', values.transfers, 1),
		providers,
		window: whole('window', values.window, 10),
		node: values.node,
	};
};
