// Connecting, submitting and waiting, with errors as a wallet shows them.

import { ApiPromise, WsProvider } from '@polkadot/api';
import { Keyring } from '@polkadot/keyring';

/** A call that was refused: the error's name and the sentence that its documentation says. */
export class Refused extends Error {
	constructor(name, docs) {
		super(`${name}: ${docs}`);
		this.name = name;
		this.docs = docs;
	}
}

/** Whether a node answers yet. */
const answers = (node) =>
	fetch(node.url.replace('ws:', 'http:'), {
		method: 'POST',
		headers: { 'Content-Type': 'application/json' },
		body: '{"jsonrpc":"2.0","id":1,"method":"system_name","params":[]}',
	}).then((answer) => answer.ok, () => false);

export const connect = async (node) => {
	const deadline = Date.now() + 60_000;
	while (!(await answers(node))) {
		if (node.ended() !== undefined || Date.now() > deadline) {
			throw new Error(`The node ${node.ended() === undefined ? 'did not answer' : 'stopped'}:\n${node.tail()}`);
		}
		await sleep(200);
	}
	return ApiPromise.create({ provider: new WsProvider(node.url), noInitWarn: true });
};

export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const keyring = new Keyring({ type: 'sr25519', ss58Format: 42 });
const ed25519 = new Keyring({ type: 'ed25519', ss58Format: 42 });

/** An sr25519 account from a development phrase such as `//Alice`. */
export const account = (uri) => keyring.addFromUri(uri, { name: uri.replace(/^\/\//, '') });

/** An ed25519 key, as endpoints have. */
export const endpointKey = (uri) => ed25519.addFromUri(uri);

const explain = (api, error) => {
	if (!error.isModule) return new Refused(error.toString(), 'see the runtime documentation');
	const { section, name, docs } = api.registry.findMetaError(error.asModule);
	return new Refused(`${section}.${name}`, docs.join(' ').trim());
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
					return reject(explain(api, dispatchError));
				}
				if (status.isInvalid || status.isDropped || status.isUsurped) {
					unsubscribe();
					return reject(new Error(`The transaction was ${status.type.toLowerCase()}.`));
				}
				if (!status.isInBlock) return undefined;
				unsubscribe();
				for (const { event } of events) {
					const inner = api.events.sudo.Sudid.is(event) ? event.data.sudoResult : undefined;
					if (inner?.isErr) return reject(explain(api, inner.asErr));
				}
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

/** Waits until a condition holds, looking at every new block; says what it waits for if it takes too long. */
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
