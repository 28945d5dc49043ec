// Transfers: each provider sends to a receiver of its own.

import { CRN, hex } from './borrowed.mjs';

const AMOUNT = CRN / 1_000n;

const owned = async (api, receivers) => {
	const accounts = await api.query.system.account.multi(receivers.map(({ publicKey }) => publicKey));
	return accounts.reduce((sum, { data }) => sum + data.free.toBigInt(), 0n);
};

/** Signs transfers, the senders taking turns. */
export const transfers = ({ api, wire }, { providers, receivers }, count) => {
	const calls = receivers.map((to) =>
		Buffer.from(api.tx.balances.transferKeepAlive(hex(to.publicKey), AMOUNT).method.toU8a()));
	return Array.from({ length: count }, (_, i) => {
		const turn = i % providers.length;
		return wire.sign(calls[turn], providers[turn].provider);
	});
};

/** Does something that transfers and tells what it did not send of so many, and makes sure that every transfer arrived. */
export const checkArrived = async (api, { receivers }, count, action) => {
	const before = await owned(api, receivers);
	const result = await action();
	const arrived = ((await owned(api, receivers)) - before) / AMOUNT;
	const sent = count - result.left.length;
	if (arrived !== BigInt(sent)) throw new Error(`of ${sent} transfers ${arrived} arrived`);
	return result;
};
