// Questions of a role to the chain, with the answers that must come back.

import assert from 'node:assert/strict';

import { u8aToHex } from '@polkadot/util';

import { named } from './chain.mjs';
import { noteQuestion } from './record.mjs';
import { views } from './view.mjs';

/** Numbers as polkadot.js gives them back: a number where it is exact, else decimal digits. */
const plain = (value) => {
	if (typeof value === 'bigint') return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value.toString();
	if (value instanceof Uint8Array) return u8aToHex(value);
	if (Array.isArray(value)) return value.map(plain);
	if (value === null || typeof value !== 'object') return value;
	return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
};

/** The runtime API that wallets show (`api.call.cairnApi`) asks the same of some view functions. */
const IN_WALLETS = {
	'contributions.auditTasks': 'auditTasks',
	'contributions.challengeBond': 'challengeBond',
	'contributions.escrow': 'escrow',
	'contributions.mergeSet': 'mergeSet',
	'contributions.suspicionBond': 'suspicionBond',
	'disputes.myGames': 'myGames',
	'inference.openChannelOf': 'channelOf',
	'inference.quote': 'quote',
	'inference.voucherMessage': 'voucherMessage',
	'models.proposalDeposit': 'proposalDeposit',
	'revenue.claimable': 'claimable',
	'revenue.portfolio': 'positions',
	'shards.extractionPrice': 'extractionPrice',
	'shards.lanes': 'lanes',
	'shards.seatOf': 'seatOf',
	'shards.window': 'window',
	'validators.status': 'candidate',
	'workers.bondFor': 'bondFor',
};

/** What the runtime API answers, as a wallet would ask it. */
const askRuntime = async (api, method, args, at) => {
	const { call } = at ? await api.at(at) : api;
	const answer = await call.cairnApi[method](...args);
	noteQuestion(`cairnApi.${method}`);
	return answer;
};

/** Of a record only what `wanted` names. */
const part = (answer, wanted) => Object.fromEntries(Object.keys(wanted).map((name) => [name, answer[name]]));

const short = (value) => {
	const text = named(JSON.stringify(value)).replace(/"(\w+)":/g, '$1: ').replace(/"/g, '').replace(/,(?! )/g, ', ');
	return text.length > 140 ? `${text.slice(0, 137)}...` : text;
};

/** Compares an answer with what is expected, and tells both question and answer. */
const compare = (say, role, name, args, answer, expected, partly) => {
	const told = answer.toPrimitive();
	if (typeof expected === 'function') expected(answer);
	else {
		const wanted = plain(expected);
		assert.deepEqual(partly ? part(told ?? {}, wanted) : told, wanted, `${name} answers ${JSON.stringify(told)}`);
	}
	say(`${role}: ${name}(${args.map(plain).map(short).join(', ')}) = ${short(told)}`);
};

/**
 * Asks a view function, and the runtime API where that has the question, and compares the answer with what is known from
 * elsewhere: a value, a record of which only the named fields count (`partly`), or a function that checks the decoded
 * answer. Both have to answer the same.
 */
export const asks = async ({ api, say }, role, name, args, expected, { at, partly = false } = {}) => {
	const [section, method] = name.split('.');
	const block = at ?? (await api.rpc.chain.getBlockHash());
	const answer = await views(api, block)[section][method](...args);
	const known = IN_WALLETS[name];
	if (known) {
		const other = await askRuntime(api, known, args, block);
		assert.equal(other.toHex(), answer.toHex(), `cairnApi.${known} and ${name} answer differently`);
	}
	compare(say, role, known ? `cairnApi.${known}` : name, args, answer, expected, partly);
	return answer;
};

/** Asks what only the runtime API knows. */
export const asksRuntime = async ({ api, say }, role, method, args, expected) => {
	const answer = await askRuntime(api, method, args);
	compare(say, role, `cairnApi.${method}`, args, answer, expected, false);
	return answer;
};
