// Connecting, submitting and waiting, with errors as a wallet shows them.

import { ApiPromise, WsProvider } from '@polkadot/api';
import { Keyring } from '@polkadot/keyring';

import { noteCall, noteOffer, noteRefusal } from './record.mjs';

/** A call that was refused: the error's name, the sentence that its documentation says, and what it holds, if anything. */
export class Refused extends Error {
	constructor(name, docs, inner = '') {
		super(`${name}: ${docs}${inner && ` [${inner}]`}`);
		this.name = name;
		this.docs = docs;
		this.inner = inner;
	}
}

export const connect = async (node) => {
	const api = await ApiPromise.create({ provider: new WsProvider(node.url), noInitWarn: true });
	noteOffer(api);
	return api;
};

export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const keyring = new Keyring({ type: 'sr25519', ss58Format: 42 });
const ed25519 = new Keyring({ type: 'ed25519', ss58Format: 42 });

const names = new Map();

/** An sr25519 account from a development phrase such as `//Alice`. */
export const account = (uri) => {
	const name = uri.replace(/^\/\//, '');
	const pair = keyring.addFromUri(uri, { name });
	names.set(pair.address, name);
	return pair;
};

/** A text in which the addresses of such accounts are replaced by their names, for people to read. */
export const named = (text) => text.replace(/\b5[1-9A-HJ-NP-Za-km-z]{47}\b/g, (address) => names.get(address) ?? address);

/** An ed25519 key, as endpoints have. */
export const endpointKey = (uri) => ed25519.addFromUri(uri);

/** What an error of a pallet holds besides its name: `InvalidSpec` the `SpecError`, `SeatsVacant` the stage. */
const innerOf = (api, fields, bytes) => {
	let offset = 1; // behind the error's own index
	return fields.map(({ name, type }) => {
		const value = api.registry.createType(api.registry.createLookupType(type), bytes.subarray(offset));
		offset += value.encodedLength;
		return name.isSome ? `${name.unwrap()} ${value}` : `${value}`;
	}).join(', ');
};

/** What a dispatch error says in a wallet. */
export const explain = (api, error) => {
	if (error.isModule) {
		const { section, name, docs, fields } = api.registry.findMetaError(error.asModule);
		return new Refused(`${section}.${name}`, docs.join(' ').trim(), innerOf(api, fields, error.asModule.error.toU8a()));
	}
	const kind = error.isToken ? `token.${error.asToken.type}` : error.type;
	return new Refused(kind, GENERAL[kind] ?? 'see the documentation of polkadot-sdk');
};

/** What the errors of all chains mean; their names are all that a wallet shows. */
const GENERAL = {
	BadOrigin: 'the signer may not do this: it takes governance, or another account',
	'token.FundsUnavailable': 'the account has less than that, or it must keep the existential deposit',
	'token.Frozen': 'the funds are on hold or frozen',
};

const refusalOf = (api, error) => {
	const refusal = explain(api, error);
	noteRefusal(refusal);
	return refusal;
};

/** The error that an event of sudo, utility or multisig tells of a call inside. */
const innerError = ({ events: { sudo, utility, multisig } }, event) => {
	if ([utility.BatchInterrupted, utility.ItemFailed].some((kind) => kind.is(event))) return event.data.error;
	const wraps = [sudo.Sudid, utility.DispatchedAs, multisig.MultisigExecuted].some((kind) => kind.is(event));
	const inner = wraps ? (event.data.sudoResult ?? event.data.result) : undefined;
	return inner?.isErr ? inner.asErr : undefined;
};

/**
 * Signs and submits a call; resolves with its events once it is in a block, rejects with `Refused`.
 * Sudo, utility and multisig wrap results in events of their own: a failure inside is a failure.
 */
export const submit = (api, call, signer, options = {}) =>
	new Promise((resolve, reject) => {
		let unsubscribe = () => {};
		call
			.signAndSend(signer, { nonce: -1, ...options }, ({ status, events, dispatchError }) => {
				if (dispatchError) {
					unsubscribe();
					return reject(refusalOf(api, dispatchError));
				}
				if (status.isInvalid || status.isDropped || status.isUsurped) {
					unsubscribe();
					return reject(new Error(`The transaction was ${status.type.toLowerCase()}.`));
				}
				if (!status.isInBlock) return undefined;
				unsubscribe();
				for (const { event } of events) {
					const error = innerError(api, event);
					if (error) return reject(refusalOf(api, error));
				}
				noteCall(call.method);
				return resolve(events.map(({ event }) => event));
			})
			.then((stop) => {
				unsubscribe = stop;
			}, reject);
	});

/** The first event of a kind. */
export const eventOf = (events, kind) => {
	const found = events.find((event) => kind.is(event));
	if (!found) throw new Error(`No such event among ${events.map((e) => `${e.section}.${e.method}`).join(', ')}`);
	return found.data;
};

export const height = async (api) => (await api.rpc.chain.getHeader()).number.toNumber();

/** Waits until a condition holds, looking twice a second; says what it waited for if that takes too long. */
export const until = async (api, what, condition, seconds = 180) => {
	const deadline = Date.now() + seconds * 1_000;
	for (;;) {
		const value = await condition();
		if (value !== undefined && value !== false && value !== null) return value;
		if (Date.now() > deadline) throw new Error(`Waited ${seconds} s in vain for: ${what}`);
		await sleep(500);
	}
};

export const untilBlock = (api, number) =>
	until(api, `block ${number}`, async () => (await height(api)) >= number, 30 + 6 * number);
