// A signing machine without a connection: reads one request from standard input, writes what it signed to standard output.
//
// `{ metadata, token, decimals, ... }`: it has the chain's metadata, builds the call itself, computes the digest and signs.
// `{ proof, payload }`: it has only a short proof of the types in a payload; it recomputes the digest from the proof, shows
// the call in the proof's words, and signs if the payload names that digest.

import { readFileSync } from 'node:fs';
import net from 'node:net';

import { merkleizeMetadata } from '@polkadot-api/merkleize-metadata';
import { Keyring } from '@polkadot/keyring';
import { expandMetadata, Metadata, TypeRegistry } from '@polkadot/types';
import { hexToU8a, u8aEq, u8aToHex } from '@polkadot/util';
import { blake2AsU8a, cryptoWaitReady } from '@polkadot/util-crypto';

import { decodeProof, digestOf, showCall } from './proof.mjs';

net.Socket.prototype.connect = () => {
	throw new Error('a cold wallet has no connection');
};

const signWithMetadata = (pair, { metadata: hex, token, decimals, genesisHash, nonce, call, mode = 1 }) => {
	const registry = new TypeRegistry();
	const metadata = new Metadata(registry, hex);
	registry.setMetadata(metadata, undefined, undefined, true);
	const { consts, tx } = expandMetadata(registry, metadata);
	const method = tx[call.pallet][call.method](...call.args);
	const digest = merkleizeMetadata(hexToU8a(hex), { decimals, tokenSymbol: token }).digest();

	const { specVersion, transactionVersion } = consts.system.version;
	const extrinsic = registry.createType('Extrinsic', { method }, { version: 4 });
	extrinsic.sign(pair, {
		genesisHash,
		blockHash: genesisHash, // immortal: no block is known here
		era: '0x00',
		nonce,
		tip: 0,
		runtimeVersion: { specVersion, transactionVersion },
		mode,
		metadataHash: mode === 1 ? u8aToHex(digest) : null,
	});
	const args = Object.entries(method.toHuman().args).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
	return {
		shown: `${call.pallet}.${call.method}(${args.join(', ')})`,
		digest: u8aToHex(digest),
		extrinsic: extrinsic.toHex(),
	};
};

const signWithProof = (pair, request) => {
	const [payload, proof] = [hexToU8a(request.payload), decodeProof(hexToU8a(request.proof))];
	const digest = digestOf(proof);
	// The payload ends with the digest that the signature is to cover.
	if (!u8aEq(payload.subarray(-32), digest)) throw new Error('the proof is not of the metadata that the payload names');
	const { tokenSymbol, decimals, specName, specVersion } = proof.info;
	return {
		shown: `${showCall(proof, payload)} on ${specName} ${specVersion} (${tokenSymbol}, ${decimals} decimals)`,
		digest: u8aToHex(digest),
		signature: u8aToHex(pair.sign(payload.length > 256 ? blake2AsU8a(payload) : payload, { withType: true })),
	};
};

await cryptoWaitReady();
const request = JSON.parse(readFileSync(0, 'utf8'));
const pair = new Keyring({ type: 'sr25519', ss58Format: 42 }).addFromUri(request.uri);
try {
	const answer = request.proof ? signWithProof(pair, request) : signWithMetadata(pair, request);
	process.stdout.write(JSON.stringify(answer));
} catch (error) {
	process.stdout.write(JSON.stringify({ refused: error.message }));
}
