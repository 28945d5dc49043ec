// What the demo reads from the chain.

/** A binary32 out of its bits. */
const float = (bits) => new Float32Array(new Uint32Array([bits]).buffer)[0];

/** The attested units of a window. */
export const unitsOf = async (api, model, window, stages, lanes) => {
	const units = [];
	for (let stage = 0; stage < stages; stage += 1) {
		for (let lane = 0; lane < lanes; lane += 1) {
			const unit = (await api.query.contributions.units({ model, window, stage, lane })).unwrapOr(undefined);
			if (!unit) continue;
			const { provider, outcome, loss, points, check } = unit;
			const { steps, step } = outcome.isDone ? outcome.asDone : outcome.asDiverged;
			units.push({
				provider: provider.toString(),
				steps: (steps ?? step).toNumber(),
				loss: loss.isSome ? float(Number(loss.unwrap().toString())) : undefined,
				points: points.toBigInt(),
				check: check.type,
			});
		}
	}
	return units;
};

/** All fees that were paid since the first block. */
export const feesOf = async (api) => {
	const { number } = await api.rpc.chain.getHeader();
	let fees = 0n;
	for (let block = 1; block <= number.toNumber(); block += 1) {
		const at = await api.at(await api.rpc.chain.getBlockHash(block));
		for (const { event } of await at.query.system.events()) {
			if (event.section === 'transactionPayment' && event.method === 'TransactionFeePaid') fees += event.data.actualFee.toBigInt();
		}
	}
	return fees;
};
