// What providers, validators and the council can do besides what a model's life shows, and what each of them is refused.

import assert from 'node:assert/strict';

import { submitEach } from './lib/batch.mjs';
import { CRN, dataset, exampleSpec, fund, provider, terms } from './lib/cast.mjs';
import { account, endpointKey, eventOf, submit, untilBlock } from './lib/chain.mjs';
import { asRoot, byMotion, earlyInSession, heldOf, root, sessionKeys, setTimes } from './lib/play.mjs';
import { hex, messages } from './lib/protocol.mjs';
import { refused, refusedAll, refusedAsRoot } from './lib/refusal.mjs';

const nobody = 99;
const MORE_THAN_ALL = (1n << 128n) - 1n;
const hardware = { class: 'Cpu', memoryMib: 16_384, gigaflops: 175 };

/** What the worker's command line makes: keys, and their signatures for a provider. */
const consents = (genesis, who, { key = who.key, endpoint = who.endpoint } = {}) => ({
	worker: key.publicKey,
	consent: key.sign(messages.worker(genesis, who.provider.publicKey, endpoint.publicKey)),
	endpoint: endpoint.publicKey,
	proof: endpoint.sign(messages.endpoint(genesis, who.provider.publicKey)),
});

const registration = ({ api, genesis }, who, { bond = 100n * CRN, ...changes } = {}) => {
	const { worker, consent, endpoint, proof } = { ...consents(genesis, who), ...changes };
	return api.tx.workers.register(worker, consent, endpoint, proof, ['127.0.0.1:4001'], null, hardware, bond);
};

export const newStage = (api, say) => ({
	api,
	say,
	genesis: api.genesisHash.toU8a(),
	anyone: account('//Ferdie'),
	owner: account('//Data'),
	researcher: account('//Researcher'),
	candidate: account('//Val'),
	rival: account('//Rival'),
	providers: ['Ida', 'Lea', 'Max', 'Nia'].map(provider),
});

