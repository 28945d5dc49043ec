// A model's life in chapters. `make tour` tells it, the tests run it; what a chapter claims, it asserts.

import assert from 'node:assert/strict';

import {
	auditorOf, closeWindow, CRN, drawLots, fund, provider, registerProvider, seat, seatsOf, startWindow, terms,
} from './lib/cast.mjs';
import { account, eventOf, height, submit, until, untilBlock } from './lib/chain.mjs';
import { playDispute } from './lib/dispute.mjs';
import { checkpointsRoot, hex, messages } from './lib/protocol.mjs';
import { refused, refusedInPassing } from './lib/refusal.mjs';
import { attestation, computeWindow, okVerdict, randomRoot, spoiled, startTraining } from './lib/unit.mjs';

const STAGES = 2;
const LANES = 2;
/** Where a liar's trace leaves that of its unit, and where that of a false accuser does. */
const LIE = { step: 3, operation: 20, piece: 100 };
const ERROR = { step: 2, operation: 30, piece: 7 };

const crn = (amount) => `${(Number(amount) / Number(CRN)).toFixed(6)} CRN`;
const free = async (api, who) => (await api.query.system.account(who.address)).data.free.toBigInt();
const unitName = ({ window, stage, lane }) => `window ${window}, stage ${stage}, lane ${lane}`;

/** What all chapters share. */
export const newStage = (api, say) => ({
	api,
	say,
	anyone: account('//Ferdie'),
	owner: account('//Data'),
	researcher: account('//Researcher'),
	client: account('//Client'),
	buyer: account('//Buyer'),
	providers: ['Ada', 'Bea', 'Cem', 'Dag', 'Eva', 'Flo'].map(provider),
});

