// Keys by the hundred, derived from a name.

import { blobRoot, ed25519KeypairFromSeed, ed25519Sign, sr25519KeypairFromSeed, sr25519Sign } from './borrowed.mjs';

const seedOf = (name) => blobRoot(new TextEncoder().encode(`bench ${name}`));

/** An sr25519 key: an account, or a worker's. */
export const account = (name) => {
	const pair = sr25519KeypairFromSeed(seedOf(name));
	const [secret, publicKey] = [pair.subarray(0, 64), pair.subarray(64)];
	return { publicKey, sign: (message) => sr25519Sign(publicKey, secret, message) };
};

/** An ed25519 key, as endpoints have. */
const endpoint = (name) => {
	const pair = ed25519KeypairFromSeed(seedOf(name));
	const [secret, publicKey] = [pair.subarray(0, 32), pair.subarray(32)];
	return { publicKey, sign: (message) => ed25519Sign(publicKey, secret, message) };
};

/** A provider, as the scenarios of the tests know it. */
export const provider = (api, number) => {
	const cold = account(`provider ${number}`);
	const address = api.createType('AccountId', cold.publicKey).toString();
	return {
		provider: { ...cold, address },
		key: account(`worker ${number}`),
		endpoint: endpoint(`endpoint ${number}`),
	};
};
