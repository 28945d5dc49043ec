// What people ask a chain, in the course of a model's life: view functions and runtime APIs, each answer compared with what
// is known from elsewhere.

import assert from 'node:assert/strict';

import { asks, asksRuntime } from './lib/ask.mjs';
import { submitEach } from './lib/batch.mjs';
import {
	closeWindow, CRN, exampleSpec, fund, provider, registerProvider, seatsOf, terms,
} from './lib/cast.mjs';
import { account, eventOf, height, submit, until, untilBlock } from './lib/chain.mjs';
import { bondFor, identitiesMilli, points, sharesFor } from './lib/cost.mjs';
import {
	asRoot, attestAll, drawAll, eachOwn, earlyInSession, finaliseFully, patiently, pokeUntil, root, sessionKeys, setTimes,
} from './lib/play.mjs';
import { checkpointsRoot, hex, messages } from './lib/protocol.mjs';
import { computeWindow, okVerdict, randomRoot, startTraining } from './lib/unit.mjs';

const STAGES = 2;
const LANES = 2;
/** The account of the treasury, the same on every network. */
const TREASURY = '5EYCAe5g8L3jASnLcxbTx1JbivQsT7EV6ncBrQCYUcxWgw6g';
const MILLI = CRN / 1_000n;
const MICRO = CRN / 1_000_000n;

/** What is held for some storage items of so many bytes in all. */
const deposit = (items, bytes) => BigInt(items) * 20n * MILLI + BigInt(bytes) * 100n * MICRO;
const ceil = (number, divisor) => (number + divisor - 1n) / divisor;
const address = (who) => who.provider.address;
/** Samples of a step. */
const batchOf = ({ schedule }) => schedule.points[0].batch;

/** A spec large enough that its bond is above the least one. */
const largeSpec = (dataset) => exampleSpec({
	dataset,
	architecture: {
		vocabulary: 32_000, width: 1_024, heads: 16, kvHeads: 16, headWidth: 64, hidden: 4_096, context: 1_024,
		tiedHead: false, normEpsilon: 10_000, frequencies: Array(32).fill(1),
	},
	stages: Array(8).fill(2),
	schedule: {
		microbatch: 2,
		points: [{ samples: 0, batch: 256, learningRate: 1 }, { samples: 1_000_000, batch: 256, learningRate: 1 }],
	},
	window: { steps: 500, checkpointEvery: 50 },
});

export const newStage = (api, say) => ({
	api,
	say,
	genesis: api.genesisHash.toU8a(),
	anyone: account('//Ferdie'),
	owner: account('//Data'),
	researcher: account('//Researcher'),
	client: account('//Client'),
	candidate: account('//Val'),
	providers: ['Ada', 'Bea', 'Cem', 'Dag', 'Eva'].map(provider),
	outsider: provider('Out'),
});

