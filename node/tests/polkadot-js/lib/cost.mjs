// What work and its bonds cost, counted from a spec's shapes: the twin of `primitives/src/spec/flops.rs` for AdamW and dense
// edges, which is what the example spec has.

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0n);

/** FLOPs of AdamW per parameter and step. */
const ADAMW = 19n;

/** Parameters of a stage, FLOPs of a sample, FLOPs of an optimizer step. */
export const stageCost = ({ architecture, stages }, stage) => {
	const a = Object.fromEntries(Object.entries(architecture).filter(([, value]) => Number.isInteger(value))
		.map(([name, value]) => [name, BigInt(value)]));
	const layers = BigInt(stages[stage]);
	const queries = a.heads * a.headWidth;
	const keys = a.kvHeads * a.headWidth;
	const layer = sum([a.width * queries, 2n * a.width * keys, queries * a.width, 3n * a.width * a.hidden]);
	const table = a.vocabulary * a.width;
	const isFirst = stage === 0;
	const isLast = stage === stages.length - 1;
	const parameters = layer * layers + (isFirst ? table : 0n) + (isLast && !architecture.tiedHead ? table : 0n);
	const products = layer * layers + (isLast ? table : 0n);
	const pairs = (a.context * (a.context + 1n)) / 2n;
	const attention = 4n * pairs * queries * layers;
	return { parameters, perSample: 3n * (2n * a.context * products + attention), perStep: ADAMW * parameters };
};

/** Points of a unit. */
export const points = (spec, stage, steps, batch) => {
	const { perSample, perStep } = stageCost(spec, stage);
	return BigInt(steps) * (perSample * BigInt(batch) + perStep);
};

/** The bond that a model asks of each provider, where 10¹⁵ FLOPs cost `price`. */
export const bondFor = (spec, price, least) => {
	const batch = Math.max(...spec.schedule.points.map((point) => point.batch));
	const units = spec.stages.map((_, stage) => points(spec, stage, spec.window.steps, batch));
	const dearest = units.reduce((most, one) => (one > most ? one : most), 0n);
	const scaled = 16n * BigInt(spec.stages.length) * dearest * BigInt(price);
	const bond = (scaled + 10n ** 15n - 1n) / 10n ** 15n;
	return bond > least ? bond : least;
};

/** Shares that points mint at the start of training. */
export const sharesFor = (spec, earned) => (earned * BigInt(spec.shares.perTeraflop)) / 10n ** 12n;

/** Identities that it takes on average to draw each of so many stages once, in thousandths. */
export const identitiesMilli = (stages) => {
	// S · (1/1 + 1/2 + … + 1/S) over a common denominator, rounded once.
	const numbers = Array.from({ length: stages }, (_, i) => BigInt(i + 1));
	const product = numbers.reduce((all, number) => all * number, 1n);
	return (sum(numbers.map((number) => product / number)) * BigInt(stages) * 1_000n) / product;
};