export const chapters = [
	{
		title: 'Providers register once, with keys of their own and a bond',
		async run(stage) {
			const { api, say, genesis, owner, researcher, providers } = stage;
			const [ida, lea, max, nia] = providers;
			const people = [owner, researcher, stage.candidate, stage.rival];
			await fund(api, [...people, ...providers.flatMap((who) => [who.provider, who.key])]);
			await submit(api, api.tx.models.registerDataset(dataset, 'An example dataset'), owner);
			const [proposed] = await submitEach(api, researcher, [
				api.tx.models.propose(exampleSpec({ stages: [2], lanes: 1 }), terms, null, 'A small model'),
			]);
			stage.model = eventOf(proposed, api.events.models.Proposed).model.toNumber();
			await submit(api, api.tx.models.open(stage.model), researcher);
			const { workers } = api.tx;
			const stolen = consents(genesis, lea);
			await refusedAll(stage, ida.provider, [
				['workers.BadConsent', registration(stage, ida, { consent: stolen.consent })],
				['workers.BadEndpointProof', registration(stage, ida, { proof: stolen.proof })],
				['workers.BondTooSmall', registration(stage, ida, { bond: 10n * CRN - 1n })],
				['token.FundsUnavailable', registration(stage, ida, { bond: 1_000_000n * CRN })],
				['workers.NotProvider', workers.bondMore(CRN)],
				['workers.NotProvider', workers.setHardware(hardware)],
				['workers.NotProvider', workers.withdraw()],
			]);
			const [events] = await submitEach(api, ida.provider, [registration(stage, ida)]);
			assert.equal(eventOf(events, api.events.workers.Registered).bond.toBigInt(), 100n * CRN);
			await refused(stage, 'workers.AlreadyRegistered', registration(stage, ida), ida.provider);
			await refusedAll(stage, lea.provider, [
				['workers.WorkerTaken', registration(stage, lea, consents(genesis, lea, { key: ida.key }))],
				['workers.EndpointTaken', registration(stage, lea, consents(genesis, lea, { endpoint: ida.endpoint }))],
			]);
			await Promise.all([lea, max, nia].map((who) => submit(api, registration(stage, who), who.provider)));
			say('Ida, Lea, Max and Nia are providers');
		},
	},
	{
		title: 'A provider changes its key, its endpoint and its machine',
		async run(stage) {
			const { api, say, genesis, providers, model } = stage;
			const [ida, lea] = providers;
			const { workers, contributions } = api.tx;
			const old = lea.key;
			const fresh = account('//Lea//worker2');
			const signed = consents(genesis, lea, { key: fresh });
			await refusedAll(stage, lea.provider, [
				['workers.BadConsent', workers.rotateKey(signed.worker, consents(genesis, ida).consent)],
				['workers.WorkerTaken', workers.rotateKey(ida.key.publicKey, consents(genesis, lea, { key: ida.key }).consent)],
				['workers.WorkerTaken', workers.rotateKey(old.publicKey, consents(genesis, lea).consent)],
			]);
			const [, before, after] = eventOf(await submit(api, workers.rotateKey(signed.worker, signed.consent), lea.provider),
				api.events.workers.KeyRotated);
			assert.deepEqual([before.toHex(), after.toHex()], [hex(old.publicKey), hex(fresh.publicKey)]);
			lea.key = fresh;
			await fund(api, [fresh]);
			// Signatures of a window that runs are judged by the key before: only one is remembered.
			const third = account('//Lea//worker3');
			const again = workers.rotateKey(third.publicKey, consents(genesis, lea, { key: third }).consent);
			await refused(stage, 'workers.RotatedRecently', again, lea.provider);
			// The old key is void at once; the new one is heard.
			await refused(stage, 'contributions.NotAWorker', contributions.suspect(model, 0, 0), old);
			await refused(stage, 'contributions.UnknownWindow', contributions.suspect(model, 0, 0), fresh);
			say('Lea has another worker key');

			const endpoint = endpointKey('//Lea//endpoint2');
			const moved = consents(genesis, lea, { endpoint });
			const addresses = ['192.0.2.1:4001', '[2001:db8::1]:4001'];
			const set = (key, proof) => workers.setEndpoint(key, proof, addresses, 'https://relay.example.org');
			await refusedAll(stage, lea.provider, [
				['workers.EndpointTaken', set(ida.endpoint.publicKey, consents(genesis, ida).proof)],
				['workers.BadEndpointProof', set(moved.endpoint, consents(genesis, ida).proof)],
			]);
			const [here, machine] = await submitEach(api, lea.provider, [
				set(moved.endpoint, moved.proof),
				workers.setHardware({ class: 'DatacenterGpu', memoryMib: 142_336, gigaflops: 60_000 }),
			]);
			assert.equal(eventOf(here, api.events.workers.EndpointSet).endpoint.toHex(), hex(moved.endpoint));
			assert.ok(eventOf(machine, api.events.workers.HardwareSet).hardware.class.isDatacenterGpu);
			const ledger = (await api.query.workers.ledgers(lea.provider.address)).unwrap();
			assert.deepEqual(ledger.endpoint.addresses.map((one) => one.toUtf8()), addresses);
			assert.equal(ledger.hardware.memoryMib.toNumber(), 142_336);
			say('Lea is reached elsewhere, at a larger machine');
		},
	},
	{
		title: 'Bonds grow and shrink, within bounds',
		async run(stage) {
			const { api, say, providers } = stage;
			const [, , max, nia] = providers;
			const { workers } = api.tx;
			await setTimes(api, { UnbondingBlocks: 6, PostLeaveLock: 12 });
			await refusedAll(stage, nia.provider, [
				['workers.ZeroAmount', workers.bondMore(0)],
				['workers.BondTooLarge', workers.bondMore(MORE_THAN_ALL)],
				['token.FundsUnavailable', workers.bondMore(1_000_000n * CRN)],
			]);
			const grown = await submit(api, workers.bondMore(5n * CRN), nia.provider);
			assert.equal(eventOf(grown, api.events.workers.BondIncreased).bond.toBigInt(), 105n * CRN);
			assert.equal(await heldOf(api, nia.provider), 105n * CRN);
			const parts = await submitEach(api, max.provider, Array.from({ length: 8 }, () => workers.unbond(CRN)));
			const { unlock } = eventOf(parts.at(-1), api.events.workers.Unbonded);
			await refusedAll(stage, max.provider, [
				['workers.TooManyUnbonding', workers.unbond(CRN)],
				['workers.ZeroAmount', workers.unbond(0)],
				['workers.NotEnoughFreeBond', workers.unbond(93n * CRN)],
				['workers.BondTooSmall', workers.unbond(85n * CRN)],
				['workers.NothingToWithdraw', workers.withdraw()],
			]);
			await untilBlock(api, unlock.toNumber());
			const withdrawn = await submit(api, workers.withdraw(), max.provider);
			assert.equal(eventOf(withdrawn, api.events.workers.Withdrawn).amount.toBigInt(), 8n * CRN);
			assert.equal(await heldOf(api, max.provider), 92n * CRN);
			const gone = await submit(api, workers.deregister(), max.provider);
			assert.equal(eventOf(gone, api.events.workers.Deregistered).bond.toBigInt(), 92n * CRN);
			assert.equal(await heldOf(api, max.provider), 0n);
			say('Max took eight parts of its bond back, then all of it, and is no provider any more');
		},
	},
	{
		title: 'Who leaves a model leaves its bond behind for a while',
		async run(stage) {
			const { api, say, providers, model, anyone, researcher } = stage;
			const [ida, lea, max, nia] = providers;
			const { shards, workers } = api.tx;
			const { seedAt } = eventOf(await submit(api, shards.enlist(model), ida.provider), api.events.shards.Enlisted);
			await refusedAll(stage, anyone, [
				['shards.BeaconNotKnown', shards.drawSeat(model, ida.provider.address)],
				['shards.NoRequest', shards.drawSeat(model, max.provider.address)],
				['workers.NotReleased', workers.settleCommitment(ida.provider.address, model)],
				['workers.NoCommitment', workers.settleCommitment(max.provider.address, model)],
				['shards.NotAWorker', shards.declareHeld(model, 0)],
				['shards.NotRetired', shards.dissolve(model, 0)],
			]);
			await refusedAll(stage, ida.provider, [
				['shards.AlreadyIn', shards.enlist(model)],
				['workers.BondCommitted', workers.deregister()],
			]);
			await refused(stage, 'shards.NotIn', shards.leave(model), lea.provider);
			const [, left] = await submitEach(api, lea.provider, [shards.enlist(model), shards.leave(model)]);
			eventOf(left, api.events.shards.EnlistmentWithdrawn);
			const { unlock } = eventOf(left, api.events.workers.CommitmentReleased);
			await refused(stage, 'workers.AlreadyCommitted', shards.enlist(model), lea.provider);
			await refused(stage, 'workers.CommitmentLocked', workers.settleCommitment(lea.provider.address, model), anyone);

			const second = eventOf(await submit(api, shards.enlist(model), nia.provider), api.events.shards.Enlisted);
			await untilBlock(api, Math.max(seedAt.toNumber(), second.seedAt.toNumber()) + 1);
			const [sits, stands] = await submitEach(api, anyone,
				[ida, nia].map((who) => shards.drawSeat(model, who.provider.address)));
			eventOf(sits, api.events.shards.SeatTaken);
			eventOf(stands, api.events.shards.StandbyAdded);
			await fund(api, [nia.key], CRN);
			await refused(stage, 'shards.NotLastWindow', shards.declareHeld(model, 0), nia.key);
			await submit(api, api.tx.models.pause(model), researcher);
			await refused(stage, 'shards.NotTraining', shards.pokeWindow(model), anyone);
			await submit(api, api.tx.models.resume(model), researcher);
			const departed = await submit(api, shards.leave(model), nia.provider);
			assert.ok(eventOf(departed, api.events.shards.Departed).reason.isLeft);
			await untilBlock(api, unlock.toNumber());
			const settled = await submit(api, workers.settleCommitment(lea.provider.address, model), anyone);
			assert.equal(eventOf(settled, api.events.workers.CommitmentSettled).amount.toBigInt(), 10n * CRN);
			say('Lea\'s bond is free again, and Lea may enlist anew');
			await submitEach(api, lea.provider, [shards.enlist(model), shards.leave(model)]);
		},
	},
	{
		title: 'A retired model is dissolved, and forgotten once nobody is left',
		async run(stage) {
			const { api, say, providers, model, researcher, anyone } = stage;
			const { models, shards } = api.tx;
			await submit(api, models.retire(model), researcher);
			await refused(stage, 'shards.NothingToForget', shards.pokeWindow(model), anyone);
			const dissolved = await submit(api, shards.dissolve(model, 0), anyone);
			const { provider: who, reason } = eventOf(dissolved, api.events.shards.Departed);
			assert.equal(who.toString(), providers[0].provider.address);
			assert.ok(reason.isDissolved);
			await refused(stage, 'shards.NothingToDissolve', shards.dissolve(model, 0), anyone);
			eventOf(await submit(api, shards.pokeWindow(model), anyone), api.events.shards.WindowsForgotten);
			await refused(stage, 'shards.NobodyEnlisted', shards.pokeWindow(model), anyone);
			say('nothing is left of the model\'s clock');
		},
	},
	{
		title: 'A candidate bonds, is approved by the council, and thinks better of it',
		async run(stage) {
			const { api, say, candidate } = stage;
			const { validators, session } = api.tx;
			await refusedAll(stage, candidate, [
				['validators.BondTooSmall', validators.apply(1_000n * CRN - 1n)],
				['validators.NoSessionKeys', validators.apply(1_500n * CRN)],
				['validators.NotCandidate', validators.bondMore(CRN)],
				['validators.NotCandidate', validators.leave()],
				['validators.NotCandidate', validators.withdraw()],
			]);
			const { keys, proof } = await sessionKeys(api, candidate);
			await submit(api, session.setKeys(keys, proof), candidate);
			const applied = await submit(api, validators.apply(1_500n * CRN), candidate);
			assert.equal(eventOf(applied, api.events.validators.Applied).bond.toBigInt(), 1_500n * CRN);
			await refusedAll(stage, candidate, [
				['validators.AlreadyCandidate', validators.apply(1_500n * CRN)],
				['validators.StillBonded', validators.withdraw()],
				['validators.KeysInUse', validators.purgeKeys()],
				['system.CallFiltered', session.purgeKeys()],
				['BadOrigin', validators.approve(candidate.address)],
				['BadOrigin', validators.remove(root.address)],
				['BadOrigin', validators.setMinValidators(1)],
			]);
			const grown = await submit(api, validators.bondMore(500n * CRN), candidate);
			assert.equal(eventOf(grown, api.events.validators.BondIncreased).bond.toBigInt(), 2_000n * CRN);
			// Early, so that no session begins before the candidate leaves the queue again.
			await earlyInSession(api, 4);
			const approved = await byMotion(api, validators.approve(candidate.address));
			assert.equal(eventOf(approved, api.events.validators.Approved).who.toString(), candidate.address);
			const left = await submit(api, validators.leave(), candidate);
			const { unlocksAt } = eventOf(left, api.events.validators.Retired);
			say(`the council approved the candidate, who left the queue; its bond unlocks in block ${unlocksAt}`);
			await refusedAll(stage, candidate, [
				['validators.AlreadyLeaving', validators.leave()],
				['validators.AlreadyLeaving', validators.bondMore(CRN)],
				['validators.StillLocked', validators.withdraw()],
				['validators.AlreadyCandidate', validators.apply(1_500n * CRN)],
			]);
			const purged = await submit(api, validators.purgeKeys(), candidate);
			assert.equal(eventOf(purged, api.events.validators.KeysPurged).who.toString(), candidate.address);
		},
	},
	{
		title: 'Governance removes a candidate, keeps the floor of the set, and sets the price of bonds',
		async run(stage) {
			const { api, say, rival, providers } = stage;
			const { validators, session, workers } = api.tx;
			const { keys, proof } = await sessionKeys(api, rival);
			await submitEach(api, rival, [session.setKeys(keys, proof), validators.apply(1_000n * CRN)]);
			const removed = await asRoot(api, validators.remove(rival.address));
			assert.equal(eventOf(removed, api.events.validators.Removed).who.toString(), rival.address);
			await refusedAsRoot(stage, 'validators.AlreadyLeaving', validators.remove(rival.address));
			await refusedAsRoot(stage, 'validators.NotApplied', validators.approve(rival.address));
			await refusedAsRoot(stage, 'validators.FloorOutOfRange', validators.setMinValidators(2));
			await refusedAsRoot(stage, 'validators.FloorOutOfRange', validators.setMinValidators(0));
			const floor = await asRoot(api, validators.setMinValidators(1));
			assert.equal(eventOf(floor, api.events.validators.MinValidatorsSet).minValidators.toNumber(), 1);
			await refusedAll(stage, providers[0].provider, [
				['BadOrigin', workers.setBondPrice(1)],
				['sudo.RequireSudo', api.tx.sudo.sudo(workers.setBondPrice(1))],
				['BadOrigin', api.tx.parameters.setParameter({ Protocol: { EscrowBlocks: [null, 0] } })],
				['council.NotMember', api.tx.council.propose(2, workers.setBondPrice(1), 100)],
			]);
			const priced = await byMotion(api, workers.setBondPrice(CRN));
			assert.equal(eventOf(priced, api.events.workers.BondPriceSet).price.toBigInt(), CRN);
			say('two of three members of the council set the price of bonds');
		},
	},
];
