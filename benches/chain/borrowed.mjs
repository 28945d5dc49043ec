// What the benchmark takes from the polkadot.js tests: it has no packages of its own.

// The WebAssembly signs eight times faster than the keyring, and a run makes 150,000 signatures.
export {
	blake2b, ed25519KeypairFromSeed, ed25519Sign, sr25519KeypairFromSeed, sr25519Sign, waitReady,
} from '../../node/tests/polkadot-js/node_modules/@polkadot/wasm-crypto/index.js';
export { CRN, dataset, exampleSpec, seatsOf, terms } from '../../node/tests/polkadot-js/lib/cast.mjs';
export { account, connect, explain, sleep } from '../../node/tests/polkadot-js/lib/chain.mjs';
export { startNode } from '../../node/tests/polkadot-js/lib/node.mjs';
export { blobRoot, float, hex, messages } from '../../node/tests/polkadot-js/lib/protocol.mjs';
export { attestation, randomRoot } from '../../node/tests/polkadot-js/lib/unit.mjs';
