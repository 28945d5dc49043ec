// What a node turns away before it reaches a block, as a wallet shows it: transactions that are replayed, truncated, tampered
// with, too large, too early or too late, of another chain or another key. None of that costs anything.

import assert from 'node:assert/strict';

import { compactFromU8a, compactToU8a, hexToU8a, u8aConcat, u8aToHex } from '@polkadot/util';

import { send, submitEach } from './lib/batch.mjs';
import { CRN, dataset, exampleSpec, fund, provider, registerProvider, terms } from './lib/cast.mjs';
import { account, eventOf, height, submit, until, untilBlock } from './lib/chain.mjs';
import { seatAll } from './lib/play.mjs';
import { refused, turnedAway } from './lib/refusal.mjs';
import { randomRoot } from './lib/unit.mjs';

const BAD_PROOF = /^1010: Invalid Transaction: Transaction has a bad signature$/;
/** What is in a block counts no more, which a node notices at once or only after a look at the state. */
const DONE = new RegExp([
	'^1010: Invalid Transaction: Transaction is outdated$',
	'^1012: Transaction is temporarily banned$',
	'^1013: Transaction Already Imported',
].join('|'));
const TOO_LARGE = /^1010: Invalid Transaction: Transaction would exhaust the block limits$/;
/** Everything that a model of one seat takes: a seat, and sixteen standbys. */
const PLACES = 17;

const freeOf = async (api, who) => (await api.query.system.account(who.address)).data.free.toBigInt();
const nonceOf = async (api, who) => (await api.rpc.system.accountNextIndex(who.address)).toNumber();
const zeros = (bytes) => `0x${'00'.repeat(bytes)}`;

/** Makes sure that `tries` cost an account nothing, not even a number of its transactions. */
const forFree = async (api, who, tries) => {
	const before = [await freeOf(api, who), await nonceOf(api, who)];
	await tries();
	assert.deepEqual([await freeOf(api, who), await nonceOf(api, who)], before, 'what is turned away is free');
};

/** The bytes of a signed call. */
const signed = async (call, who, options = {}) => hexToU8a((await call.signAsync(who, options)).toHex());

export const newStage = (api, say) => ({
	api,
	say,
	anyone: account('//Ferdie'),
	owner: account('//Data'),
	someone: account('//Someone'),
	pauper: account('//Pauper'),
	providers: Array.from({ length: PLACES + 1 }, (_, i) => provider(`Crowd${i + 1}`)),
});