export const chapters = [
	{
		title: 'A data owner registers a dataset, a researcher proposes a model',
		async run(stage) {
			const { api, say, owner, researcher } = stage;
			stage.training = await startTraining(api);
			const { spec } = stage.training;
			const hot = stage.providers.flatMap((who) => [who.provider, who.key]);
			await fund(api, [owner, researcher, stage.client, stage.buyer, ...hot]);
			const propose = () => api.tx.models.propose(spec, terms, null, 'A tiny model');
			await refused(stage, 'models.UnknownDataset', propose(), researcher);
			await submit(api, api.tx.models.registerDataset(spec.dataset, 'An example dataset'), owner);
			const events = await submit(api, propose(), researcher);
			stage.model = eventOf(events, api.events.models.Proposed).model.toNumber();
			const held = (await api.query.balances.holds(researcher.address))[0].amount;
			say(`model ${stage.model} is proposed; ${crn(held)} are held from the researcher as long as it exists`);
			const broken = { ...spec, lanes: 17 };
			await refused(stage, 'models.InvalidSpec', api.tx.models.propose(broken, terms, null, ''), researcher);
			await refused(stage, 'models.NotResearcher', api.tx.models.open(stage.model), owner);
			await submit(api, api.tx.models.open(stage.model), researcher);
		},
	},
	{
		title: 'Providers register their machines, bond and enlist; the chain draws their places',
		async run(stage) {
			const { api, say, model, providers, anyone } = stage;
			await refused(stage, 'shards.NotRegistered', api.tx.shards.enlist(model), providers[0].provider);
			await Promise.all(providers.map((who) => registerProvider(api, who)));
			await seat(api, model, providers, anyone);
			for (let s = 0; s < STAGES; s += 1) {
				const { seats, standbys } = (await api.query.shards.rosters(model, s)).unwrap();
				const name = (address) => providers.find((who) => who.provider.address === address.toString()).name;
				say(
					`stage ${s}: seats ${seats.map((seatOf) => (seatOf.isSome ? name(seatOf.unwrap()) : 'vacant')).join(', ')}` +
						`; standbys ${standbys.map((standby) => name(standby.provider)).join(', ') || 'none'}`,
				);
			}
			await refused(stage, 'shards.AlreadyIn', api.tx.shards.enlist(model), providers[0].provider);
		},
	},
	{
		title: 'A window: four workers compute, sign each other\'s edges, and attest; one of them lies',
		async run(stage) {
			const { api, say, model, providers, anyone } = stage;
			stage.genesis = api.genesisHash.toU8a();
			stage.window = await startWindow(api, model, anyone);
			const seats = await seatsOf(api, model, STAGES, stage.window, providers);
			const liar = { stage: 0, lane: 1 };
			const { genesis, training } = stage;
			const honest = await computeWindow({ genesis, training, model, window: stage.window, seats });
			stage.truth = honest[liar.stage][liar.lane];
			stage.lie = spoiled(genesis, stage.truth, LIE);
			stage.attested = honest.map((row) => row.map((work) => (work === stage.truth ? stage.lie : work)));
			const attest = (work) => {
				const { lane, stage: s } = work.unit;
				const other = seats[s][1 - lane];
				const neighbours = { upstream: seats[s - 1]?.[lane], downstream: seats[s + 1]?.[lane] };
				return api.tx.contributions.attest(attestation(stage.genesis, work, neighbours, [other]));
			};
			const works = stage.attested.flat();
			await refused(stage, 'contributions.NotYourLane', attest(works[0]), works[1].worker.key);
			const forged = attestation(stage.genesis, works[0], { downstream: works[0].worker }, []);
			await refused(stage, 'contributions.BadReceipt', api.tx.contributions.attest(forged), works[0].worker.key);
			await Promise.all(works.map(async (work) => {
				const events = await submit(api, attest(work), work.worker.key);
				const { points } = eventOf(events, api.events.contributions.Attested);
				say(`${work.worker.name} attests ${unitName(work.unit)}: ${(Number(points) / 1e6).toFixed(1)} MFLOP` +
					`${work === stage.lie ? `  (a lie: another state than it has computed in step ${LIE.step})` : ''}`);
			}));
			await refused(stage, 'contributions.AlreadyAttested', attest(works[0]), works[0].worker.key);
			stage.late = attest(works[0]);
		},
	},
	{
		title: 'The window closes; a seat suspects both lanes, and auditors are drawn by lot',
		async run(stage) {
			const { api, say, model, window, anyone, attested } = stage;
			const closed = await closeWindow(api, model, window, anyone);
			assert.equal(closed.attested.toNumber(), STAGES * LANES);
			assert.ok(closed.isVoid.isFalse);
			await refused(stage, 'contributions.NoRunningWindow', stage.late, attested[0][0].worker.key);
			for (const lane of [0, 1]) {
				const suspect = api.tx.contributions.suspect(model, window.index, lane);
				await submit(api, suspect, attested[1][lane].worker.key);
			}
			await drawLots(api, model, window.index, STAGES, anyone);
			for (const { unit, worker } of attested.flat()) {
				const auditor = await auditorOf(api, unit, stage.providers);
				assert.notEqual(auditor.name, worker.name);
				say(`${auditor.name} is drawn to audit ${unitName(unit)}`);
			}
		},
	},
	{
		title: 'Two auditors approve, one convicts the liar, one accuses falsely and loses',
		async run(stage) {
			const { api, say, genesis, providers, truth, attested, lie } = stage;
			const audited = async (work) => ({ work, auditor: await auditorOf(api, work.unit, providers) });
			const all = await Promise.all(attested.flat().map(audited));
			const convicted = all.find(({ work }) => work === lie);
			// The false accuser must not be the worker that the other game is about: its bond is enough for one fault.
			const slandered = all.find(({ work, auditor }) => work !== lie && auditor !== lie.worker);
			const approved = all.filter((one) => one !== convicted && one !== slandered);

			for (const { work, auditor } of approved) {
				const verdict = okVerdict(genesis, work.unit, auditor, work.leaves);
				await submit(api, api.tx.contributions.verdict(work.unit, verdict), auditor.key);
				say(`${auditor.name} approves ${unitName(work.unit)}`);
			}
			const [{ work }] = approved;
			await refused(stage, 'contributions.NotTheAuditor',
				api.tx.contributions.verdict(work.unit, okVerdict(genesis, work.unit, approved[0].auditor, work.leaves)),
				approved[0].auditor.key);

			const bad = (unit, leaves) => ({ Bad: { checkpoints: checkpointsRoot(genesis, unit, leaves) } });
			const play = async ({ work: defended, auditor }, believed, expected) => {
				const { unit } = defended;
				await submit(api, api.tx.contributions.verdict(unit, bad(unit, believed.leaves)), auditor.key);
				say(`${auditor.name} says that ${unitName(unit)} of ${defended.worker.name} is wrong: a dispute opens`);
				const { moves, events } = await playDispute(
					api, unit,
					{ worker: defended.worker, work: defended }, { worker: auditor, work: believed },
					(move) => say(`  ${unitName(unit)}: ${move}`),
					(wrong) => refusedInPassing(stage, 'disputes.Unproven', wrong, auditor.key),
				);
				const ended = eventOf(events, api.events.disputes.GameEnded);
				assert.equal(ended.winner.type, expected);
				say(`the ${expected.toLowerCase()} wins after ${moves.length} moves`);
				return events;
			};
			const imagined = spoiled(genesis, slandered.work, ERROR);
			const [won] = await Promise.all([
				play(convicted, truth, 'Challenger'),
				play(slandered, imagined, 'Defender'),
			]);
			const refutedUnit = eventOf(won, api.events.contributions.UnitRefuted);
			assert.ok(refutedUnit.fine.toBigInt() > 0n);
			say(`${lie.worker.name} is fined ${crn(refutedUnit.fine.toBigInt())}; its unit is void`);
			stage.slandered = slandered;
		},
	},
	{
		title: 'The accused unit is audited again; after the escrow, points become shares',
		async run(stage) {
			const { api, say, genesis, model, providers, anyone, attested, lie, slandered } = stage;
			const { unit } = slandered.work;
			await until(api, 'another auditor', async () => {
				const audit = await api.query.contributions.audits(unit);
				if (audit.isNone || audit.unwrap().state.isAssigned) return true;
				await submit(api, api.tx.contributions.redrawAudit(unit), anyone).catch((error) => {
					if (error.name !== 'contributions.RandomnessNotKnown') throw error;
				});
				return undefined;
			});
			if ((await api.query.contributions.audits(unit)).isSome) {
				const auditor = await auditorOf(api, unit, providers);
				const verdict = okVerdict(genesis, unit, auditor, slandered.work.leaves);
				await submit(api, api.tx.contributions.verdict(unit, verdict), auditor.key);
				say(`${auditor.name} approves ${unitName(unit)}`);
			}
			for (const lane of [0, 1]) {
				await submit(api, api.tx.contributions.settleSuspicion(model, stage.window.index, lane), anyone);
			}
			let minted = 0;
			for (const work of attested.flat()) {
				if (work === lie) {
					await refused(stage, 'contributions.NothingPending', api.tx.contributions.finalise(work.unit), anyone);
					continue;
				}
				const events = await until(api, `the escrow of ${unitName(work.unit)}`, () =>
					submit(api, api.tx.contributions.finalise(work.unit), anyone).catch((error) => {
						if (error.name !== 'contributions.NotDue') throw error;
						return undefined;
					}));
				const voided = events.find((event) => api.events.contributions.UnitVoided.is(event));
				// Whoever was fined lost all its unfinalised points in the model.
				if (voided) say(`${work.worker.name}'s ${unitName(work.unit)} is forfeited`);
				else {
					minted += 1;
					const { shares } = eventOf(events, api.events.contributions.UnitFinalised);
					say(`${work.worker.name}'s ${unitName(work.unit)} is final: ${shares.toString()} shares are minted`);
				}
			}
			assert.equal(minted, STAGES * LANES - 1);
		},
	},
	{
		title: 'Who was fined is expelled, its bond being too small now; newcomers take the vacant seats',
		async run(stage) {
			const { api, say, model, providers, anyone, lie } = stage;
			const seats = async () => {
				const rosters = await api.query.shards.rosters.multi([...Array(STAGES).keys()].map((s) => [model, s]));
				return rosters.flatMap((roster) => [...roster.unwrap().seats]);
			};
			const seated = (who, all) => all.some((one) => one.isSome && one.unwrap().eq(who.provider.address));
			assert.ok(!seated(lie.worker, await seats()), 'the liar has lost its seat');
			say(`${lie.worker.name} has no seat any more`);
			const newcomers = ['Gil', 'Hal'].map(provider);
			await fund(api, newcomers.flatMap((who) => [who.provider, who.key]));
			await Promise.all(newcomers.map((who) => registerProvider(api, who)));
			await seat(api, model, newcomers, anyone);
			providers.push(...newcomers);
			const all = await seats();
			assert.ok(all.every((one) => one.isSome), 'every seat is taken again');
			for (const who of newcomers) say(`${who.name} ${seated(who, all) ? 'takes a seat' : 'stands by'}`);
		},
	},
	{
		title: 'A fork descends from the model, and owes it a royalty',
		async run(stage) {
			const { api, say, training: { spec }, researcher, model } = stage;
			const propose = (changes) =>
				api.tx.models.propose({ ...spec, ...changes }, terms, model, 'A fork with another seed');
			const shorter = { stages: [2], initial: spec.initial.slice(0, 1) };
			await refused(stage, 'models.ForkDoesNotContinue', propose(shorter), researcher);
			const events = await submit(api, propose({ seed: hex(randomRoot()) }), researcher);
			const { model: fork, parent } = eventOf(events, api.events.models.Proposed);
			assert.equal(parent.unwrap().toNumber(), model);
			stage.fork = fork.toNumber();
			say(`model ${stage.fork} is a fork of model ${model}`);
		},
	},
	{
		title: 'A client pays for inference through a channel; the best voucher wins',
		async run(stage) {
			const { api, say, model, client, researcher, anyone, providers, genesis } = stage;
			const price = { prompt: CRN, completion: 2n * CRN };
			const open = () => api.tx.inference.openChannel(model, 0, 50n * CRN, 1_000, null, price);
			await refused(stage, 'inference.NoPrice', open(), client);
			await submit(api, api.tx.models.setPrice(model, price), researcher);
			const { channel } = eventOf(await submit(api, open(), client), api.events.inference.ChannelOpened);
			const voucher = (amount) => ({
				channel, amount, window: 0,
				signature: { Sr25519: client.sign(messages.voucher(genesis, channel.toBigInt(), amount, 0)) },
			});
			const served = (await api.query.shards.rosters(model, 0)).unwrap().seats[0].unwrap().toString();
			const server = providers.find((who) => who.provider.address === served);
			await submit(api, api.tx.inference.settle(voucher(10n * CRN)), server.key);
			await submit(api, api.tx.inference.settle(voucher(30n * CRN)), server.key);
			await refused(stage, 'inference.VoucherNotBetter', api.tx.inference.settle(voucher(20n * CRN)), server.key);
			const forged = { ...voucher(40n * CRN), signature: voucher(1n).signature };
			await refused(stage, 'inference.BadSignature', api.tx.inference.settle(forged), server.key);
			const events = await until(api, 'the settlement window', () =>
				submit(api, api.tx.inference.close(channel), anyone).catch((error) => {
					if (error.name !== 'inference.SettlementOpen') throw error;
					return undefined;
				}));
			const { fee, revenue, refund } = eventOf(events, api.events.inference.ChannelClosed);
			assert.equal(fee.toBigInt() + revenue.toBigInt(), 30n * CRN);
			assert.equal(refund.toBigInt(), 20n * CRN);
			stage.income = revenue.toBigInt();
			say(`of 50 CRN the seats get ${crn(fee)}, the holders ${crn(revenue)}, the client gets ${crn(refund)} back`);
		},
	},
	{
		title: 'Holders claim, sell shares, and claim again',
		async run(stage) {
			const { api, say, model, client, buyer, attested, lie } = stage;
			const holders = [...new Set(attested.flat().filter((work) => work !== lie).map((work) => work.worker))]
				.map((worker) => worker.provider);
			const deposit = async (amount) => {
				await submit(api, api.tx.revenue.depositRevenue(model, amount), client);
				stage.income += amount;
				await untilBlock(api, (await height(api)) + 3); // a part of the stream
			};
			const claim = async (holder) => {
				const before = await free(api, holder);
				const { amount } = eventOf(await submit(api, api.tx.revenue.claim(model), holder), api.events.revenue.Claimed);
				assert.ok((await free(api, holder)) > before, 'a claim is worth more than its fee');
				say(`${holder.meta.name} claims ${crn(amount)}`);
				return amount.toBigInt();
			};
			await deposit(90n * CRN);
			await refused(stage, 'revenue.NotEnoughShares', api.tx.revenue.transferShares(model, client.address, 1), buyer);
			const claimed = await Promise.all(holders.map(claim));
			const sum = claimed.reduce((total, amount) => total + amount, 0n);
			const owned = await Promise.all(holders.map(async (holder) =>
				(await api.query.revenue.holders(model, holder.address)).unwrap().shares.toBigInt()));
			const { supply } = (await api.query.revenue.pools(model)).unwrap();
			const atOnce = (stage.income * owned.reduce((total, shares) => total + shares, 0n)) / supply.toBigInt();
			assert.ok(sum < atOnce, 'income streams, it is not paid at once');
			const [seller] = holders;
			const { shares } = (await api.query.revenue.holders(model, seller.address)).unwrap();
			await submit(api, api.tx.revenue.transferShares(model, buyer.address, shares.toBigInt() / 2n), seller);
			say(`${seller.meta.name} sells half of its shares; more revenue arrives`);
			await deposit(30n * CRN);
			await Promise.all([seller, buyer].map(claim));
			const { paid, income } = (await api.query.revenue.pools(model)).unwrap();
			assert.equal(income.toBigInt(), stage.income);
			say(`the model has earned ${crn(income)}, of which ${crn(paid)} are paid out and the rest streams or waits`);
		},
	},
];
