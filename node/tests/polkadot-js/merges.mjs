// Two models to their end: a window that few attest is void; a worker signs two roots, a stage claims a merge that never
// was, the model is paused, goes on, is retired, and nothing is left behind.

import assert from 'node:assert/strict';

import { asks } from './lib/ask.mjs';
import { submitEach } from './lib/batch.mjs';
import { CRN, fund, provider, registerProvider, seatsOf, terms } from './lib/cast.mjs';
import { account, eventOf, submit, untilBlock } from './lib/chain.mjs';
import { attestAll, drawAll, eachOwn, finaliseFully, pokeUntil, seatAll } from './lib/play.mjs';
import { messages, runningRoot } from './lib/protocol.mjs';
import { refused, refusedAll, refusedOf } from './lib/refusal.mjs';
import { attestation, computeWindow, okVerdict, randomRoot, startTraining } from './lib/unit.mjs';

const STAGES = 2;
const LANES = 3;

const address = (who) => who.provider.address;
const unitName = ({ window, stage, lane }) => `window ${window}, stage ${stage}, lane ${lane}`;
const crn = (amount) => `${(Number(amount) / Number(CRN)).toFixed(3)} CRN`;

/** Auditors answer truthfully, if the lot fell on a unit. */
const answer = ({ api, genesis, providers, say }, works, drawn) => {
	const audits = drawn.map(({ unit, auditor }) => ({
		work: works.find((work) => work.unit.stage === unit.stage.toNumber() && work.unit.lane === unit.lane.toNumber()),
		auditor: providers.find((who) => auditor.eq(address(who))),
	}));
	return eachOwn(audits, ({ auditor }) => auditor, async ({ work, auditor }) => {
		const verdict = okVerdict(genesis, work.unit, auditor, work.leaves);
		await submit(api, api.tx.contributions.verdict(work.unit, verdict), auditor.key);
		say(`the lot fell on ${unitName(work.unit)}: ${auditor.name} approves it`);
	});
};

export const newStage = (api, say) => ({
	api,
	say,
	genesis: api.genesisHash.toU8a(),
	anyone: account('//Ferdie'),
	researcher: account('//Researcher'),
	providers: ['Mia', 'Nils', 'Olga', 'Pia', 'Quin', 'Rosa', 'Sven', 'Tess'].map(provider),
	loners: ['Sam', 'Tom', 'Udo'].map(provider),
});

