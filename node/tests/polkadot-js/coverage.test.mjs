// What nobody tried: every call, error and view function of Cairn's pallets was met by one of the stories, or is named here
// with the reason why not. Reads what the stories noted (`npm test` runs it after them).

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const CAIRN = [
	'models', 'workers', 'shards', 'contributions', 'disputes', 'revenue', 'inference', 'validators', 'cairnApi',
];
const SDK = [
	'authorship', 'babe', 'balances', 'clock', 'council', 'grandpa', 'historical', 'multiBlockMigrations', 'multisig',
	'offences', 'parameters', 'preimage', 'proxy', 'safeMode', 'scheduler', 'session', 'sudo', 'system', 'timestamp',
	'transactionPayment', 'treasury', 'utility', 'whitelist',
];

/** Calls that do not go through in any story; each is refused in one. */
const CALLS_NOT_MADE = {
	'models.restartFrom': 'the first checkpoint is that of window 15, more than ten minutes into a training',
	'validators.withdraw': 'the bond of a validator unlocks 17 hours after it left, even on a development chain',
};

const TOO_MANY = 'it takes more than a test can make:';
const BEFORE = 'another pallet asks first:';
const INSIDE = 'no call leads there:';

/** Errors that no story shows. */
const ERRORS_NOT_SHOWN = {
	'models.TooManyModels': `${TOO_MANY} 2³² models`,
	'models.TooManySamples': `${TOO_MANY} 2⁶⁴ samples`,
	'models.MustRestart': `${TOO_MANY} two gates, 32 windows`,
	'models.NotOpened': `${INSIDE} a proposed model has no windows`,
	'models.StaleWindow': `${INSIDE} the clock counts upwards`,
	'shards.TooManyRequests': `${TOO_MANY} 64 providers that wait for their lot`,
	'contributions.TooEarly': `${INSIDE} a window starts in the block of the poke that starts it`,
	'contributions.NoMergeBefore': `${TOO_MANY} a window after a refuted merge, in seats that newcomers took`,
	'disputes.AlreadyOpen': `${BEFORE} contributions.AlreadyChallenged`,
	'disputes.TooManyGames': `${BEFORE} contributions.TooManyChallenges`,
	'disputes.OwnUnit': `${BEFORE} contributions.OwnUnit`,
	'disputes.NothingDisputed': `${BEFORE} contributions.SameCheckpoints`,
	'disputes.TraceTooLong': `${BEFORE} contributions.StepsOutOfRange`,
	'disputes.UnknownModel': `${BEFORE} contributions.UnknownUnit`,
	'revenue.PayoutBelowExistentialDeposit': `${INSIDE} who signs a claim has an account already`,
	'revenue.OnlyWorkMints': `${INSIDE} it is for other pallets`,
	'validators.TooManyCandidates': `${TOO_MANY} 50 candidates with session keys`,
	'validators.StillSeated': `${TOO_MANY} a bond that unlocked, 17 hours after its owner left`,
};

/** Errors that a lot decides about: shown in most runs. */
const ERRORS_BY_CHANCE = {
	'contributions.RetentionOver': 'only where the lot spared a unit, which is likely',
};

const directory = process.env.CAIRN_JS_RECORD;
const read = (name) => JSON.parse(readFileSync(join(directory, name), 'utf8'));
const records = directory ? readdirSync(directory).map(read) : [];
const met = (what) => new Set(records.flatMap((record) => record[what]));
const calls = met('calls');
const questions = met('questions');
const refusals = new Map(records.flatMap((record) => record.refusals));
const offered = records[0]?.offered ?? [];

/** `[[pallet.name, docs], ...]` of Cairn's calls, errors or view functions. */
const all = (what) => offered
	.filter(({ pallet }) => CAIRN.includes(pallet))
	.flatMap((one) => one[what].map(({ name, docs }) => [`${one.pallet}.${name}`, docs.join(' ').trim()]));

/** Names that were met although they are excused, or not met although they are not. */
const compare = (names, isMet, excuses) => {
	const unknown = Object.keys(excuses).filter((name) => !names.includes(name));
	const missing = names.filter((name) => !isMet(name) && !(name in excuses));
	const stale = names.filter((name) => isMet(name) && name in excuses);
	assert.deepEqual({ unknown, missing, stale }, { unknown: [], missing: [], stale: [] });
};

const tell = (what, names, isMet, excuses) => {
	console.log(`    ${names.filter(isMet).length} of ${names.length} ${what}`);
	for (const [name, why] of Object.entries(excuses)) console.log(`      not ${name}: ${why}`);
};

test('the stories noted what they did', () => {
	assert.ok(records.length > 0, 'run it by `npm test`, which tells the stories first');
	const unknown = offered.map(({ pallet }) => pallet).filter((pallet) => ![...CAIRN, ...SDK].includes(pallet));
	assert.deepEqual(unknown, [], 'is this pallet one of Cairn\'s? Then its calls belong into the stories.');
});

test('every call of Cairn\'s pallets went through for somebody', () => {
	const names = all('calls').map(([name]) => name);
	tell('calls went through', names, (name) => calls.has(name), CALLS_NOT_MADE);
	compare(names, (name) => calls.has(name), CALLS_NOT_MADE);
});

test('every view function and runtime call answered somebody\'s question', () => {
	const names = all('questions').map(([name]) => name);
	tell('view functions and runtime calls answered', names, (name) => questions.has(name), {});
	compare(names, (name) => questions.has(name), {});
});

test('every error was shown to somebody', () => {
	const known = all('errors').map(([name]) => name);
	assert.deepEqual(Object.keys(ERRORS_BY_CHANCE).filter((name) => !known.includes(name)), [], 'no such error');
	const names = known.filter((name) => !(name in ERRORS_BY_CHANCE));
	tell('errors were shown', names, (name) => refusals.has(name), { ...ERRORS_NOT_SHOWN, ...ERRORS_BY_CHANCE });
	compare(names, (name) => refusals.has(name), ERRORS_NOT_SHOWN);
});

test('every call, error and view function is explained in a sentence, which wallets show', () => {
	const words = ['calls', 'errors', 'questions'].flatMap(all);
	const unexplained = words.filter(([, docs]) => !/^[A-Z`].{14,}[.:]/s.test(docs)).map(([name]) => name);
	assert.deepEqual(unexplained, []);
	for (const [name, docs] of all('errors').filter(([name]) => !refusals.has(name))) {
		console.log(`    not shown, but a wallet would say: ${name}: ${docs}`);
	}
});