export const chapters = [
	{
		title: 'A transaction counts once: duplicates, contradictions and replays are turned away',
		async run(stage) {
			const { api, say, someone, owner, anyone } = stage;
			await fund(api, [someone, owner]);
			const pay = (amount) => api.tx.balances.transferKeepAlive(anyone.address, amount);
			const nonce = await nonceOf(api, someone);
			const [first, other] = [await signed(pay(CRN), someone, { nonce }), await signed(pay(2n * CRN), someone, { nonce })];
			await send(api, u8aToHex(first));
			await turnedAway(stage, 'a duplicate', send(api, u8aToHex(first)), /^1013: Transaction Already Imported/);
			await turnedAway(stage, 'a contradiction: another transaction of the same number', send(api, u8aToHex(other)),
				/^1014: Priority is too low: \((\d+) vs \1\)/);
			await until(api, 'the first to be included', async () =>
				(await api.query.system.account(someone.address)).nonce.toNumber() > nonce);
			say('the first one is in a block');
			await forFree(api, someone, async () => {
				await turnedAway(stage, 'a replay', send(api, u8aToHex(first)), DONE);
				await turnedAway(stage, 'the contradiction, later', send(api, u8aToHex(other)), DONE);
			});
		},
	},
	{
		title: 'What was tampered with, or signed for another chain, version or account, has a bad signature',
		async run({ api, say, someone, anyone }) {
			const stage = { api, say };
			const register = () => api.tx.models.registerDataset(randomRoot(), 'Mine');
			await forFree(api, someone, async () => {
				const tampered = await signed(register(), someone);
				tampered[tampered.length - 1] ^= 1; // the last letter of the name
				await turnedAway(stage, 'another call than was signed', send(api, u8aToHex(tampered)), BAD_PROOF);

				const imposed = await signed(register(), anyone);
				const place = Buffer.from(imposed).indexOf(anyone.publicKey);
				imposed.set(someone.publicKey, place);
				await turnedAway(stage, 'a wrong key: signed by another account', send(api, u8aToHex(imposed)), BAD_PROOF);

				const { specVersion, transactionVersion } = api.runtimeVersion;
				const [spec, encodings] = [specVersion, transactionVersion].map((version) => version.toNumber());
				const version = (specVersion, transactionVersion) => ({ runtimeVersion: { specVersion, transactionVersion } });
				const lies = {
					'another chain': { genesisHash: u8aToHex(randomRoot()) },
					'another version of the runtime': version(spec + 1, encodings),
					'another version of transactions': version(spec, encodings + 1),
				};
				for (const [what, lie] of Object.entries(lies)) {
					const call = register();
					call.sign(someone, {
						genesisHash: api.genesisHash, blockHash: api.genesisHash, era: '0x00', nonce: await nonceOf(api, someone),
						tip: 0, runtimeVersion: api.runtimeVersion, ...lie,
					});
					await turnedAway(stage, what, send(api, call.toHex()), BAD_PROOF);
				}
			});
			await turnedAway(stage, 'no signature at all', send(api, register().toHex()),
				/^1011: Unknown Transaction Validity: NoUnsignedValidator$/);
		},
	},
	{
		title: 'What is truncated, or longer than its type allows, cannot be decoded: the node says where',
		async run({ api, say, someone }) {
			const stage = { api, say };
			const { models, workers, disputes, contributions } = api.tx;
			const unit = { model: 0, window: 0, stage: 0, lane: 0 };
			await forFree(api, someone, async () => {
				const whole = await signed(models.registerDataset(randomRoot(), 'A dataset'), someone);
				const [prefix] = compactFromU8a(whole);
				const body = whole.subarray(prefix);
				const framed = (bytes) => u8aToHex(u8aConcat(compactToU8a(bytes.length), bytes));
				await turnedAway(stage, 'truncated', send(api, framed(body.subarray(0, -4))),
					/Could not decode `Call::register_dataset::metadata`/);
				await turnedAway(stage, 'truncated, with its old length', send(api, u8aToHex(whole.subarray(0, -4))),
					/^1040: Client error: Could not decode/);
				await turnedAway(stage, 'something behind its end', send(api, framed(u8aConcat(body, new Uint8Array(2)))),
					/^1040: Client error: Invalid length prefix$/);
				await turnedAway(stage, 'noise', send(api, '0x10203040'), /^1040: Client error: /);
				const five = Array(5).fill('127.0.0.1:4001');
				const oversized = [
					['a name of 129 bytes', models.registerDataset(randomRoot(), zeros(129)), 'Call::register_dataset::metadata'],
					['a model of 65 stages', models.propose(exampleSpec({ stages: Array(65).fill(1) }), terms, null, ''), 'ModelSpec::stages'],
					['evidence of 97 KiB', disputes.proveLeaf(unit, someone.address, zeros(97 * 1024)), 'Call::prove_leaf::evidence'],
					['nineteen leaves', contributions.exposeAudit(unit, Array(19).fill(zeros(32))), 'Call::expose_audit::leaves'],
					['five addresses', workers.setEndpoint(zeros(32), zeros(64), five, null), 'Call::set_endpoint::addresses'],
				];
				for (const [what, call, place] of oversized) {
					await turnedAway(stage, what, send(api, u8aToHex(await signed(call, someone))),
						new RegExp(`Could not decode \`${place}\`:\\s+BoundedVec exceeds its limit`));
				}
			});
		},
	},
	{
		title: 'Too large, too late, too poor, too early',
		async run(stage) {
			const { api, say, someone, pauper, anyone } = stage;
			const pay = () => api.tx.balances.transferKeepAlive(anyone.address, CRN);
			await forFree(api, someone, async () => {
				const remark = await signed(api.tx.system.remark(zeros(4 << 20)), someone);
				await turnedAway(stage, 'four megabytes', send(api, u8aToHex(remark)), TOO_LARGE);
				const birth = 4;
				await untilBlock(api, birth + 8);
				const late = await signed(pay(), someone, {
					era: api.createType('ExtrinsicEra', { current: birth, period: 4 }),
					blockHash: await api.rpc.chain.getBlockHash(birth),
				});
				// Its era comes round again every four blocks, with another first block than the one under the signature.
				await turnedAway(stage, `meant for blocks ${birth} to ${birth + 3}`, send(api, u8aToHex(late)),
					/^1010: Invalid Transaction: Transaction has (an ancient birth block|a bad signature)$/);
			});
			await turnedAway(stage, 'no money for the fee', send(api, u8aToHex(await signed(pay(), pauper))),
				/^1010: Invalid Transaction: Inability to pay some fees/);
			// Too early is no error: it waits until those before it have come.
			const nonce = await nonceOf(api, someone);
			await send(api, u8aToHex(await signed(pay(), someone, { nonce: nonce + 1 })));
			const now = await height(api);
			await untilBlock(api, now + 2);
			assert.equal((await api.query.system.account(someone.address)).nonce.toNumber(), nonce, 'it is in no block yet');
			await submit(api, pay(), someone, { nonce });
			await until(api, 'the later one', async () =>
				(await api.query.system.account(someone.address)).nonce.toNumber() === nonce + 2);
			say('a transaction ahead of its turn waits, and is included once those before it are');
		},
	},
	{
		title: 'A sealed model that is full takes nobody, not even who was there',
		async run(stage) {
			const { api, say, owner, anyone, providers } = stage;
			await fund(api, providers.flatMap((who) => [who.provider, who.key]), 200n * CRN);
			await submitEach(api, owner, [api.tx.models.registerDataset(dataset, 'An example dataset')]);
			const spec = exampleSpec({ stages: [2], lanes: 1, access: 'Sealed', minHolders: 3 });
			const [events] = await submitEach(api, owner, [api.tx.models.propose(spec, terms, null, 'A small model')]);
			const model = eventOf(events, api.events.models.Proposed).model.toNumber();
			await Promise.all(providers.map((who) => registerProvider(api, who)));
			const drawn = await seatAll(api, providers.slice(0, PLACES).map((who) => [model, who]), anyone);
			assert.equal(drawn.filter((one) => one.some((event) => api.events.shards.SeatTaken.is(event))).length, 1);
			assert.equal(drawn.filter((one) => one.some((event) => api.events.shards.StandbyAdded.is(event))).length, PLACES - 1);
			say(`one provider sits, ${PLACES - 1} stand by`);
			const { shards } = api.tx;
			const [leaver, newcomer] = providers.slice(-2);
			await refused(stage, 'shards.NoVacancy', shards.enlist(model), newcomer.provider);
			await submit(api, shards.leave(model), leaver.provider);
			await seatAll(api, [[model, newcomer]], anyone);
			say(`${leaver.name} leaves, ${newcomer.name} takes the place`);
			await refused(stage, 'shards.StageFull', shards.enlist(model), leaver.provider);
		},
	},
];
