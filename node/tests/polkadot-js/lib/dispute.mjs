// Players of the dispute game: each knows one trace and answers every position from it.

import { hexToU8a, u8aEq, u8aToHex } from '@polkadot/util';

import { submit } from './chain.mjs';
import { checkpointSteps } from './protocol.mjs';
import { u64 } from './scale.mjs';
import { boundary, stateBefore } from './unit.mjs';

/** The boundaries inside a range; the twin of `primitives::dispute::split`. */
const split = (from, to) => {
	const positions = to - from;
	const children = Math.min(positions, 16);
	return Array.from({ length: children - 1 }, (_, i) => from + Math.floor(((i + 1) * positions) / children));
};

/** The commitment at a boundary of a place (`Trace`, `Step` or `Operation`) in somebody's trace. */
const at = (work, place, position) => {
	if (place.isTrace) return boundary(work.traced, work.result, { step: position });
	if (place.isStep) {
		return boundary(work.traced, work.result, { step: place.asStep.step.toNumber(), operation: position });
	}
	const { step, operation } = place.asOperation;
	return boundary(work.traced, work.result, {
		step: step.toNumber(), operation: operation.toNumber(), piece: position,
	});
};

/** The first child whose end differs from one's own trace; the last one if none does. */
const firstWrong = (ends, own) => {
	const found = ends.findIndex((end, i) => !u8aEq(hexToU8a(end.toHex()), own[i]));
	return found === -1 ? ends.length - 1 : found;
};

/**
 * Plays a game to its end. `defender` and `challenger` are `{ worker, work }`: who signs, and the trace it believes in.
 * `atLeaf(call)` gets a call with wrong evidence, to try before the right one. Returns the moves made and the events that
 * ended the game.
 */
export const playDispute = async (api, unit, every, defender, challenger, say = () => {}, atLeaf = () => {}) => {
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
			const steps = [...checkpointSteps(challenger.work.traced.steps, every), challenger.work.traced.steps + 1];
			const own = steps.slice(1).map((step) => boundary(challenger.work.traced, challenger.work.result, { step }));
			const child = firstWrong(phase.asChooseCheckpoint.slice(1), own);
			await move(challenger, `challenger disputes checkpoint ${child + 1}`, disputes.choose(unit, who, child));
		} else if (phase.isSplit) {
			const { place, from, to } = phase.asSplit;
			const hashes = split(from.toNumber(), to.toNumber()).map((position) => at(defender.work, place, position));
			await move(defender, `defender commits to ${hashes.length} states inside ${place.type} ${from}..${to}`,
				disputes.advance(unit, who, hashes));
		} else if (phase.isChooseChild) {
			const [range, hashes] = phase.asChooseChild;
			const inner = split(range.from.toNumber(), range.to.toNumber());
			const own = [...inner, range.to.toNumber()].map((position) => at(challenger.work, range.place, position));
			const child = firstWrong([...hashes, range.after], own);
			await move(challenger, `challenger disputes part ${child} of ${inner.length + 1}`,
				disputes.choose(unit, who, child));
		} else {
			const leaf = phase.asProve;
			const place = {
				step: leaf.step.toNumber(), operation: leaf.operation.toNumber(), piece: leaf.piece.toNumber(),
			};
			const prove = (state) => disputes.proveLeaf(unit, who, u8aToHex(u64(state)));
			const state = stateBefore(challenger.work.traced, place);
			await atLeaf(() => prove(state ^ 1n));
			const events = await move(challenger,
				`the chain recomputes step ${place.step}, operation ${place.operation}, piece ${place.piece}`, prove(state));
			return { moves, events };
		}
	}
};
