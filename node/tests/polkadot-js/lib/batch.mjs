// Several extrinsics of one account at once: signed one after the other, sent together, found again in their blocks.

import { explain, height, sleep } from './chain.mjs';
import { noteCall } from './record.mjs';

/** What one extrinsic came to: its events, its fee, and the error if the call was refused. */
const outcome = (api, call, extrinsic, records) => {
	const events = records.map(({ event }) => event);
	const failed = events.find((event) => api.events.system.ExtrinsicFailed.is(event));
	const paid = events.find((event) => api.events.transactionPayment.TransactionFeePaid.is(event));
	if (!failed) noteCall(call.method);
	return {
		call,
		extrinsic,
		events,
		fee: paid ? paid.data.actualFee.toBigInt() : 0n,
		error: failed && explain(api, failed.data.dispatchError),
	};
};

/** The extrinsics of `pending` (by hash) that are in a block. */
const foundIn = async (api, hash, pending) => {
	const { block } = await api.rpc.chain.getBlock(hash);
	const places = block.extrinsics.flatMap((extrinsic, index) => (pending.has(extrinsic.hash.toHex()) ? [index] : []));
	if (places.length === 0) return [];
	const records = await (await api.at(hash)).query.system.events();
	return places.map((index) => {
		const extrinsic = block.extrinsics[index];
		const key = extrinsic.hash.toHex();
		const own = records.filter(({ phase }) => phase.isApplyExtrinsic && phase.asApplyExtrinsic.eq(index));
		const place = { hash, parent: block.header.parentHash, number: block.header.number.toNumber() };
		return { key, block: place, ...outcome(api, pending.get(key), extrinsic, own) };
	});
};

/** Hands a signed extrinsic to the node, which checks it and answers at once, or throws what a wallet then shows. */
export const send = (api, bytes) => api.rpc('author_submitExtrinsic', bytes);

/** Waits until each of some extrinsics (by hash) is in a block after `from`; what each came to, by hash. */
const included = async (api, pending, from) => {
	const found = new Map();
	const deadline = Date.now() + 120_000;
	for (let number = from + 1; found.size < pending.size; ) {
		if (Date.now() > deadline) throw new Error(`${pending.size - found.size} extrinsics were in no block after 120 s`);
		const hash = await api.rpc.chain.getBlockHash(number);
		if (hash.isEmpty) {
			await sleep(300);
			continue;
		}
		for (const one of await foundIn(api, hash, pending)) found.set(one.key, one);
		number += 1;
	}
	return found;
};

/**
 * Signs calls of some accounts (`[[signer, calls], ...]`), each account's with consecutive nonces, submits them all and waits
 * until each is in a block. Resolves with what each came to, by account and in order; a refused call is a result here,
 * not an exception.
 */
export const submitOf = async (api, groups) => {
	const from = await height(api);
	const pending = new Map();
	const keys = [];
	for (const [signer, calls] of groups) {
		const first = (await api.rpc.system.accountNextIndex(signer.address)).toNumber();
		const own = [];
		for (const [i, call] of calls.entries()) {
			const signed = await call.signAsync(signer, { nonce: first + i });
			own.push(signed.hash.toHex());
			pending.set(own.at(-1), signed);
		}
		keys.push(own);
	}
	for (const signed of pending.values()) await send(api, signed.toHex());
	const found = await included(api, pending, from);
	return keys.map((own) => own.map((key) => found.get(key)));
};

/** The same for the calls of one account. */
export const submitAll = async (api, signer, calls) => (await submitOf(api, [[signer, calls]]))[0];

/** The same as `submitOf` for calls that must all go through: the events of each, or the first refusal. */
export const submitEachOf = async (api, groups) => {
	const results = await submitOf(api, groups);
	const refusal = results.flat().find(({ error }) => error);
	if (refusal) throw refusal.error;
	return results.map((own) => own.map(({ events }) => events));
};

/** The same for the calls of one account. */
export const submitEach = async (api, signer, calls) => (await submitEachOf(api, [[signer, calls]]))[0];

/** Submits an extrinsic that somebody else signed; its events once it is in a block. */
export const submitSigned = async (api, bytes) => {
	const from = await height(api);
	const extrinsic = api.tx(bytes);
	await send(api, bytes);
	const key = extrinsic.hash.toHex();
	const { events, error } = (await included(api, new Map([[key, extrinsic]]), from)).get(key);
	if (error) throw error;
	return events;
};
