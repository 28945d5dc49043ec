// What goes wrong on a model, what each fault costs, and what is refused on the way: attestations that are not in order,
// audits without work, inputs nobody can fetch, games that are not played, auditors that are silent.

import assert from 'node:assert/strict';

import { submitEach, submitEachOf } from './lib/batch.mjs';
import { CRN, fund, provider, registerProvider, seatsOf, terms } from './lib/cast.mjs';
import { account, eventOf, submit, untilBlock } from './lib/chain.mjs';
import {
	attestationOf, attestAll, auditorNow, drawAll, heldOf, membersOf, nextAuditor, patiently, pokeUntil, seatAll,
	setTimes,
} from './lib/play.mjs';
import { hex, messages } from './lib/protocol.mjs';
import { refused, refusedAll, refusedOf } from './lib/refusal.mjs';
import { computeWindow, okVerdict, randomRoot, startTraining } from './lib/unit.mjs';

const STAGES = 2;
const LANES = 2;
const NAN = 0x7fc0_0000;
const nobody = 99;

/** 32 bytes that are the hash of nothing. */
const made = (number) => new Uint8Array(32).fill(number);
const address = (who) => who.provider.address;
const unitName = ({ window, stage, lane }) => `window ${window}, stage ${stage}, lane ${lane}`;
const crn = (amount) => `${(Number(amount) / Number(CRN)).toFixed(3)} CRN`;

const approve = async ({ api, genesis, say }, { unit, leaves }, auditor) => {
	await submit(api, api.tx.contributions.verdict(unit, okVerdict(genesis, unit, auditor, leaves)), auditor.key);
	say(`${auditor.name} approves ${unitName(unit)}`);
};

export const newStage = (api, say) => ({
	api,
	say,
	genesis: api.genesisHash.toU8a(),
	anyone: account('//Ferdie'),
	researcher: account('//Researcher'),
	providers: ['Ann', 'Ben', 'Cleo', 'Dan', 'Ella', 'Finn', 'Gus', 'Hana', 'Ivo', 'Jana'].map(provider),
	outsiders: ['Uma', 'Vic', 'Wim', 'Xia', 'Yan', 'Zoe'].map(provider),
});

