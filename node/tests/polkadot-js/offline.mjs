// Signing on a machine that has no connection, with the metadata hash: what the machine shows is what the chain executes, or
// the chain refuses the signature.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { merkleizeMetadata } from '@polkadot-api/merkleize-metadata';
import { hexToU8a, u8aToHex } from '@polkadot/util';

import { send, submitSigned } from './lib/batch.mjs';
import { CRN, dataset, exampleSpec, fund, terms } from './lib/cast.mjs';
import { account, eventOf, submit } from './lib/chain.mjs';
import { turnedAway } from './lib/refusal.mjs';
import { u32 } from './lib/scale.mjs';

const TOKEN = { token: 'CRN', decimals: 12 };
const BAD_PROOF = /1010: Invalid Transaction: Transaction has a bad signature/;

/** Hands a request to the cold wallet, a process of its own, and takes back what it signed. */
const coldWallet = (request) => {
	const program = fileURLToPath(new URL('./lib/cold-wallet.mjs', import.meta.url));
	const { stdout, stderr, status } = spawnSync(process.execPath, [program], {
		input: JSON.stringify({ uri: '//Cold', ...request }), encoding: 'utf8', maxBuffer: 1 << 26,
	});
	assert.equal(status, 0, stderr);
	const answer = JSON.parse(stdout);
	if (answer.refused) throw new Error(`the cold wallet refuses: ${answer.refused}`);
	return answer;
};

/** Metadata of a version, as the runtime gives it. */
const metadataAt = async (api, version) => {
	const answer = await api.rpc('state_call', 'Metadata_metadata_at_version', u8aToHex(u32(version)));
	return api.registry.createType('Option<Bytes>', hexToU8a(answer)).unwrap().toU8a(true);
};

/** Metadata in which some bytes were replaced by as many others, wherever they occur. */
const reworded = (metadata, from, to) => {
	const [old, now] = [Buffer.from(from), Buffer.from(to)];
	const copy = Buffer.from(metadata);
	assert.ok(copy.includes(old) && old.length === now.length);
	for (let at = copy.indexOf(old); at >= 0; at = copy.indexOf(old, at + old.length)) now.copy(copy, at);
	return u8aToHex(copy);
};

/** The runtime's version as metadata has it: implementation name, authoring version 1, spec version. */
const versioned = (spec) => Buffer.concat([Buffer.from('cairn-node'), u32(1), u32(spec)]);

const nonceOf = async (api, who) => (await api.rpc.system.accountNextIndex(who.address)).toNumber();
const freeOf = async (api, who) => (await api.query.system.account(who.address)).data.free.toBigInt();

/** Signs a call with a short proof: the online machine prepares payload and proof, the cold one signs. */
const signByProof = async ({ api, metadata, cold, say }, call, alter = (request) => request) => {
	const merkleized = merkleizeMetadata(metadata, { decimals: TOKEN.decimals, tokenSymbol: TOKEN.token });
	const parts = {
		address: cold.address,
		method: call.method.toHex(),
		era: '0x00',
		nonce: await nonceOf(api, cold),
		tip: 0,
		genesisHash: api.genesisHash,
		blockHash: api.genesisHash,
		specVersion: api.runtimeVersion.specVersion,
		transactionVersion: api.runtimeVersion.transactionVersion,
		mode: 1,
		metadataHash: u8aToHex(merkleized.digest()),
	};
	const payload = api.registry.createType('ExtrinsicPayload', parts, { version: 4 });
	const bare = payload.toU8a({ method: true });
	const proof = merkleized.getProofForExtrinsicPayload(bare);
	say(`the proof of ${bare.length} bytes to sign takes ${proof.length} bytes; all metadata would take ${metadata.length}`);
	assert.ok(proof.length * 10 < metadata.length, 'a short proof is short');
	const signed = coldWallet(alter({ proof: u8aToHex(proof), payload: u8aToHex(bare) }));
	say(`the cold wallet shows: ${signed.shown.slice(0, 300)}`);
	call.addSignature(cold.address, signed.signature, payload.toHex());
	return { ...signed, extrinsic: call.toHex() };
};

export const newStage = (api, say) => ({ api, say, cold: account('//Cold'), anyone: account('//Ferdie') });

