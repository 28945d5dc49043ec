// Signed extrinsics by the thousand. What goes before and behind a call is learnt once per nonce from polkadot.js; to sign
// and to put the parts together is then a matter of microseconds.

import { account, blake2b, hex } from './borrowed.mjs';

/** Version byte, signer (kind, 32 bytes), signature (kind, 64 bytes): what lies before the extensions' bytes. */
const SIGNER_AT = 1;
const EXTENSIONS_AT = 1 + 33 + 65;
/** A payload beyond this is hashed before it is signed. */
const LONGEST_PAYLOAD = 256;
const ID = 0x00;
const SR25519 = 0x01;

/** The compact encoding of a length. */
const compactLength = (length) => {
	if (length < 1 << 6) return [length << 2];
	if (length < 1 << 14) return [((length << 2) | 1) & 0xff, length >> 6];
	const wide = length * 4 + 2;
	return [wide & 0xff, (wide >>> 8) & 0xff, (wide >>> 16) & 0xff, (wide >>> 24) & 0xff];
};

export class Wire {
	#api;
	#nonces = new Map();
	#frames = new Map();
	#template;

	constructor(api) {
		this.#api = api;
		this.#template = this.#learn();
	}

	#options(nonce) {
		const { genesisHash, runtimeVersion } = this.#api;
		const { specVersion, transactionVersion } = runtimeVersion;
		return {
			blockHash: genesisHash, era: '0x00', genesisHash, nonce, runtimeVersion, specVersion, transactionVersion, tip: 0,
		};
	}

	/** What is signed behind a call: the extensions' bytes, and what they add implicitly. */
	#suffix(nonce) {
		const payload = { ...this.#options(nonce), method: '0x' };
		return this.#api.createType('ExtrinsicPayload', payload, { version: 4 }).toU8a({ method: true });
	}

	/** Cuts an extrinsic that polkadot.js signed into its parts. */
	#learn() {
		const call = this.#api.tx.system.remark('0x');
		const bytes = call.sign(account('//Alice'), this.#options(0)).toU8a(true);
		const callLength = call.method.toU8a().length;
		const extensions = bytes.length - EXTENSIONS_AT - callLength;
		return { version: bytes[0], implicit: this.#suffix(0).length - extensions };
	}

	#frame(nonce) {
		if (!this.#frames.has(nonce)) {
			const suffix = this.#suffix(nonce);
			const explicit = suffix.subarray(0, suffix.length - this.#template.implicit);
			this.#frames.set(nonce, { suffix, explicit });
		}
		return this.#frames.get(nonce);
	}

	#nextNonce(signer) {
		const key = hex(signer.publicKey);
		const nonce = this.#nonces.get(key) ?? 0;
		this.#nonces.set(key, nonce + 1);
		return nonce;
	}

	/** A call (its bytes) signed with the signer's next nonce: in hex, as nodes take it, and a byte that tells signers apart. */
	sign(call, signer) {
		const { suffix, explicit } = this.#frame(this.#nextNonce(signer));
		const payload = Buffer.concat([call, suffix]);
		const signature = signer.sign(payload.length > LONGEST_PAYLOAD ? blake2b(payload, new Uint8Array(), 32) : payload);
		const length = EXTENSIONS_AT + explicit.length + call.length;
		const prefix = compactLength(length);
		const bytes = Buffer.alloc(prefix.length + length);
		bytes.set(prefix);
		let at = prefix.length;
		bytes[at] = this.#template.version;
		bytes[at + SIGNER_AT] = ID;
		bytes.set(signer.publicKey, at + SIGNER_AT + 1);
		bytes[at + SIGNER_AT + 33] = SR25519;
		bytes.set(signature, at + SIGNER_AT + 34);
		at += EXTENSIONS_AT;
		bytes.set(explicit, at);
		bytes.set(call, at + explicit.length);
		return { hex: `0x${bytes.toString('hex')}`, from: signer.publicKey[0] };
	}
}
