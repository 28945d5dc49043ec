// How many extrinsics of a kind fit in a block, by what the chain charges for them.

/** Room that ordinary extrinsics have in a block, and how much one asks for before it is applied. */
export const roomOf = async ({ api, gate }, { hex }) => {
	const bytes = (hex.length - 2) / 2;
	const info = await gate.ask('payment_queryInfo', hex);
	const { normal } = api.consts.system.blockWeights.perClass;
	// Besides its own weight, each extrinsic is charged what applying any extrinsic costs.
	const asked = Number(info.weight.ref_time) + normal.baseExtrinsic.refTime.toNumber();
	const most = normal.maxTotal.unwrap().refTime.toNumber();
	const longest = api.consts.system.blockLength.max.normal.toNumber();
	return { bytes, asked, most, byLength: Math.floor(longest / bytes) };
};

/**
 * How many fit in a block by the weight that they used: what an extrinsic did not do is given back once it is applied, so
 * that more fit than by what each asks for.
 */
export const byWeight = ({ most }, used) => Math.floor(most / used);
