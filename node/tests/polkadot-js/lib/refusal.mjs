// Calls that must be refused: by name, with an explanation, and without a trace but the fee.

import assert from 'node:assert/strict';

import { u8aToHex } from '@polkadot/util';
import { xxhashAsU8a } from '@polkadot/util-crypto';

import { submitOf } from './batch.mjs';
import { submit } from './chain.mjs';
import { asRoot } from './play.mjs';
import { noteRefusal } from './record.mjs';

/** Pallets whose state a refused call must leave as it is, and what is on hold for them. */
const WATCHED = [
	'Models', 'Workers', 'Shards', 'Contributions', 'Disputes', 'Revenue', 'Inference', 'Validators',
].map((pallet) => u8aToHex(xxhashAsU8a(pallet, 128)));
const HOLDS = u8aToHex(new Uint8Array([...xxhashAsU8a('Balances', 128), ...xxhashAsU8a('Holds', 128)]));
/** The beacon grows with every block, whatever happens. */
const BEACON = u8aToHex(new Uint8Array([...xxhashAsU8a('Shards', 128), ...xxhashAsU8a('Outputs', 128)]));
const PAGE = 1_000;

const keysUnder = async (api, prefix, at) => {
	const keys = [];
	for (;;) {
		const page = await api.rpc.state.getKeysPaged(prefix, PAGE, keys.at(-1) ?? prefix, at);
		keys.push(...page.map((key) => key.toHex()));
		if (page.length < PAGE) return keys;
	}
};

/** Everything that Cairn's pallets store and hold at a block, by key. */
const snapshot = async (api, at) => {
	const keys = (await Promise.all([...WATCHED, HOLDS].map((prefix) => keysUnder(api, prefix, at)))).flat()
		.filter((key) => !key.startsWith(BEACON));
	const [changes] = keys.length > 0 ? await api.rpc('state_queryStorageAt', keys, at.toHex()) : [{ changes: [] }];
	return new Map(changes.changes ?? []);
};

const changed = (before, after) =>
	[...new Set([...before.keys(), ...after.keys()])].filter((key) => before.get(key) !== after.get(key));

const freeAt = async (api, at, who) => (await (await api.at(at)).query.system.account(who)).data.free.toBigInt();

/** Events of an extrinsic that did nothing but pay. */
const PAYING = ['system.ExtrinsicFailed', 'transactionPayment.TransactionFeePaid', 'treasury.Deposit'];
const onlyPays = ({ section, method }) => section === 'balances' || PAYING.includes(`${section}.${method}`);

/** Checks that a call was refused as it was to be, and left no trace. */
const checkRefusal = (say, [name, , inner], { error, events, call }) => {
	assert.ok(error, `${name} was expected, but ${call.method.section}.${call.method.method} went through`);
	assert.equal(error.name, name, `not: ${error.message}`);
	if (inner) assert.equal(error.inner, inner);
	assert.match(error.docs, /^.{15,}\w/s, `${name} has no explanation`);
	const traces = events.filter((event) => !onlyPays(event)).map(({ section, method }) => `${section}.${method}`);
	assert.deepEqual(traces, [], `${name} left a trace`);
	noteRefusal(error);
	say(`refused, as it should be: ${error.message}`);
};

/**
 * Expects each of some calls of some accounts (`[[signer, cases], ...]`) to be refused: cases are `[name, call]`, or
 * `[name, call, inner]` where the error holds another one. Tells how a wallet words it, and makes sure that nothing
 * changed but the accounts' balances, by the fees. Nothing else may happen on the chain meanwhile.
 */
export const refusedOf = async ({ api, say }, groups) => {
	const results = await submitOf(api, groups.map(([signer, cases]) => [signer, cases.map(([, call]) => call)]));
	groups.forEach(([, cases], g) => cases.forEach((one, i) => checkRefusal(say, one, results[g][i])));

	const blocks = results.flat().map(({ block }) => block).sort((a, b) => a.number - b.number);
	const [before, after] = [blocks[0].parent, blocks.at(-1).hash];
	const [old, now] = await Promise.all([snapshot(api, before), snapshot(api, after)]);
	assert.deepEqual(changed(old, now), [], 'a refused call changed what is stored');
	for (const [g, [signer]] of groups.entries()) {
		const paid = (await freeAt(api, before, signer.address)) - (await freeAt(api, after, signer.address));
		const fees = results[g].reduce((sum, { fee }) => sum + fee, 0n);
		assert.ok(fees > 0n, 'a refused call pays its fee');
		assert.equal(paid, fees, 'a refused call costs its fee and nothing else');
	}
};

/** The same for calls of one account. */
export const refusedAll = (stage, signer, cases) => refusedOf(stage, [[signer, cases]]);

/** The same for a single call. */
export const refused = (stage, name, call, signer) => refusedAll(stage, signer, [[name, call]]);

/** Expects a submission to be turned away before it reaches a block, and tells how a wallet words it. */
export const turnedAway = async ({ say }, what, submission, words) => {
	const reason = await submission.then(
		() => assert.fail(`${what} should have been turned away`),
		(error) => error,
	);
	assert.match(reason.message, words);
	say(`turned away, as it should be (${what}): ${reason.message}`);
};

/** Expects a submission that is refused by a name, and tells how a wallet words it; the rest of the chain may go on. */
const refusal = async (say, name, submission) => {
	const error = await submission.then(() => assert.fail(`${name} was expected`), (reason) => reason);
	assert.equal(error.name, name, `not: ${error.message}`);
	say(`refused, as it should be: ${error.message}`);
};

/** The same as `refused`, but while other things happen, so that nothing is said about what changed. */
export const refusedInPassing = ({ api, say }, name, call, signer) => refusal(say, name, submit(api, call, signer));

/** Expects a call of the root key to be refused. What sudo wraps succeeds outside and fails inside. */
export const refusedAsRoot = ({ api, say }, name, call) => refusal(say, name, asRoot(api, call));