export const chapters = [
	{
		title: 'Ten providers back a model; its first window starts',
		async run(stage) {
			const { api, say, researcher, providers, outsiders, anyone } = stage;
			const all = [...providers, ...outsiders];
			await fund(api, [researcher, ...all.flatMap((who) => [who.provider, who.key])], 1_000n * CRN);
			stage.training = await startTraining(api, { window: { blocks: 12 } });
			const { spec } = stage.training;
			const { models, shards, workers } = api.tx;
			const [[, proposed]] = await Promise.all([
				submitEach(api, researcher, [
					models.registerDataset(spec.dataset, 'An example dataset'), models.propose(spec, terms, null, 'A model'),
				]),
				setTimes(api, { DisputeBudget: 16, UnbondingBlocks: 4, EscrowBlocks: 72 }),
			]);
			stage.model = eventOf(proposed, api.events.models.Proposed).model.toNumber();
			await Promise.all([
				submit(api, models.open(stage.model), researcher), ...all.map((who) => registerProvider(api, who)),
			]);
			await seatAll(api, providers.map((who) => [stage.model, who]), anyone);
			// Bond that is on its way out stays as long as work is open.
			[stage.unbonding] = (await membersOf(api, stage.model, 0, providers)).seated;
			await Promise.all([
				submit(api, shards.pokeWindow(stage.model), anyone),
				submit(api, workers.unbond(CRN), stage.unbonding.provider),
			]);
			stage.window = (await pokeUntil(api, stage.model, api.events.shards.WindowStarted, anyone)).window;
			say('four of them sit, six stand by');
		},
	},
	{
		title: 'An attestation has to be in order',
		async run(stage) {
			const { api, genesis, model, training, window, providers, anyone } = stage;
			stage.seats = await seatsOf(api, model, STAGES, window, providers);
			stage.works = (await computeWindow({ genesis, training, model, window, seats: stage.seats })).flat();
			const [work] = stage.works;
			const { steps } = work;
			const right = attestationOf(genesis, work, stage.seats);
			const { attest } = api.tx.contributions;
			const but = (changes) => attest({ ...right, ...changes });
			const unit = (changes) => but({ unit: { ...right.unit, ...changes } });
			const [holder] = right.held;
			await refusedOf(stage, [
				[work.worker.key, [
					['contributions.UnknownModel', unit({ model: nobody })],
					['contributions.UnknownStage', unit({ stage: 7 })],
					['contributions.WrongWindow', unit({ window: 5 })],
					['contributions.NotYourLane', unit({ lane: 1 })],
					['contributions.NotYourLane', unit({ stage: 1 })],
					['contributions.StepsOutOfRange', but({ outcome: { Done: { steps: steps + 1 } } })],
					['contributions.StepsOutOfRange', but({ outcome: { Diverged: { step: steps, operation: 3 } } })],
					['contributions.LossMisplaced', but({ loss: 0 })],
					['contributions.HeldOutMisplaced', but({ heldOut: 0 })],
					['contributions.InnerStateMisplaced', but({ innerState: hex(randomRoot()) })],
					['contributions.BadNumber', but({ norm: NAN })],
					['contributions.UpstreamMisplaced', but({ upstream: right.downstream })],
					['contributions.DownstreamMisplaced', but({ downstream: null })],
					['contributions.BadReceipt', but({ downstream: { ...right.downstream, root: randomRoot() } })],
					['contributions.BadReceipt', but({ outcome: { Done: { steps: steps - 1 } } })],
					['contributions.DuplicateHolder', but({ held: [holder, holder] })],
					['contributions.BadHeldSignature', but({ difference: randomRoot() })],
					['contributions.WrongInitialShard', but({ shardBefore: randomRoot() })],
				]],
				[anyone, [['contributions.NotAWorker', attest(right)]]],
			]);
			await attestAll(api, genesis, stage.works, stage.seats);
			// A second attestation of a unit is refused, the same or another one.
			await refusedAll(stage, work.worker.key, [
				['contributions.AlreadyAttested', attest(right)],
				['contributions.AlreadyAttested', but({ norm: 1, held: [] })],
			]);
		},
	},
	{
		title: 'Nothing is decided while a window runs',
		async run(stage) {
			const { api, genesis, model, window, works, anyone, providers, outsiders } = stage;
			const { contributions, shards, disputes } = api.tx;
			const [work, , lower] = works;
			const { unit } = work;
			const edge = { model, window: 0, lane: unit.lane, upper: 0 };
			const message = (root) => messages.edge(genesis, window.seed.toHex(), edge, work.steps, root);
			const receipt = (who, root) => ({ root, signature: who.key.sign(message(root)) });
			const two = (who) => [receipt(who, randomRoot()), receipt(who, randomRoot())];
			const report = (who, pair, changes = {}) =>
				contributions.reportEquivocation(address(who), { ...edge, ...changes }, work.steps, ...pair);
			const same = randomRoot();
			await refusedOf(stage, [
				[anyone, [
					['contributions.LotsNotDrawn', contributions.finalise(unit)],
					['contributions.WindowNotClosed', contributions.drawLots(model, 0, 1)],
					['contributions.UnknownWindow', contributions.drawLots(model, 7, 0)],
					['contributions.NothingAttested', contributions.drawLots(model, 0, 7)],
					['contributions.UnknownUnit', contributions.finalise({ ...unit, window: 7 })],
					['contributions.NotAudited', contributions.redrawAudit(unit)],
					['contributions.UnitsPending', contributions.prune(model, 0, 0)],
					['contributions.NothingToPrune', contributions.prune(model, 7, 0)],
					['contributions.WindowNotClosed', contributions.refuteMerge(model, 0, 0, '0x00')],
					['contributions.NoSuspicion', contributions.settleSuspicion(model, 0, 0)],
					['contributions.RootsAgree', report(work.worker, [receipt(work.worker, same), receipt(work.worker, same)])],
					['contributions.NotAtEdge', report(outsiders[5], two(outsiders[5]))],
					['contributions.NotAtEdge', report(work.worker, two(work.worker), { upper: 1 })],
					['contributions.BadEdgeSignature', report(work.worker, two(lower.worker))],
					['contributions.NotAWorker', contributions.challenge(unit, randomRoot())],
					['shards.WindowRunning', shards.pokeWindow(model)],
					['disputes.NoSuchGame', disputes.timeOut(unit, address(providers[0]))],
				]],
				[work.worker.key, [
					['contributions.WindowNotClosed', contributions.suspect(model, 0, 0)],
					['contributions.WindowNotClosed', contributions.challenge(unit, randomRoot())],
					['contributions.NotApproved', contributions.exposeAudit(unit, work.leaves)],
					['contributions.NotYourUnit', contributions.exposeAudit(lower.unit, lower.leaves)],
				]],
			]);
			await untilBlock(api, stage.window.deadline.toNumber());
			const late = contributions.attest(attestationOf(genesis, work, stage.seats));
			await refused(stage, 'contributions.TooLate', late, work.worker.key);
		},
	},
	{
		title: 'The window closes; standbys declare what they hold, both lanes are suspected, and units are challenged',
		async run(stage) {
			const { api, say, model, works, providers, outsiders, anyone } = stage;
			const { contributions, shards, workers } = api.tx;
			await pokeUntil(api, model, api.events.shards.WindowClosed, anyone);
			const rows = await Promise.all([0, 1].map((s) => membersOf(api, model, s, providers)));
			const standing = rows.flatMap((row) => row.standing);
			await refusedOf(stage, [
				[anyone, [
					['contributions.LastStageFirst', contributions.drawLots(model, 0, 0)],
					['contributions.MergeIsRight', contributions.refuteMerge(model, 0, 0, '0x00')],
				]],
				[works[0].worker.key, [
					['shards.NotStandby', shards.declareHeld(model, 0)],
					['contributions.OwnUnit', contributions.challenge(works[0].unit, randomRoot())],
				]],
				[outsiders[0].key, [
					['shards.NotIn', shards.declareHeld(model, 0)],
					['contributions.NotAtModel', contributions.suspect(model, 0, 0)],
				]],
				[standing[0].key, [
					['shards.NotLastWindow', shards.declareHeld(model, 1)],
					['contributions.NothingAttested', contributions.suspect(model, 0, 9)],
					['contributions.UnknownWindow', contributions.suspect(model, 7, 0)],
				]],
				[stage.unbonding.provider, [['workers.OpenUnits', workers.withdraw()]]],
			]);
			await Promise.all(standing.map((who) => submit(api, shards.declareHeld(model, 0), who.key)));
			say(`${standing.map((who) => who.name).join(', ')} hold their stage's shard`);
			stage.suspicious = [standing[0], standing[1]];
			await submitEachOf(api, stage.suspicious.map((who, lane) => [who.key, [contributions.suspect(model, 0, lane)]]));
			await refusedOf(stage, [
				[standing[1].key, [
					['shards.AlreadyDeclared', shards.declareHeld(model, 0)],
					['contributions.AlreadySuspected', contributions.suspect(model, 0, 0)],
				]],
				[anyone, [['contributions.SuspicionOpen', contributions.settleSuspicion(model, 0, 0)]]],
			]);

			const drawn = await drawAll(api, model, 0, STAGES, anyone);
			assert.equal(drawn.length, STAGES * LANES, 'suspected lanes are audited as a whole');
			for (const { unit, auditor } of drawn) {
				const { name } = providers.find((who) => auditor.eq(address(who)));
				say(`${name} is drawn to audit ${unitName(unit.toPrimitive())}`);
			}
			[stage.exposed, stage.missing, stage.dodged, stage.contested] = works;
			// Four outsiders challenge a unit: one more would be more than the chain takes. A fifth challenges another unit.
			const claim = ({ unit }, number) => contributions.challenge(unit, made(number));
			const first = await auditorNow(api, stage.missing.unit, providers);
			await submitEachOf(api, [
				...outsiders.slice(0, 4).map((who, i) => [who.key, [claim(stage.dodged, i)]]),
				[outsiders[5].key, [claim(stage.contested, 5)]],
			]);
			const missed = await submit(api, contributions.reportUnavailable(stage.missing.unit), first.key);
			eventOf(missed, api.events.contributions.InputsMissed);
			say(`${outsiders.slice(0, 4).map((who) => who.name).join(', ')} challenge ${unitName(stage.dodged.unit)}, ` +
				`${outsiders[5].name} ${unitName(stage.contested.unit)}`);
			say(`${first.name} cannot fetch the inputs of ${unitName(stage.missing.unit)}`);
		},
	},
	{
		title: 'A worker answers one of its challengers, in the right order',
		async run(stage) {
			const { api, say, model, dodged, contested, outsiders, anyone } = stage;
			const { contributions, disputes } = api.tx;
			const slanderer = outsiders[5];
			// The worker defends itself in one game.
			const game = [contested.unit, address(slanderer)];
			const { worker, leaves } = contested;
			const otherFirst = [made(1), ...leaves.slice(1)];
			const otherLast = [...leaves.slice(0, -1), made(2)];
			const otherMiddle = [leaves[0], made(3), ...leaves.slice(2)];
			await refusedOf(stage, [
				[worker.key, [
					['disputes.WrongMove', disputes.advance(...game, [])],
					['disputes.WrongNumberOfHashes', disputes.reveal(...game, leaves.slice(1))],
					['disputes.FirstLeafNotShard', disputes.reveal(...game, otherFirst)],
					['disputes.LastLeafNotResult', disputes.reveal(...game, otherLast)],
					['disputes.LeavesDoNotMatch', disputes.reveal(...game, otherMiddle)],
				]],
				[anyone, [
					['disputes.NotAParty', disputes.reveal(...game, leaves)],
					['disputes.NotAtLeaf', disputes.proveLeaf(...game, '0x0000000000000000')],
					['contributions.LotsAlreadyDrawn', contributions.drawLots(model, 0, 0)],
				]],
				[slanderer.key, [['disputes.NotYourTurn', disputes.choose(...game, 0)]]],
				[outsiders[4].key, [
					['contributions.TooManyChallenges', contributions.challenge(dodged.unit, made(4))],
				]],
				[outsiders[0].key, [
					['contributions.AlreadyChallenged', contributions.challenge(dodged.unit, made(9))],
					['contributions.SameCheckpoints', contributions.challenge(contested.unit, contested.checkpoints)],
				]],
			]);
			await submit(api, disputes.reveal(...game, leaves), worker.key);
			await refusedOf(stage, [
				[slanderer.key, [['disputes.NoSuchChild', disputes.choose(...game, 200)]]],
				[anyone, [['disputes.ClockRunning', disputes.timeOut(...game)]]],
			]);
			say(`${worker.name} reveals its checkpoints; ${slanderer.name} has nothing to say`);
		},
	},
	{
		title: 'An auditor approves without the work, and is exposed by the worker',
		async run(stage) {
			const { api, say, anyone, exposed, contested, outsiders, providers } = stage;
			const { contributions } = api.tx;
			const { unit, worker, leaves } = exposed;
			const auditor = await auditorNow(api, unit, providers);
			const stamp = { Ok: { auditRoot: randomRoot() } };
			await refusedOf(stage, [
				[outsiders[0].key, [
					['contributions.NotTheAuditor', contributions.verdict(unit, stamp)],
					['contributions.NotTheAuditor', contributions.reportUnavailable(unit)],
				]],
				[anyone, [
					['contributions.AuditorHasTime', contributions.redrawAudit(unit)],
					['contributions.AuditOpen', contributions.finalise(unit)],
				]],
				[auditor.key, [
					['contributions.SameCheckpoints', contributions.verdict(unit, { Bad: { checkpoints: exposed.checkpoints } })],
					['contributions.AuditorCannotChallenge', contributions.challenge(unit, randomRoot())],
				]],
			]);
			await submit(api, contributions.verdict(unit, stamp), auditor.key);
			say(`${auditor.name} approves ${unitName(unit)} without having computed anything`);
			await refusedOf(stage, [
				[anyone, [['contributions.AuditAnswered', contributions.redrawAudit(unit)]]],
				[worker.key, [['contributions.LeavesDoNotMatch', contributions.exposeAudit(unit, contested.leaves)]]],
			]);
			const before = await heldOf(api, auditor);
			const { fine } = eventOf(await submit(api, contributions.exposeAudit(unit, leaves), worker.key),
				api.events.contributions.AuditExposed);
			assert.equal(fine.toBigInt(), 2n * CRN, 'a fifth of what was committed');
			assert.equal(before - (await heldOf(api, auditor)), fine.toBigInt());
			say(`${worker.name} reveals the checkpoints: ${auditor.name} is fined ${crn(fine)}`);
			const second = await nextAuditor(stage, unit);
			assert.notEqual(second.name, auditor.name);
			await approve(stage, exposed, second);
			await refused(stage, 'contributions.AuditIsRight', contributions.exposeAudit(unit, leaves), worker.key);
		},
	},
	{
		title: 'Two more auditors cannot fetch the inputs of a unit either: it is refuted',
		async run(stage) {
			const { api, say, missing, anyone, outsiders } = stage;
			const { contributions } = api.tx;
			const { unit, worker } = missing;
			const second = await nextAuditor(stage, unit);
			eventOf(await submit(api, contributions.reportUnavailable(unit), second.key), api.events.contributions.InputsMissed);
			const third = await nextAuditor(stage, unit);
			const events = await submit(api, contributions.reportUnavailable(unit), third.key);
			const { fault, fine } = eventOf(events, api.events.contributions.UnitRefuted);
			assert.ok(fault.isUnavailable);
			say(`${second.name} and ${third.name} could not fetch the inputs of ${unitName(unit)} either: ` +
				`${worker.name} loses ${crn(fine)}`);
			await refusedOf(stage, [
				[outsiders[0].key, [['contributions.AlreadyDecided', contributions.challenge(unit, randomRoot())]]],
				[anyone, [['contributions.NothingPending', contributions.finalise(unit)]]],
			]);
		},
	},
	{
		title: 'Games that one side does not play are lost by the clock',
		async run(stage) {
			const { api, say, dodged, contested, outsiders, anyone } = stage;
			const { disputes, contributions } = api.tx;
			const accusers = outsiders.slice(0, 4);
			const silent = [dodged.unit, address(accusers[0])];
			const { deadline } = (await api.query.disputes.games(...silent)).unwrap().game.clocks;
			await untilBlock(api, deadline.toNumber() + 1);
			await refused(stage, 'disputes.OutOfTime', disputes.reveal(...silent, dodged.leaves), dodged.worker.key);
			const bonds = await Promise.all(accusers.map((who) => heldOf(api, who)));
			const events = await submit(api, disputes.timeOut(...silent), anyone);
			assert.ok(eventOf(events, api.events.disputes.GameEnded).winner.isChallenger);
			assert.equal(events.filter((event) => api.events.disputes.GameMooted.is(event)).length, 3);
			const { fine } = eventOf(events, api.events.contributions.UnitRefuted);
			const after = await Promise.all(accusers.map((who) => heldOf(api, who)));
			const returned = bonds.map((bond, i) => Number((bond - after[i]) / CRN)).sort((a, b) => a - b);
			assert.deepEqual(returned, [10, 20, 40, 80], 'all have their bonds back, each twice the one before');
			say(`${dodged.worker.name} did not answer: it loses ${crn(fine)}; the other three games are moot`);

			const slanderer = outsiders[5];
			const game = [contested.unit, address(slanderer)];
			const bond = await heldOf(api, slanderer);
			const lost = await patiently(api, 'the end of the slanderer\'s time', () => disputes.timeOut(...game), anyone,
				['disputes.ClockRunning']);
			assert.ok(eventOf(lost, api.events.disputes.GameEnded).winner.isDefender);
			eventOf(lost, api.events.contributions.UnitUpheld);
			assert.equal(bond - (await heldOf(api, slanderer)), 10n * CRN);
			say(`${slanderer.name} did not play: its bond is lost`);
			await refusedAll(stage, anyone, [
				['disputes.NoSuchGame', disputes.timeOut(...game)],
				['contributions.NothingPending', contributions.finalise(dodged.unit)],
			]);
		},
	},
	{
		title: 'An auditor that is silent too long is replaced; suspicions and the last challenge are settled',
		async run(stage) {
			const { api, say, genesis, contested, exposed, anyone, model, suspicious, providers, outsiders } = stage;
			const { contributions, disputes } = api.tx;
			const { unit, leaves, worker } = contested;
			const idle = await auditorNow(api, unit, providers);
			const { deadline } = (await api.query.contributions.audits(unit)).unwrap().state.asAssigned;
			await untilBlock(api, deadline.toNumber() + 1);
			await refused(stage, 'contributions.AuditTooLate',
				contributions.verdict(unit, okVerdict(genesis, unit, idle, leaves)), idle.key);
			const second = await nextAuditor(stage, unit);
			assert.notEqual(second.name, idle.name);
			say(`${idle.name} let its deadline pass; ${second.name} takes over`);
			await approve(stage, contested, second);
			await refused(stage, 'contributions.SuspicionOpen', contributions.finalise(unit), anyone);

			const bonds = await Promise.all(suspicious.map((who) => heldOf(api, who)));
			const settled = await submitEach(api, anyone, [0, 1].map((lane) => contributions.settleSuspicion(model, 0, lane)));
			for (const events of settled) {
				const { wasRight } = eventOf(events, api.events.contributions.SuspicionSettled);
				assert.ok(wasRight.isTrue, 'a unit of each lane was refuted');
			}
			const after = await Promise.all(suspicious.map((who) => heldOf(api, who)));
			assert.deepEqual(bonds.map((bond, i) => bond - after[i]), [10n * CRN, 10n * CRN]);
			say('in both lanes a unit was refuted: the bonds of those who suspected them are free again');

			// Somebody else challenges what was approved: it is not final before that is decided.
			const [again] = outsiders;
			await submit(api, contributions.challenge(unit, randomRoot()), again.key);
			await submit(api, disputes.reveal(unit, address(again), leaves), worker.key);
			await refusedAll(stage, anyone, [
				['contributions.Contested', contributions.finalise(unit)],
				['contributions.NotDue', contributions.finalise(exposed.unit)],
			]);
			await patiently(api, 'the end of the last game', () => disputes.timeOut(unit, address(again)), anyone,
				['disputes.ClockRunning']);
			for (const work of [exposed, contested]) {
				const events = await patiently(api, `the escrow of ${unitName(work.unit)}`,
					() => contributions.finalise(work.unit), anyone, ['contributions.NotDue']);
				const { shares } = eventOf(events, api.events.contributions.UnitFinalised);
				say(`${unitName(work.unit)} is final: ${shares} shares are minted`);
			}
			await refused(stage, 'contributions.NothingAtStake', contributions.refuteMerge(model, 0, 0, '0x00'), anyone);
		},
	},
];
