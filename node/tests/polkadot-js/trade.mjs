// What owners of data, researchers, share holders and clients can do besides what a model's life shows, and what each of
// them is refused.

import assert from 'node:assert/strict';

import { submitEach, submitEachOf } from './lib/batch.mjs';
import { CRN, exampleSpec, fund, provider, registerProvider, terms } from './lib/cast.mjs';
import { account, eventOf, height, submit, untilBlock } from './lib/chain.mjs';
import { asRoot, auditorNow, finaliseFully, heldOf, patiently, pokeUntil, setTimes } from './lib/play.mjs';
import { messages } from './lib/protocol.mjs';
import { refused, refusedAll, refusedOf } from './lib/refusal.mjs';
import { attestation, computeWindow, okVerdict, randomRoot, startTraining } from './lib/unit.mjs';

const MILLION = 1_000_000n;
const MAX_U64 = ((1n << 64n) - 1n).toString();
const nobody = 99;

/** One change to the example for each way in which a spec can be inconsistent. */
const inconsistencies = (spec) => {
	const { architecture, schedule, window, inner } = spec;
	const adamW = inner.AdamW ?? inner.adamW;
	const batches = (microbatch, ...sizes) =>
		({ schedule: { microbatch, points: schedule.points.map((point, i) => ({ ...point, batch: sizes[i] ?? sizes[0] })) } });
	return {
		SizeOutOfRange: { architecture: { ...architecture, width: 0 } },
		HeadsDoNotDivide: { architecture: { ...architecture, kvHeads: 3 } },
		FrequenciesDoNotMatch: { architecture: { ...architecture, headWidth: 15 } },
		TiedHeadAcrossStages: { architecture: { ...architecture, tiedHead: true } },
		StagesOutOfRange: { stages: [] },
		LanesOutOfRange: { lanes: 17 },
		HoldersOutOfRange: { minHolders: 0 },
		ScheduleNotAscending: { schedule: { ...schedule, points: schedule.points.slice(0, 1) } },
		BatchNotWhole: batches(2, 8, 7),
		WindowOutOfRange: { window: { ...window, blocks: 9 } },
		WindowTooShortForSeats: { stages: Array(11).fill(1), lanes: 2, initial: Array(11).fill(spec.initial[0]), window: { ...window, blocks: 10 } },
		CheckpointsOutOfRange: { window: { ...window, checkpointEvery: 6 } },
		DecayOutOfRange: { inner: { AdamW: { ...adamW, beta2: 1_000_000_000 } } },
		WindowTooShortForDecay: { window: { ...window, steps: 99, warmup: 0 } },
		CodecDoesNotFit: { boundary: { Int8: { block: 48 } } },
		InitialRootsDoNotMatch: { initial: spec.initial.slice(1) },
		TooFewSteps: {
			inner: { AdamW: { ...adamW, beta2: 500_000_000 } }, window: { ...window, steps: 49, warmup: 0, checkpointEvery: 49 },
		},
		TooManyShares: {
			shares: { ...spec.shares, perTeraflop: MAX_U64 },
			schedule: { ...schedule, points: [schedule.points[0], { ...schedule.points[1], samples: MAX_U64 }] },
		},
		MergeTooLarge: { window: { ...window, linkKbit: 1 } },
		HashingTooLarge: batches(1, 1),
		TooFewTokensForMuon: {
			inner: { Muon: { momentum: 950_000_000, weightDecay: 0, clip: 1_000_000_000, rest: 1_000_000_000, carry: false } },
		},
		NoShares: { shares: { ...spec.shares, perTeraflop: 0 } },
		TooManyTokens: { architecture: { ...architecture, context: 2 ** 17 }, ...batches(2, 2 ** 15) },
		OuterMomentumOutOfRange: { outer: { ...spec.outer, momentum: 1_000_000_000 } },
	};
};

/** The signature of a voucher by a key. */
const voucher = (genesis, signer, channel, amount) => ({
	channel, amount, window: 0, signature: { Sr25519: signer.sign(messages.voucher(genesis, BigInt(channel), amount, 0)) },
});