export const chapters = [
	{
		title: 'Eight providers back one model, three another one; both begin to train',
		async run(stage) {
			const { api, say, genesis, researcher, providers, loners, anyone } = stage;
			const all = [...providers, ...loners];
			await fund(api, [researcher, ...all.flatMap((who) => [who.provider, who.key])], 1_000n * CRN);
			const [training, wide] = await Promise.all(
				[{ lanes: LANES }, { stages: [2], lanes: 3 }].map((changes) => startTraining(api, changes)));
			const { models, shards } = api.tx;
			const [, ...proposed] = await submitEach(api, researcher, [
				models.registerDataset(training.spec.dataset, 'An example dataset'),
				...[training, wide].map(({ spec }) => models.propose(spec, terms, null, 'A model')),
			]);
			[stage.model, stage.sparse] = proposed.map((events) => eventOf(events, api.events.models.Proposed).model.toNumber());
			const { model, sparse } = stage;
			await Promise.all([
				submitEach(api, researcher, [model, sparse].map((one) => models.open(one))),
				...all.map((who) => registerProvider(api, who)),
			]);
			await seatAll(api, [...providers.map((who) => [model, who]), ...loners.map((who) => [sparse, who])], anyone);
			await submitEach(api, anyone, [model, sparse].map((one) => shards.pokeWindow(one)));
			const { window } = await pokeUntil(api, model, api.events.shards.WindowStarted, anyone);
			const seats = await seatsOf(api, model, STAGES, window, providers);
			stage.training = training;
			stage.works = (await computeWindow({ genesis, training, model, window, seats })).flat();
			await attestAll(api, genesis, stage.works, seats);
			say('all six seats of the first model attest');

			const other = (await pokeUntil(api, sparse, api.events.shards.WindowStarted, anyone)).window;
			const [row] = await seatsOf(api, sparse, 1, other, loners);
			[[stage.alone]] = await computeWindow({ genesis, training: wide, model: sparse, window: other, seats: [row] });
			const { unit, worker } = stage.alone;
			await submit(api, api.tx.contributions.attest(attestation(genesis, stage.alone, {}, [])), worker.key);
			say(`${worker.name} is the only one of three who attests to the second model`);
		},
	},
	{
		title: 'A window that few attested is void, and costs nobody anything',
		async run(stage) {
			const { api, say, model, sparse, alone, anyone, providers, researcher } = stage;
			const { contributions, models, shards } = api.tx;
			await pokeUntil(api, model, api.events.shards.WindowClosed, anyone);
			await submit(api, models.retire(sparse), researcher);
			await refused(stage, 'shards.WindowRunning', shards.dissolve(sparse, 0), anyone);
			const closed = await pokeUntil(api, sparse, api.events.shards.WindowClosed, anyone);
			assert.ok(closed.isVoid.isTrue);
			const drawn = await submit(api, contributions.drawLots(sparse, 0, 0), anyone);
			eventOf(drawn, api.events.contributions.WindowVoided);
			await refusedOf(stage, [
				[alone.worker.key, [['contributions.WindowIsVoid', contributions.suspect(sparse, 0, 0)]]],
				[providers[0].key, [['contributions.WindowIsVoid', contributions.challenge(alone.unit, randomRoot())]]],
				[anyone, [['shards.TooEarlyToDissolve', shards.dissolve(sparse, 0)]]],
			]);
			const voided = await submit(api, contributions.finalise(alone.unit), anyone);
			assert.ok(eventOf(voided, api.events.contributions.UnitVoided).reason.isWindow);
			await refused(stage, 'contributions.StillNeeded', contributions.prune(sparse, 0, 0), anyone);
			const { bond } = (await api.query.workers.ledgers(address(alone.worker))).unwrap();
			assert.equal(bond.toBigInt(), 100n * CRN);
			say(`the window is void; ${alone.worker.name} earns nothing and loses nothing`);
		},
	},
	{
		title: 'A worker signs two roots for one edge and step; two others attest what cannot both be true',
		async run(stage) {
			const { api, say, genesis, model, training, providers, anyone } = stage;
			const { contributions, shards } = api.tx;
			const { window } = await pokeUntil(api, model, api.events.shards.WindowStarted, anyone);
			stage.index = window.index.toNumber();
			const seed = window.seed.toHex();
			const seats = await seatsOf(api, model, STAGES, window, providers);
			// The second stage claims another merge than its differences come to, and all of its seats train on that.
			await training.tracer.ask({ merge: { wrong: 1 } });
			stage.second = (await computeWindow({ genesis, training, model, window, seats })).flat();
			const find = (s, lane) => stage.second.find(({ unit }) => unit.stage === s && unit.lane === lane);
			// In lane 1 the upper end attests all steps, the lower one fewer of another course; each signs what the other shows.
			const [upper, lower] = [find(0, 1), find(1, 1)];
			const edge = { model, window: stage.index, lane: 1, upper: 0 };
			const crossed = Array.from({ length: 20 }, randomRoot);
			const previous = randomRoot();
			upper.downstream.root = crossed.reduce(runningRoot, previous);
			lower.upstream.root = randomRoot();
			lower.steps = upper.steps - crossed.length;
			await attestAll(api, genesis, stage.second, seats);

			const liar = find(0, 0);
			const two = [randomRoot(), randomRoot()].map((root) =>
				({ root, signature: liar.worker.key.sign(messages.edge(genesis, seed, { ...edge, lane: 0 }, 25, root)) }));
			const equivocated = () => contributions.reportEquivocation(address(liar.worker), { ...edge, lane: 0 }, 25, ...two);
			const events = await submit(api, equivocated(), anyone);
			const { fine } = eventOf(events, api.events.contributions.Equivocated);
			assert.equal(fine.toBigInt(), 5n * CRN, 'half of what was committed');
			assert.ok(eventOf(events, api.events.shards.DepartureScheduled).reason.isExpelled);
			say(`${liar.worker.name} signed two roots: it loses ${crn(fine)}, and its seat when the window closes`);

			const fork = (from, steps) => contributions.reportFork(edge, from, steps);
			await refusedAll(stage, anyone, [
				['contributions.AlreadyReported', equivocated()],
				['contributions.StepsDoNotConnect', fork(previous, crossed.slice(1))],
				['contributions.StepsDoNotConnect', fork(randomRoot(), crossed)],
				['contributions.NotAtEdge', contributions.reportFork({ ...edge, upper: 1 }, previous, crossed)],
			]);
			const refuted = (await submit(api, fork(previous, crossed), anyone))
				.filter((event) => api.events.contributions.UnitRefuted.is(event)).map(({ data }) => data);
			assert.deepEqual(refuted.map((data) => data.provider.toString()), [upper, lower].map(({ worker }) => address(worker)));
			assert.ok(refuted.every(({ fault }) => fault.isEquivocation));
			say(`${upper.worker.name} and ${lower.worker.name} attested different courses of their edge: both are refuted`);

			stage.leaver = find(1, 0).worker;
			const leaving = await submit(api, shards.leave(model), stage.leaver.provider);
			assert.ok(eventOf(leaving, api.events.shards.DepartureScheduled).reason.isLeft);
			await refusedOf(stage, [
				[stage.leaver.provider, [['shards.AlreadyLeaving', shards.leave(model)]]],
				[anyone, [['contributions.AlreadyDecided', fork(previous, crossed)]]],
			]);
		},
	},
	{
		title: 'A stage claims a merge that never was; the model is paused, and goes on',
		async run(stage) {
			const { api, say, model, index, training, anyone, researcher } = stage;
			const { contributions, models } = api.tx;
			// What a weight of each stage is recomputed from; that of stage 1 is not what it came to.
			const [right, wrong] = await Promise.all([0, 1].map((s) => training.tracer.ask({ refutation: { stage: s } })));
			await pokeUntil(api, model, api.events.shards.WindowClosed, anyone);
			await refusedAll(stage, anyone, [
				['contributions.MergeIsRight', contributions.refuteMerge(model, index, 0, right)],
				['contributions.EvidenceUnproven', contributions.refuteMerge(model, index, 1, right)],
			]);
			const refuted = await submit(api, contributions.refuteMerge(model, index, 1, wrong), anyone);
			assert.ok(eventOf(refuted, api.events.contributions.MergeRefuted).isPaused.isTrue);
			const fined = refuted.filter((event) => api.events.contributions.UnitRefuted.is(event)).map(({ data }) => data);
			assert.equal(fined.length, 2, 'the third unit of the stage is refuted already');
			assert.ok(fined.every(({ fault }) => fault.isMerge));
			assert.ok(eventOf(refuted, api.events.models.Paused).reason.isMerge);
			say('the merge that stage 1 started from is refuted, its workers are fined, and the model is paused');
			await refused(stage, 'contributions.MergeAlreadyRefuted',
				contributions.refuteMerge(model, index, 1, wrong), anyone);
			await submit(api, models.resume(model), researcher);
			say('the researcher lets the model go on');
		},
	},
	{
		title: 'The model is retired; what was earned is settled, and nothing is left behind',
		async run(stage) {
			const { api, say, model, index, works, second, anyone, researcher } = stage;
			const { contributions, shards, models } = api.tx;
			await submit(api, models.retire(model), researcher);
			await answer(stage, works, await drawAll(api, model, 0, STAGES, anyone));
			await answer(stage, second, await drawAll(api, model, index, STAGES, anyone));
			await refused(stage, 'contributions.UnitsPending', contributions.prune(model, index, 0), anyone);
			for (const { unit } of [...works, ...second]) {
				const [row, audit] = await Promise.all([api.query.contributions.units(unit), api.query.contributions.audits(unit)]);
				if (row.unwrap().phase.isPending || audit.isSome) await finaliseFully(api, unit, anyone);
				const { phase } = (await api.query.contributions.units(unit)).unwrap();
				say(`${unitName(unit)}: ${phase.isVoid ? `void, ${phase.asVoid}` : phase.type}`);
			}
			const from = await asks(stage, 'provider', 'shards.dissolvableFrom', [model], (block) => assert.ok(block.isSome));
			await untilBlock(api, from.unwrap().toNumber() - 1);
			const rows = await Promise.all([0, 1].map((s) => api.query.shards.rosters(model, s)));
			const dissolved = await submitEach(api, anyone,
				rows.flatMap((row, s) => (row.isSome ? [shards.dissolve(model, s)] : [])));
			for (const events of dissolved) eventOf(events, api.events.shards.StageDissolved);
			say('the seats are dissolved');
			const { neededUntil } = (await api.query.contributions.windows(model, 0)).unwrap();
			await untilBlock(api, neededUntil.toNumber() + 1);
			const pruned = await submitEach(api, anyone,
				[0, index].flatMap((window) => [0, 1].map((s) => contributions.prune(model, window, s))));
			for (const events of pruned) eventOf(events, api.events.contributions.StagePruned);
			for (const window of [0, index]) assert.ok((await api.query.contributions.windows(model, window)).isNone);
			await refused(stage, 'shards.NothingToForget', shards.pokeWindow(model), anyone);
			say('the rows of both windows are gone');
		},
	},
];
