// Players of the dispute game: each knows one trace and answers every position from it.

import { hexToU8a, u8aEq } from '@polkadot/util';

import { submit } from './chain.mjs';
import { boundaries, evidenceOf } from './unit.mjs';

/** The boundaries inside a range; the twin of `primitives::dispute::split`. */
const split = (from, to) => {
	const positions = to - from;
	const children = Math.min(positions, 16);
	return Array.from({ length: children - 1 }, (_, i) => from + Math.floor(((i + 1) * positions) / children));
};

/** The boundaries at positions within a place: `Trace`, `Step` or `Operation`. */
const at = (place, positions) =>
	positions.map((position) => {
		if (place.isTrace) return { step: position };
		if (place.isStep) return { step: place.asStep.step.toNumber(), operation: position };
		const { step, operation } = place.asOperation;
		return { step: step.toNumber(), operation: operation.toNumber(), piece: position };
	});

/** The first child whose end differs from one's own trace: the last one, if only the end of all of them does. */
const firstWrong = (inside, own) => {
	const found = inside.findIndex((end, i) => !u8aEq(hexToU8a(end.toHex()), own[i]));
	return found === -1 ? inside.length : found;
};

/**
 * Plays a game to its end. `defender` and `challenger` are `{ worker, work }`: who signs, and the trace it believes in.
 * `atLeaf(call)` gets a call with evidence for the piece before, to try before the right one. Returns the moves made and the
 * events that ended the game.
 */
export const playDispute = async (api, unit, defender, challenger, say = () => {}, atLeaf = () => {}) => {
	const who = challenger.worker.provider.address;
	const { disputes } = api.tx;
	const moves = [];
	const move = async (player, what, call) => {
		moves.push(what);
		say(what);
		return submit(api, call, player.worker.key);
	};
	for (;;) {
		const row = await api.query.disputes.games(unit, who);
		if (row.isNone) throw new Error('The game is over already.');
		const { phase } = row.unwrap().game;
		if (phase.isReveal) {
			await move(defender, `defender reveals ${defender.work.leaves.length} checkpoints`,
				disputes.reveal(unit, who, defender.work.leaves));
		} else if (phase.isChooseCheckpoint) {
			const [revealed, own] = [phase.asChooseCheckpoint, challenger.work.leaves].map((all) => all.slice(1, -1));
			const child = firstWrong(revealed, own);
			await move(challenger, `challenger disputes checkpoint ${child + 1}`, disputes.choose(unit, who, child));
		} else if (phase.isSplit) {
			const { place, from, to } = phase.asSplit;
			const hashes = await boundaries(defender.work, at(place, split(from.toNumber(), to.toNumber())));
			await move(defender, `defender commits to ${hashes.length} states inside ${place.type} ${from}..${to}`,
				disputes.advance(unit, who, hashes));
		} else if (phase.isChooseChild) {
			const [{ place, from, to }, inside] = phase.asChooseChild;
			const own = await boundaries(challenger.work, at(place, split(from.toNumber(), to.toNumber())));
			const child = firstWrong(inside, own);
			await move(challenger, `challenger disputes part ${child} of ${own.length + 1}`,
				disputes.choose(unit, who, child));
		} else {
			const leaf = phase.asProve;
			const place = {
				step: leaf.step.toNumber(), operation: leaf.operation.toNumber(), piece: leaf.piece.toNumber(),
			};
			const prove = async (one) => disputes.proveLeaf(unit, who, await evidenceOf(challenger.work, one));
			await atLeaf(await prove({ ...place, piece: place.piece - 1 }));
			const events = await move(challenger,
				`the chain recomputes step ${place.step}, operation ${place.operation}, piece ${place.piece}`, await prove(place));
			return { moves, events };
		}
	}
};