export const newStage = (api, say) => ({
	api,
	say,
	genesis: api.genesisHash.toU8a(),
	anyone: account('//Ferdie'),
	owner: account('//Data'),
	archive: account('//Archive'),
	researcher: account('//Researcher'),
	heir: account('//Heir'),
	client: account('//Client'),
	stranger: account('//Stranger'),
	buyer: account('//Buyer'),
	poor: account('//Poor'),
	providers: ['Ida', 'Jon', 'Kim', 'Lou'].map(provider),
});

export const chapters = [
	{
		title: 'A dataset is registered once, and given away with its deposit',
		async run(stage) {
			const { api, say, owner, archive, providers } = stage;
			// A sealed model of one stage and one lane.
			stage.training = await startTraining(api, { stages: [2], lanes: 1, access: 'Sealed', minHolders: 3 });
			const { dataset } = stage.training.spec;
			const hot = providers.flatMap((who) => [who.provider, who.key]);
			const people = [owner, archive, stage.researcher, stage.heir, stage.client, stage.stranger, stage.buyer];
			await fund(api, [...people, ...hot]);
			const { models } = api.tx;
			await Promise.all([
				submit(api, models.registerDataset(dataset, 'An example dataset'), owner),
				setTimes(api, { StreamBlocks: 5, SettlementWindow: 6, EscrowBlocks: 45 }),
				...providers.map((who) => registerProvider(api, who)),
			]);
			const deposit = await heldOf(api, owner);
			await refusedOf(stage, [
				[archive, [
					['models.UnknownDataset', models.transferDataset(randomRoot(), archive.address)],
					['models.NotDatasetOwner', models.transferDataset(dataset, archive.address)],
					['models.DatasetExists', models.registerDataset(dataset, 'Mine')],
				]],
				[owner, [['models.SameOwner', models.transferDataset(dataset, owner.address)]]],
			]);
			const events = await submit(api, models.transferDataset(dataset, archive.address), owner);
			assert.equal(eventOf(events, api.events.models.DatasetTransferred).to.toString(), archive.address);
			assert.deepEqual([await heldOf(api, owner), await heldOf(api, archive)], [0n, deposit]);
			say('the dataset is the archive\'s now, and so is the deposit');
		},
	},
	{
		title: 'A researcher proposes; every inconsistency of a spec has its name',
		async run(stage) {
			const { api, researcher, owner, training: { spec: sealed } } = stage;
			const { models } = api.tx;
			const spec = exampleSpec({ dataset: sealed.dataset });
			const propose = (changes, changed = {}, parent = null) =>
				models.propose({ ...spec, ...changes }, { ...terms, ...changed }, parent, '');
			await refusedAll(stage, researcher, [
				...Object.entries(inconsistencies(spec)).map(([inner, changes]) => ['models.InvalidSpec', propose(changes), inner]),
				['models.InvalidTerms', propose({}, { data: 600_000 }), 'ComputeBelowHalf'],
				['models.InvalidTerms', propose({}, { royalty: 600_000 }), 'RoyaltyTooHigh'],
				['models.InvalidTerms', propose({}, { servingFee: 600_000 }), 'ServingFeeTooHigh'],
				['models.UnknownDataset', propose({ dataset: randomRoot() })],
				['models.UnknownParent', propose({}, {}, nobody)],
			]);
			const [proposed] = await submitEach(api, researcher, [models.propose(sealed, terms, null, 'A sealed model')]);
			stage.model = eventOf(proposed, api.events.models.Proposed).model.toNumber();
			await refusedOf(stage, [
				[researcher, [
					['models.ForkUnseals', models.propose({ ...sealed, access: 'Open', minHolders: 1 }, terms, stage.model, '')],
					['models.RoyaltyBelowParent', models.propose(sealed, { ...terms, royalty: terms.royalty - 1 }, stage.model, '')],
				]],
				[owner, [['models.NotResearcher', models.open(stage.model)]]],
			]);
			const [forked, third] = await submitEach(api, researcher, [
				models.propose(sealed, terms, stage.model, 'A fork'),
				models.propose(spec, terms, null, 'A model that nobody backs'),
			]);
			stage.fork = eventOf(forked, api.events.models.Proposed).model.toNumber();
			stage.empty = eventOf(third, api.events.models.Proposed).model.toNumber();
		},
	},
	{
		title: 'A researcher opens, pauses, resumes, cedes and retires',
		async run(stage) {
			const { api, say, researcher, heir, model, fork, empty } = stage;
			const { models } = api.tx;
			await refusedAll(stage, researcher, [
				['models.NotRunning', models.pause(model)],
				['models.NotPaused', models.resume(model)],
				['models.NotPaused', models.restartFrom(model, 0)],
				['models.UnknownModel', models.open(nobody)],
				['models.SameOwner', models.cede(model, researcher.address)],
			]);
			const [, , , paused] = await submitEach(api, researcher,
				[models.open(model), models.open(fork), models.open(empty), models.pause(model)]);
			assert.equal(eventOf(paused, api.events.models.Paused).reason.type, 'Owner');
			await refusedAll(stage, researcher, [
				['models.NotProposed', models.open(model)],
				['models.NotRunning', models.pause(model)],
				['models.UnknownCheckpoint', models.restartFrom(model, 0)],
			]);
			const [resumed] = await submitEach(api, researcher, [models.resume(model)]);
			assert.ok(eventOf(resumed, api.events.models.Resumed).status.isTraining);
			say('paused and resumed by the researcher');
			await asRoot(api, models.pause(model));
			await submit(api, models.resume(model), researcher);
			say('paused by governance, resumed by the researcher');

			const deposit = (await api.query.models.records(model)).unwrap().deposit.toBigInt();
			const before = [await heldOf(api, researcher), await heldOf(api, heir)];
			const ceded = await submit(api, models.cede(model, heir.address), researcher);
			assert.equal(eventOf(ceded, api.events.models.Ceded).to.toString(), heir.address);
			assert.deepEqual([await heldOf(api, researcher), await heldOf(api, heir)], [before[0] - deposit, before[1] + deposit]);
			say('the heir decides about the model now, and its deposit is the heir\'s');

			const { dataset } = stage.training.spec;
			const [event] = await submitEach(api, researcher, [
				models.propose(exampleSpec({ dataset }), terms, null, 'A short life'),
			]);
			stage.over = eventOf(event, api.events.models.Proposed).model.toNumber();
			const whole = (await api.query.models.records(stage.over)).unwrap().deposit.toBigInt();
			const withIt = await heldOf(api, researcher);
			const retired = await submit(api, models.retire(stage.over), researcher);
			eventOf(retired, api.events.models.Retired);
			const kept = (await api.query.models.records(stage.over)).unwrap().deposit.toBigInt();
			assert.ok(0n < kept && kept < whole, 'what holds the bytes of the spec stays');
			assert.equal(withIt - (await heldOf(api, researcher)), whole - kept, 'the rest of the deposit comes back');
			await refusedAll(stage, researcher, [
				['models.AlreadyRetired', models.retire(stage.over)],
				['models.AlreadyRetired', models.setPrice(stage.over, null)],
				['models.NotResearcher', models.setPrice(model, null)],
			]);
		},
	},
	{
		title: 'Three providers are entitled to the sealed model, one of them sits; a window starts',
		async run(stage) {
			const { api, say, providers, anyone, client, model, fork, over, empty } = stage;
			const [ida, jon, kim, lou] = providers;
			const { shards } = api.tx;
			await refusedOf(stage, [
				[client, [['shards.NotRegistered', shards.enlist(model)]]],
				[ida.provider, [
					['shards.ModelRetired', shards.enlist(over)],
					['shards.UnknownModel', shards.enlist(nobody)],
				]],
				[anyone, [['shards.NobodyEnlisted', shards.pokeWindow(empty)]]],
			]);
			const [[, enlisted]] = await submitEachOf(api, [
				[ida.provider, [shards.enlist(model), shards.enlist(fork)]],
				[jon.provider, [shards.enlist(model), shards.enlist(fork)]],
				[kim.provider, [shards.enlist(model), shards.enlist(fork)]],
			]);
			await refused(stage, 'shards.SeatsVacant', shards.pokeWindow(model), anyone);
			await untilBlock(api, eventOf(enlisted, api.events.shards.Enlisted).seedAt.toNumber() + 1);
			const [seated] = await submitEach(api, anyone, [shards.drawSeat(model, ida.provider.address)]);
			assert.equal(eventOf(seated, api.events.shards.Entitled).stage.toNumber(), 0);
			await refused(stage, 'shards.TooFewHolders', shards.pokeWindow(model), anyone);
			const others = await submitEach(api, anyone, [
				shards.drawSeat(model, jon.provider.address),
				shards.drawSeat(model, kim.provider.address),
				...[ida, jon, kim].map((who) => shards.drawSeat(fork, who.provider.address)),
			]);
			for (const events of others.slice(0, 2)) eventOf(events, api.events.shards.StandbyAdded);
			const bound = others.slice(2).flat().some((event) => api.events.shards.Entitled.is(event));
			assert.ok(!bound, 'they are entitled to the family already');
			say('Ida sits in the model and in its fork, Jon and Kim stand by');
			await submitEach(api, anyone, [model, fork].map((one) => shards.pokeWindow(one)));
			stage.window = (await pokeUntil(api, model, api.events.shards.WindowStarted, anyone)).window;
			stage.ida = ida;
			stage.lou = lou;
		},
	},
	{
		title: 'Ida attests in both; a model in a window is not restarted',
		async run(stage) {
			const { api, say, genesis, training, model, fork, ida, heir, anyone } = stage;
			const attest = async (one, window) => {
				const [[work]] = await computeWindow({ genesis, training, model: one, window, seats: [[ida]] });
				await submit(api, api.tx.contributions.attest(attestation(genesis, work, {}, [])), ida.key);
				return work;
			};
			const first = await attest(model, stage.window);
			await submit(api, api.tx.models.pause(model), heir);
			await refused(stage, 'models.WindowRunning', api.tx.models.restartFrom(model, 0), heir);
			await submit(api, api.tx.models.resume(model), heir);
			const { window } = await pokeUntil(api, fork, api.events.shards.WindowStarted, anyone);
			stage.deadline = window.deadline.toNumber();
			stage.works = [first, await attest(fork, window)];
			say('one machine has worked for two models');
		},
	},
	{
		title: 'A client opens a channel on its own terms, tops it up and extends it',
		async run(stage) {
			const { api, say, client, stranger, researcher, heir, model, empty, over } = stage;
			const { inference, models } = api.tx;
			const price = { prompt: CRN, completion: 2n * CRN };
			const open = (changes = {}) => {
				const { to = model, lane = 0, deposit = 10n * CRN, blocks = 60, most = price } = changes;
				return inference.openChannel(to, lane, deposit, blocks, null, most);
			};
			stage.open = open;
			await refused(stage, 'inference.NoPrice', open(), client);
			await submitEachOf(api, [[researcher, [models.setPrice(empty, price)]], [heir, [models.setPrice(model, price)]]]);
			await refusedAll(stage, client, [
				['inference.PriceTooHigh', open({ most: { ...price, completion: CRN } })],
				['inference.NoSuchLane', open({ lane: 1 })],
				['inference.LaneVacant', open({ to: empty })],
				['inference.NotServing', open({ to: over })],
				['inference.UnknownModel', open({ to: nobody })],
				['inference.DepositTooSmall', open({ deposit: CRN / 10n - 1n })],
				['inference.LifeOutOfRange', open({ blocks: 0 })],
				['inference.LifeOutOfRange', open({ blocks: 90 * 28_800 + 1 })],
				['token.FundsUnavailable', open({ deposit: 1_000_000n * CRN })],
			]);
			const opened = eventOf(await submit(api, open(), client), api.events.inference.ChannelOpened);
			const channel = opened.channel.toNumber();
			stage.channel = channel;
			const [toppedUp, extended] = await submitEach(api, client, [
				inference.topUp(channel, 5n * CRN), inference.extend(channel, 40),
			]);
			assert.equal(eventOf(toppedUp, api.events.inference.ChannelToppedUp).deposit.toBigInt(), 15n * CRN);
			const { expires } = eventOf(extended, api.events.inference.ChannelExtended);
			assert.equal(expires.toNumber(), opened.expires.toNumber() + 40);
			say(`channel ${channel} holds 15 CRN until block ${expires}`);
			const promise = voucher(stage.genesis, client, channel, CRN);
			await refusedOf(stage, [
				[client, [
					['inference.AlreadyOpen', open()],
					['inference.ZeroAmount', inference.topUp(channel, 0)],
					['inference.LifeOutOfRange', inference.extend(channel, 0)],
					['inference.UnknownChannel', inference.topUp(nobody, CRN)],
					['inference.NotSettled', inference.close(channel)],
					['inference.NotExpired', inference.forceClose(channel)],
				]],
				[stranger, [
					['inference.NotClient', inference.topUp(channel, CRN)],
					['inference.NotClient', inference.extend(channel, 10)],
					['inference.NotClient', inference.forceClose(channel)],
					['inference.NotParty', inference.settle(promise)],
				]],
				[stage.ida.key, [
					['inference.BadSignature', inference.settle(voucher(stage.genesis, stranger, channel, CRN))],
					['inference.BadSignature', inference.settle({ ...promise, amount: 2n * CRN })],
					['inference.BadSignature', inference.settle({ ...promise, window: 1 })],
				]],
			]);
		},
	},
	{
		title: 'Vouchers are settled by who may, once, and the better one wins; an idle channel gives everything back',
		async run(stage) {
			const { api, say, client, ida, channel, open, genesis } = stage;
			const { inference } = api.tx;
			const promise = (amount) => voucher(genesis, client, channel, amount);
			const started = await submit(api, inference.settle(promise(3n * CRN)), client);
			const { closes } = eventOf(started, api.events.inference.SettlementStarted);
			const [raised] = await submitEach(api, ida.key, [inference.settle(promise(4n * CRN))]);
			assert.equal(eventOf(raised, api.events.inference.SettlementRaised).amount.toBigInt(), 4n * CRN);
			await refusedAll(stage, client, [
				['inference.VoucherNotBetter', inference.settle(promise(4n * CRN))],
				['inference.Settling', inference.topUp(channel, CRN)],
				['inference.Settling', inference.extend(channel, 10)],
				['inference.SettlementOpen', inference.close(channel)],
				['inference.SettlementOpen', inference.forceClose(channel)],
			]);
			// The lane is free for another channel.
			const idle = eventOf(await submit(api, open({ blocks: 3, deposit: CRN }), client), api.events.inference.ChannelOpened);
			await untilBlock(api, Math.max(closes.toNumber(), idle.expires.toNumber()));
			await refusedAll(stage, client, [
				['inference.SettlementOver', inference.settle(promise(5n * CRN))],
				['inference.ChannelExpired', inference.topUp(idle.channel, CRN)],
			]);
			const before = await heldOf(api, client);
			const closed = await submit(api, inference.forceClose(channel), client);
			const { fee, revenue, refund } = eventOf(closed, api.events.inference.ChannelClosed);
			assert.equal(fee.toBigInt() + revenue.toBigInt(), 4n * CRN);
			assert.equal(refund.toBigInt(), 11n * CRN);
			assert.equal(before - (await heldOf(api, client)), 15n * CRN);
			const freed = await patiently(api, 'a settlement window after the expiry of the idle channel',
				() => inference.forceClose(idle.channel), client, ['inference.NotExpired']);
			assert.equal(eventOf(freed, api.events.inference.ChannelClosed).refund.toBigInt(), CRN);
			say('the client has 11 CRN of one channel back, and all of the idle one');
			await refused(stage, 'inference.UnknownChannel', inference.close(channel), client);
		},
	},
	{
		title: 'The windows close; who is not of the family cannot challenge, and after the escrow nobody can',
		async run(stage) {
			const { api, say, genesis, works, providers, anyone, lou } = stage;
			const { contributions, shards } = api.tx;
			await untilBlock(api, stage.deadline + 1);
			await submitEach(api, anyone, works.map(({ unit }) => shards.pokeWindow(unit.model)));
			await refusedOf(stage, [
				[lou.key, [['contributions.NotEntitled', contributions.challenge(works[0].unit, randomRoot())]]],
				[stage.ida.key, [['contributions.OwnUnit', contributions.challenge(works[0].unit, randomRoot())]]],
			]);
			for (const { unit } of works) {
				await patiently(api, 'the lots', () => contributions.drawLots(unit.model, 0, 0), anyone,
					['contributions.RandomnessNotKnown']);
			}
			const drawn = await height(api);
			const rows = await Promise.all(works.map(({ unit }) => api.query.contributions.units(unit)));
			const audited = works.filter((_, i) => rows[i].unwrap().check.isOpen);
			for (const { unit, leaves } of audited) {
				const who = await auditorNow(api, unit, providers);
				await submit(api, contributions.verdict(unit, okVerdict(genesis, unit, who, leaves)), who.key);
				say(`the lot fell on model ${unit.model}: ${who.name} audits it`);
			}
			const spared = works.find((_, i) => rows[i].unwrap().check.isSpared);
			const [, jon] = providers;
			if (spared) {
				await untilBlock(api, drawn + stage.training.spec.window.blocks + 1);
				const { model, window, lane } = spared.unit;
				await refused(stage, 'contributions.RetentionOver', contributions.suspect(model, window, lane), jon.key);
			}
			await untilBlock(api, rows[1].unwrap().due.toNumber());
			const late = contributions.challenge(works[1].unit, randomRoot());
			await refused(stage, 'contributions.EscrowOver', late, jon.key);
			for (const { unit } of works) await finaliseFully(api, unit, anyone);
			say('the work of both models is final');
		},
	},
	{
		title: 'Share holders fold, claim from several models at once, and cannot do what they cannot pay',
		async run(stage) {
			const { api, say, model, fork, over, ida, client, buyer, poor, anyone } = stage;
			const { revenue } = api.tx;
			await refusedAll(stage, client, [
				['revenue.ZeroAmount', revenue.depositRevenue(model, 0)],
				['revenue.UnknownModel', revenue.depositRevenue(nobody, CRN)],
				['revenue.RetiredWithoutShares', revenue.depositRevenue(over, CRN)],
				['revenue.IncomeTooHigh', revenue.depositRevenue(model, 1n << 121n)],
				['token.FundsUnavailable', revenue.depositRevenue(model, 1_000_000n * CRN)],
				['revenue.UnknownModel', revenue.fold(nobody)],
				['revenue.NothingToClaim', revenue.claim(model)],
				['revenue.NothingToClaim', revenue.claimMany([model, fork])],
			]);
			const income = 60n * CRN;
			await submitEach(api, client, [revenue.depositRevenue(fork, income)]);
			const paidIn = await height(api);
			const { shares } = (await api.query.revenue.holders(model, ida.provider.address)).unwrap();
			await refusedAll(stage, ida.provider, [
				['revenue.TransferToSelf', revenue.transferShares(model, ida.provider.address, 1)],
				['revenue.ZeroAmount', revenue.transferShares(model, buyer.address, 0)],
				['revenue.NotEnoughShares', revenue.transferShares(model, buyer.address, shares.toBigInt() + 1n)],
				['revenue.UnknownModel', revenue.transferShares(nobody, buyer.address, 1)],
			]);
			await Promise.all([
				submit(api, revenue.transferShares(model, poor.address, 1_000), ida.provider), fund(api, [poor], CRN / 50n),
			]);
			await refused(stage, 'revenue.CannotPayRowDeposit', revenue.transferShares(model, buyer.address, 1), poor);
			await untilBlock(api, paidIn + 6);
			const folded = await submit(api, revenue.fold(fork), anyone);
			const { amount } = eventOf(folded, api.events.revenue.Folded);
			assert.equal(amount.toBigInt(), income, 'all of it has streamed');
			const royalty = eventOf(folded, api.events.revenue.RoyaltyPassedOn);
			assert.equal(royalty.parent.toNumber(), model);
			assert.equal(royalty.amount.toBigInt(), (income * BigInt(terms.royalty)) / MILLION);
			say(`a fold shares out ${amount.toHuman()}, of which the parent gets ${royalty.amount.toHuman()}`);
			await refused(stage, 'revenue.NothingToFold', revenue.fold(fork), anyone);
			await untilBlock(api, (await height(api)) + 3);
			const claims = (await submit(api, revenue.claimMany([model, fork]), ida.provider))
				.filter((event) => api.events.revenue.Claimed.is(event)).map(({ data }) => data);
			assert.deepEqual(claims.map((claim) => claim.model.toNumber()), [model, fork]);
			say(`Ida claims ${claims.map((claim) => claim.amount.toHuman()).join(' and ')} in one call`);
		},
	},
];