export const chapters = [
	{
		title: 'A data owner and a researcher ask before they pay: what is held, what providers bond, what theft would cost',
		async run(stage) {
			const { api, owner, researcher, providers, outsider } = stage;
			stage.training = await startTraining(api);
			const { spec } = stage.training;
			const { dataset } = spec;
			const hot = [...providers, outsider].flatMap((who) => [who.provider, who.key]);
			await fund(api, [owner, researcher, stage.client, stage.candidate, ...hot]);
			await asks(stage, 'data owner', 'models.dataset', [dataset], null);
			await submit(api, api.tx.models.registerDataset(dataset, 'An example dataset'), owner);
			const held = deposit(1, 96) + 100n * MICRO * 18n;
			await asks(stage, 'data owner', 'models.dataset', [dataset],
				{ owner: owner.address, metadata: 'An example dataset', deposit: held });

			const metadata = 'A tiny model';
			const proposal = api.tx.models.propose(spec, terms, null, metadata);
			const bytes = proposal.args[0].encodedLength + metadata.length;
			const quoted = deposit(2, 256) + 100n * MICRO * BigInt(bytes);
			await asks(stage, 'researcher', 'models.proposalDeposit', [spec, metadata], quoted);
			const [price, least] = [CRN / 20n, 10n * CRN];
			stage.bond = bondFor(spec, price, least);
			await asks(stage, 'researcher', 'workers.bondFor', [spec], stage.bond);
			const large = largeSpec(dataset);
			assert.ok(bondFor(large, price, least) > least);
			await asks(stage, 'researcher', 'workers.bondFor', [large], bondFor(large, price, least));
			await asks(stage, 'researcher', 'models.model', [0], null);
			await asks(stage, 'researcher', 'shards.extractionPrice', [0], null);

			const events = await submit(api, proposal, researcher);
			stage.model = eventOf(events, api.events.models.Proposed).model.toNumber();
			assert.equal((await api.query.balances.holds(researcher.address))[0].amount.toBigInt(), quoted, 'as quoted');
			await asks(stage, 'researcher', 'models.modelSpec', [stage.model], (answer) =>
				assert.equal(answer.unwrap().toHex(), proposal.args[0].toHex()));
			await asks(stage, 'researcher', 'models.model', [stage.model],
				{ researcher: researcher.address, parent: null, root: 0, samples: 0, price: null, metadata, deposit: quoted },
				{ partly: true });
			// Of an open model one identity may collect all shards.
			await asks(stage, 'researcher', 'shards.extractionPrice', [stage.model],
				{ stages: 2, identitiesMilli: 1_000, bondPerIdentity: stage.bond, total: stage.bond });
			await asksRuntime(stage, 'provider', 'requiredBond', [stage.model], stage.bond);
			await asksRuntime(stage, 'provider', 'requiredBond', [99], null);
			await asks(stage, 'provider', 'shards.dissolvableFrom', [stage.model], null);

			const sealed = exampleSpec({ dataset, stages: [1, 1, 1], access: 'Sealed', minHolders: 3 });
			const other = await submit(api, api.tx.models.propose(sealed, terms, null, 'A sealed model'), researcher);
			stage.sealed = eventOf(other, api.events.models.Proposed).model.toNumber();
			const each = bondFor(sealed, price, least);
			const identities = identitiesMilli(3);
			assert.equal(identities, 5_500n, '3 · (1 + 1/2 + 1/3)');
			await asks(stage, 'researcher', 'shards.extractionPrice', [stage.sealed],
				{ stages: 3, identitiesMilli: identities, bondPerIdentity: each, total: (each * identities) / 1_000n });
			await submit(api, api.tx.models.open(stage.model), researcher);
		},
	},
	{
		title: 'A wallet asks what a call will cost, and is charged just that',
		async run({ api, say, client, researcher }) {
			const call = () => api.tx.balances.transferKeepAlive(researcher.address, CRN);
			const { partialFee } = await call().paymentInfo(client);
			const events = await submit(api, call(), client);
			const { actualFee } = eventOf(events, api.events.transactionPayment.TransactionFeePaid);
			assert.equal(actualFee.toBigInt(), partialFee.toBigInt());
			say(`transactionPaymentApi.queryInfo says ${partialFee.toHuman()} for a transfer, and that is what it costs`);
			const nonce = await api.call.accountNonceApi.accountNonce(client.address);
			assert.equal(nonce.toNumber(), 1);
			say(`accountNonceApi.accountNonce says ${nonce}: the client has made one transaction`);
		},
	},
	{
		title: 'Providers ask who they are to the chain and where they stand',
		async run(stage) {
			const { api, model, providers, outsider, anyone, bond } = stage;
			const [ada] = providers;
			await asks(stage, 'provider', 'workers.provider', [address(ada)], null);
			await asks(stage, 'provider', 'workers.worker', [ada.key.publicKey], null);
			await asks(stage, 'provider', 'shards.clock', [model], null);
			await Promise.all([...providers, outsider].map((who) => registerProvider(api, who)));
			await asks(stage, 'provider', 'workers.provider', [address(ada)],
				{ worker: hex(ada.key.publicKey), bond: 100n * CRN, committed: 0, unbonding: [] }, { partly: true });
			await asks(stage, 'provider', 'workers.worker', [ada.key.publicKey], address(ada));
			await asks(stage, 'provider', 'workers.freeBond', [address(ada)], 100n * CRN);
			await asks(stage, 'provider', 'workers.commitment', [address(ada), model], null);
			await asks(stage, 'provider', 'shards.seatOf', [model, address(ada)], null);

			const enlisted = await Promise.all(providers.map(async (who) =>
				eventOf(await submit(api, api.tx.shards.enlist(model), who.provider), api.events.shards.Enlisted)));
			const seedAt = enlisted.map((event) => event.seedAt.toNumber());
			await asks(stage, 'provider', 'shards.seatOf', [model, address(ada)], { enlisted: { seedAt: seedAt[0] } });
			await asks(stage, 'provider', 'workers.commitment', [address(ada), model], { amount: bond, unlock: null });
			await asks(stage, 'provider', 'workers.freeBond', [address(ada)], 100n * CRN - bond);
			await untilBlock(api, Math.max(...seedAt) + 1);
			const rosters = Array.from({ length: STAGES }, () => ({ seats: Array(LANES).fill(null), standbys: [] }));
			for (const who of providers) {
				const events = await submit(api, api.tx.shards.drawSeat(model, address(who)), anyone);
				const taken = events.find((event) => api.events.shards.SeatTaken.is(event))?.data;
				if (taken) {
					const [s, seat] = [taken.stage.toNumber(), taken.seat.toNumber()];
					rosters[s].seats[seat] = address(who);
					const record = { missed: 0, departure: null };
					await asks(stage, `provider ${who.name}`, 'shards.seatOf', [model, address(who)],
						{ seat: { stage: s, seat, lane: null, record } });
				} else {
					const s = eventOf(events, api.events.shards.StandbyAdded).stage.toNumber();
					rosters[s].standbys.push({ provider: address(who), held: null });
					await asks(stage, `provider ${who.name}`, 'shards.seatOf', [model, address(who)],
						{ standby: { stage: s, held: null } });
				}
			}
			for (const [s, roster] of rosters.entries()) await asks(stage, 'provider', 'shards.roster', [model, s], roster);
			await asks(stage, 'provider', 'shards.phase', [model], { waiting: null });
			await asks(stage, 'provider', 'shards.window', [model], null);
		},
	},
	{
		title: 'While a window runs, workers ask which lane is theirs, and what their work is worth',
		async run(stage) {
			const { api, model, providers, training, genesis, anyone } = stage;
			const { spec } = training;
			// Who challenges a unit has to do so before its escrow is over.
			await setTimes(api, { DisputeBudget: 8, EscrowBlocks: 35 });
			const { seedAt } = await pokeUntil(api, model, api.events.shards.WindowScheduled, anyone);
			await asks(stage, 'worker', 'shards.clock', [model],
				{ next: 0, oldest: 0, voided: 0, phase: { scheduled: { seedAt: seedAt.toNumber() } } });
			const started = (await pokeUntil(api, model, api.events.shards.WindowStarted, anyone)).window;
			stage.window = started;
			assert.equal(started.deadline.toNumber(), started.start.toNumber() + spec.window.blocks);
			await asks(stage, 'worker', 'shards.window', [model], {
				index: 0, start: started.start.toNumber(), deadline: started.deadline.toNumber(),
				seed: started.seed.toHex(), samples: 0,
			});
			const seats = await seatsOf(api, model, STAGES, started, providers);
			stage.seats = seats;
			const lanes = Array.from({ length: LANES }, (_, lane) =>
				({ lane, providers: seats.map((row) => address(row[lane])) }));
			await asks(stage, 'worker', 'shards.lanes', [model], lanes);
			const works = await computeWindow({ genesis, training, model, window: started, seats });
			const batch = batchOf(spec);
			stage.works = works.flat();
			const noted = await attestAll(api, genesis, stage.works, seats);
			for (const [i, { unit, worker, difference, shardBefore }] of stage.works.entries()) {
				const { stage: s, lane } = unit;
				const earned = points(spec, s, spec.window.steps, batch);
				assert.equal(noted[i].points.toBigInt(), earned);
				await asks(stage, `worker ${worker.name}`, 'shards.seatOf', [model, address(worker)], (answer) => {
					assert.equal(answer.unwrap().asSeat.lane.unwrap().toNumber(), lane);
					assert.equal(answer.unwrap().asSeat.stage.toNumber(), s);
				});
				await asks(stage, `worker ${worker.name}`, 'contributions.unit', [unit], {
					provider: address(worker), worker: hex(worker.key.publicKey), shardBefore: hex(shardBefore),
					difference: hex(difference), points: earned, inMerge: true,
				}, { partly: true });
				await asks(stage, `worker ${worker.name}`, 'contributions.escrow', [address(worker), model], earned);
				await asks(stage, `worker ${worker.name}`, 'contributions.record', [address(worker), model],
					{ clean: 0, drawn: 0 }, { partly: true });
			}
			for (let s = 0; s < STAGES; s += 1) {
				const merged = works[s].map(({ unit, difference, steps, norm }) =>
					({ lane: unit.lane, difference: hex(difference), steps, norm }));
				await asks(stage, 'worker', 'contributions.mergeSet', [model, 0, s], merged);
				await asks(stage, 'worker', 'contributions.majorityRoot', [model, 0, s], spec.initial[s]);
			}
		},
	},
	{
		title: 'Auditors ask for their tasks; players ask whose move it is',
		async run(stage) {
			const { api, model, window, works, anyone, providers, outsider, genesis, training: { spec } } = stage;
			await closeWindow(api, model, window, anyone);
			const samples = LANES * spec.window.steps * batchOf(spec);
			await asks(stage, 'researcher, for progress', 'models.model', [model], { samples }, { partly: true });
			for (const lane of [0, 1]) {
				await asks(stage, `provider ${providers[0].name}`, 'contributions.suspicionBond', [model, 0, lane], 10n * CRN);
				const suspect = api.tx.contributions.suspect(model, 0, lane);
				await submit(api, suspect, works[lane].worker.key);
			}
			const drawn = await drawAll(api, model, 0, STAGES, anyone);
			assert.equal(drawn.length, works.length, 'suspected lanes are audited as a whole');
			const tasksOf = (who) => drawn
				.filter(({ auditor }) => auditor.eq(address(who)))
				.map(({ unit, deadline }) => ({ unit: unit.toPrimitive(), deadline: deadline.toNumber() }))
				.sort((a, b) => a.deadline - b.deadline || a.unit.stage - b.unit.stage || a.unit.lane - b.unit.lane);
			for (const who of providers) {
				await asks(stage, `auditor ${who.name}`, 'contributions.auditTasks', [address(who)], tasksOf(who));
			}
			stage.audits = drawn.map(({ unit, auditor }) => ({
				work: works.find((work) => work.unit.stage === unit.stage.toNumber() && work.unit.lane === unit.lane.toNumber()),
				auditor: providers.find((who) => auditor.eq(address(who))),
			}));
			await setTimes(api, { EscrowBlocks: 10 });
			await eachOwn(stage.audits, ({ auditor }) => auditor, ({ work, auditor }) => {
				const verdict = okVerdict(genesis, work.unit, auditor, work.leaves);
				return submit(api, api.tx.contributions.verdict(work.unit, verdict), auditor.key);
			});
			for (const who of providers) await asks(stage, `auditor ${who.name}`, 'contributions.auditTasks', [address(who)], []);

			// An outsider slanders a unit, and then does not play.
			const [{ unit, worker, leaves }] = works;
			await asks(stage, 'outsider', 'contributions.challengeBond', [unit], 10n * CRN);
			await asks(stage, 'outsider', 'contributions.suspicionBond', [model, 0, unit.lane], null);
			const slander = checkpointsRoot(genesis, unit, [randomRoot()]);
			const opened = eventOf(await submit(api, api.tx.contributions.challenge(unit, slander), outsider.key),
				api.events.disputes.GameOpened);
			const turn = (side, deadline) => ({ side, level: 'Checkpoints', deadline: deadline.toNumber() });
			const standing = (side, now) => ({ unit: opened.unit.toPrimitive(), challenger: address(outsider), side, turn: now });
			const first = turn('Defender', opened.deadline);
			await asks(stage, 'challenger', 'disputes.turn', [unit, address(outsider)], first);
			await asks(stage, 'challenger', 'disputes.myGames', [address(outsider)], [standing('Challenger', first)]);
			await asks(stage, 'defender', 'disputes.myGames', [address(worker)], [standing('Defender', first)]);
			await asks(stage, 'defender', 'disputes.game', [unit, address(outsider)], (answer) => {
				const { defender, game } = answer.unwrap();
				assert.equal(defender.toString(), address(worker));
				assert.ok(game.phase.isReveal);
				assert.equal(game.context.checkpoints.toHex(), hex(works[0].checkpoints), 'what was attested');
			});
			const revealed = eventOf(await submit(api, api.tx.disputes.reveal(unit, address(outsider), leaves), worker.key),
				api.events.disputes.CheckpointsRevealed);
			await asks(stage, 'challenger', 'disputes.turn', [unit, address(outsider)], turn('Challenger', revealed.deadline));
			const ended = await patiently(api, 'the end of the challenger\'s time',
				() => api.tx.disputes.timeOut(unit, address(outsider)), anyone, ['disputes.ClockRunning']);
			assert.equal(eventOf(ended, api.events.disputes.GameEnded).winner.type, 'Defender');
			await asks(stage, 'challenger', 'disputes.myGames', [address(outsider)], []);
		},
	},
	{
		title: 'Share holders ask what they hold and what they can claim',
		async run(stage) {
			const { api, model, training: { spec }, works, audits, anyone, owner, researcher, client, say } = stage;
			const holdings = new Map();
			const add = (who, amount) => holdings.set(who, (holdings.get(who) ?? 0n) + amount);
			/** What so many points mint, split by the terms. */
			const mint = (who, earned) => {
				const shares = sharesFor(spec, earned);
				const of = (millionths) => (shares * BigInt(millionths)) / 1_000_000n;
				const [data, science, treasury] = [terms.data, terms.researcher, terms.treasury].map(of);
				add(owner.address, data);
				add(researcher.address, science);
				add('treasury', treasury);
				add(who, shares - data - science - treasury);
			};
			await submitEach(api, anyone, [0, 1].map((lane) => api.tx.contributions.settleSuspicion(model, 0, lane)));
			for (const { unit } of works) await finaliseFully(api, unit, anyone);
			const earned = (s) => points(spec, s, spec.window.steps, batchOf(spec));
			for (const { unit, worker } of works) mint(address(worker), earned(unit.stage));
			for (const { work, auditor } of audits) {
				mint(address(auditor), (earned(work.unit.stage) * 11n) / 10n);
			}
			const supply = [...holdings.values()].reduce((sum, shares) => sum + shares, 0n);
			for (const [who, shares] of holdings) {
				if (who !== 'treasury') await asks(stage, 'share holder', 'revenue.sharesOf', [model, who], shares);
			}
			const seat = address(works[0].worker);
			await asks(stage, 'share holder', 'revenue.claimable', [model, seat], 0);

			const income = 100n * CRN;
			const before = await height(api);
			await submit(api, api.tx.revenue.depositRevenue(model, income), client);
			const paidIn = await until(api, 'the deposit', async () => {
				const { stream } = (await api.query.revenue.pools(model)).unwrap();
				return stream.start.toNumber() > before ? stream.start.toNumber() : undefined;
			});
			const share = (released) => (holdings.get(seat) * released) / supply;
			const near = (expected) => (answer) => {
				const off = answer.toBigInt() - expected;
				assert.ok(off >= -1n && off <= 1n, `${answer} is not ${expected}`);
			};
			const later = paidIn + 4; // of the 10 blocks over which income streams
			await untilBlock(api, later);
			await asks(stage, 'share holder', 'revenue.claimable', [model, seat], near(share((income * 4n) / 10n)),
				{ at: await api.rpc.chain.getBlockHash(later) });
			await untilBlock(api, paidIn + 11);
			const whole = await asks(stage, 'share holder', 'revenue.claimable', [model, seat], near(share(income)));
			await asks(stage, 'share holder', 'revenue.portfolio', [seat, [model, 99]],
				[{ model, shares: holdings.get(seat), supply, claimable: whole.toBigInt() }]);
			await asks(stage, 'share holder', 'revenue.pool', [model], { supply, income, paid: 0 }, { partly: true });
			const claimed = await submit(api, api.tx.revenue.claim(model), works[0].worker.provider);
			assert.equal(eventOf(claimed, api.events.revenue.Claimed).amount.toBigInt(), whole.toBigInt());
			say('the claim pays just that');
			await asks(stage, 'share holder', 'revenue.claimable', [model, seat], 0);

			// The treasury has no key: root speaks for it.
			const its = (holdings.get('treasury') * income) / supply;
			const due = await asks(stage, 'treasury', 'revenue.claimable', [model, TREASURY], near(its));
			const events = await asRoot(api, api.tx.utility.dispatchAs({ system: { Signed: TREASURY } }, api.tx.revenue.claim(model)));
			assert.ok(eventOf(events, api.events.utility.DispatchedAs).result.isOk);
			assert.equal(eventOf(events, api.events.revenue.Claimed).amount.toBigInt(), due.toBigInt());
			say('root claims for the treasury, which gets just that');
		},
	},
	{
		title: 'A client asks for the price, and what is left of its channel',
		async run(stage) {
			const { api, say, model, researcher, client, genesis, anyone } = stage;
			await asks(stage, 'client', 'inference.quote', [model, 1_000, 1_000], null);
			const price = { prompt: CRN / 7n, completion: 2n * CRN };
			await submit(api, api.tx.models.setPrice(model, price), researcher);
			const cost = ceil(1_234n * price.prompt + 567n * price.completion, 1_000_000n);
			await asks(stage, 'client', 'inference.quote', [model, 1_234, 567], cost);
			await asks(stage, 'client', 'inference.openChannelOf', [client.address, model, 0], null);
			const open = api.tx.inference.openChannel(model, 0, 5n * CRN, 100, null, price);
			const opened = eventOf(await submit(api, open, client), api.events.inference.ChannelOpened);
			const channel = opened.channel.toNumber();
			await asks(stage, 'client', 'inference.openChannelOf', [client.address, model, 0], channel);
			const row = {
				client: client.address, signer: client.address, model, lane: 0, deposit: 5n * CRN, price,
				expires: opened.expires.toNumber(),
			};
			await asks(stage, 'client', 'inference.channel', [channel], { ...row, settlement: null });
			const message = messages.voucher(genesis, channel, cost, 0);
			await asks(stage, 'client', 'inference.voucherMessage', [channel, cost, 0], hex(message));
			const voucher = { channel, amount: cost, window: 0, signature: { Sr25519: client.sign(message) } };
			const settled = await submit(api, api.tx.inference.settle(voucher), client);
			const { closes } = eventOf(settled, api.events.inference.SettlementStarted);
			await asks(stage, 'client', 'inference.channel', [channel],
				{ ...row, settlement: { best: cost, window: 0, by: client.address, closes: closes.toNumber() } });
			await asks(stage, 'client', 'inference.openChannelOf', [client.address, model, 0], null);
			const closed = await patiently(api, 'the settlement window',
				() => api.tx.inference.close(channel), anyone, ['inference.SettlementOpen']);
			const { refund } = eventOf(closed, api.events.inference.ChannelClosed);
			assert.equal(refund.toBigInt(), 5n * CRN - cost, 'what was left to spend comes back');
			say(`${refund} units were left to spend, and came back`);
			await asks(stage, 'client', 'inference.channel', [channel], null);
		},
	},
	{
		title: 'A validator asks for the set, the queue, and its own standing',
		async run(stage) {
			const { api, candidate } = stage;
			const who = candidate.address;
			await asks(stage, 'validator', 'validators.active', [], [root.address]);
			await asks(stage, 'validator', 'validators.status', [root.address],
				{ bond: 10_000n * CRN, status: { active: null }, aheadInQueue: null, validating: true, disabled: false });
			await asks(stage, 'candidate', 'validators.status', [who], null);
			const { keys, proof } = await sessionKeys(api, candidate);
			await submit(api, api.tx.session.setKeys(keys, proof), candidate);
			await submit(api, api.tx.validators.apply(1_500n * CRN), candidate);
			const standing = (status, ahead = null) =>
				({ bond: 1_500n * CRN, status, aheadInQueue: ahead, validating: false, disabled: false });
			await asks(stage, 'candidate', 'validators.status', [who], standing({ applied: null }));
			await asks(stage, 'candidate', 'validators.queue', [], []);
			// Early, so that the candidate is not seated before it has thought better of it.
			await earlyInSession(api);
			await asRoot(api, api.tx.validators.approve(who));
			await asks(stage, 'candidate', 'validators.queue', [], [who]);
			await asks(stage, 'candidate', 'validators.status', [who], standing({ queued: null }, 0));
			const { unlocksAt } = eventOf(await submit(api, api.tx.validators.leave(), candidate), api.events.validators.Retired);
			await asks(stage, 'candidate', 'validators.status', [who],
				standing({ unbonding: { unlocksAt: unlocksAt.toNumber() } }));
			await asks(stage, 'candidate', 'validators.queue', [], []);
		},
	},
];