export const chapters = [
	{
		title: 'The chain tells its metadata and its token; together they have one digest',
		async run(stage) {
			const { api, say } = stage;
			const answer = await api.rpc('state_call', 'Metadata_metadata_versions', '0x');
			const versions = api.registry.createType('Vec<u32>', hexToU8a(answer));
			const known = versions.map((version) => version.toNumber());
			for (const version of [14, 15, 16]) assert.ok(known.includes(version), `metadata ${version} is missing`);
			const properties = await api.rpc.system.properties();
			assert.deepEqual(properties.tokenSymbol.toHuman(), [TOKEN.token]);
			assert.deepEqual(properties.tokenDecimals.toHuman(), [String(TOKEN.decimals)]);
			assert.equal(properties.ss58Format.toHuman(), '42');

			stage.metadata = await metadataAt(api, 15);
			const hints = {
				decimals: TOKEN.decimals, tokenSymbol: TOKEN.token, base58Prefix: 42,
				specName: api.runtimeVersion.specName.toString(), specVersion: api.runtimeVersion.specVersion.toNumber(),
			};
			const digest = (metadata) => u8aToHex(merkleizeMetadata(metadata, hints).digest());
			stage.digest = digest(stage.metadata);
			assert.equal(digest(await metadataAt(api, 16)), stage.digest, 'both versions of the metadata have one digest');
			say(`metadata 15 of ${hints.specName} ${hints.specVersion}, with CRN of 12 decimals, has the digest ${stage.digest}`);
			await fund(api, [stage.cold], 100n * CRN);
		},
	},
	{
		title: 'A machine with nothing but the metadata, the genesis hash and a nonce signs; the chain includes it',
		async run(stage) {
			const { api, say, cold, anyone, metadata, digest } = stage;
			const signed = coldWallet({
				...TOKEN,
				metadata: u8aToHex(metadata),
				genesisHash: api.genesisHash.toHex(),
				nonce: await nonceOf(api, cold),
				call: { pallet: 'balances', method: 'transferKeepAlive', args: [anyone.address, (5n * CRN).toString()] },
			});
			say(`the cold wallet shows: ${signed.shown}`);
			assert.equal(signed.digest, digest);
			const before = await freeOf(api, anyone);
			const events = await submitSigned(api, signed.extrinsic);
			const { from, amount } = eventOf(events, api.events.balances.Transfer);
			assert.equal(from.toString(), cold.address);
			assert.equal(amount.toBigInt(), 5n * CRN);
			assert.equal((await freeOf(api, anyone)) - before, 5n * CRN);
			// The runtime puts its own hash under the signature: it would not match any other.
			say('the chain included it, so the hash built into the runtime is that digest');
		},
	},
	{
		title: 'A machine with nothing but a short proof shows the call, signs, and the chain includes it',
		async run(stage) {
			const { api, say, cold, digest } = stage;
			const register = await signByProof(stage, api.tx.models.registerDataset(dataset, 'An example dataset'));
			assert.equal(register.digest, digest, 'the digest that the proof proves');
			assert.match(register.shown, /^Models\(register_dataset\(root: 0x[0-9a-f]{64}, metadata: 0x[0-9a-f]+\)\) on cairn/);
			const registered = await submitSigned(api, register.extrinsic);
			assert.equal(eventOf(registered, api.events.models.DatasetRegistered).owner.toString(), cold.address);

			const propose = await signByProof(stage, api.tx.models.propose(exampleSpec(), terms, null, 'Signed offline'));
			assert.match(propose.shown, /^Models\(propose\(spec: { architecture: { vocabulary: 256, width: 64/);
			const proposed = await submitSigned(api, propose.extrinsic);
			const { researcher, model } = eventOf(proposed, api.events.models.Proposed);
			assert.equal(researcher.toString(), cold.address);
			say(`model ${model} is proposed`);
		},
	},
	{
		title: 'polkadot.js signs with the metadata hash, too, when it is asked to',
		async run({ api, say, cold, anyone, digest }) {
			const call = api.tx.balances.transferKeepAlive(anyone.address, CRN);
			const events = await submit(api, call, cold, { mode: 1, metadataHash: digest });
			assert.equal(eventOf(events, api.events.balances.Transfer).amount.toBigInt(), CRN);
			say('a transfer with mode 1 is included');
		},
	},
	{
		title: 'Whatever else the machine is made to believe, the chain refuses what it signed',
		async run(stage) {
			const { api, cold, anyone, metadata, digest } = stage;
			const spec = api.runtimeVersion.specVersion.toNumber();
			const before = [await nonceOf(api, cold), await freeOf(api, cold)];
			const request = {
				...TOKEN,
				metadata: u8aToHex(metadata),
				genesisHash: api.genesisHash.toHex(),
				nonce: before[0],
				call: { pallet: 'balances', method: 'transferKeepAlive', args: [anyone.address, (5n * CRN).toString()] },
			};
			const lies = {
				'another number of decimals': { decimals: 10 },
				'another token': { token: 'DOT' },
				'another name of a call': { metadata: reworded(metadata, 'transfer_allow_death', 'transfer_allow_depth') },
				'another argument of a call of Cairn': { metadata: reworded(metadata, 'max_price', 'min_price') },
				'another version': { metadata: reworded(metadata, versioned(spec), versioned(spec + 1)) },
			};
			for (const [lie, change] of Object.entries(lies)) {
				const signed = coldWallet({ ...request, ...change });
				assert.notEqual(signed.digest, digest);
				await turnedAway(stage, lie, send(api, signed.extrinsic), BAD_PROOF);
			}
			const elsewhere = coldWallet({ ...request, genesisHash: `0x${'11'.repeat(32)}` });
			await turnedAway(stage, 'another chain', send(api, elsewhere.extrinsic), BAD_PROOF);
			const call = api.tx.balances.transferKeepAlive(anyone.address, CRN);
			const zeros = await call.signAsync(cold, { mode: 1, metadataHash: `0x${'00'.repeat(32)}` });
			await turnedAway(stage, 'a hash of zeros', send(api, zeros.toHex()), BAD_PROOF);

			const forged = signByProof(stage, api.tx.balances.transferKeepAlive(anyone.address, CRN), (asked) => ({
				...asked, payload: asked.payload.slice(0, -64) + '00'.repeat(32),
			}));
			await turnedAway(stage, 'a payload that names another digest than its proof', forged,
				/the cold wallet refuses: the proof is not of the metadata that the payload names/);
			assert.deepEqual([await nonceOf(api, cold), await freeOf(api, cold)], before, 'not even a fee was paid');
		},
	},
];
