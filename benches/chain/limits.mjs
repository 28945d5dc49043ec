// How many extrinsics of a kind fit in a block, by what the chain charges for them.

/** Weight and length of a call as an extrinsic, and how often they fit in what ordinary extrinsics may use. */
export const fits = async ({ api, gate }, { hex }) => {
	const bytes = (hex.length - 2) / 2;
	const info = await gate.ask('payment_queryInfo', hex);
	const { normal } = api.consts.system.blockWeights.perClass;
	// Besides its own weight, each extrinsic is charged what applying any extrinsic costs.
	const weight = Number(info.weight.ref_time) + normal.baseExtrinsic.refTime.toNumber();
	const most = normal.maxTotal.unwrap().refTime.toNumber();
	const longest = api.consts.system.blockLength.max.normal.toNumber();
	return { bytes, weight, most, byWeight: Math.floor(most / weight), byLength: Math.floor(longest / bytes) };
};
