// What a test run asked of its chains, noted in one file per process, so that a last test can tell what nobody tried
// (coverage.test.mjs). Without CAIRN_JS_RECORD nothing is written.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { stringCamelCase } from '@polkadot/util';

const directory = process.env.CAIRN_JS_RECORD;
const calls = new Set();
const refusals = new Map();
const questions = new Set();
let offered;

const isCall = (value) => value?.section !== undefined && value?.args !== undefined;

/** A call and the calls inside of it: those of a batch, or the one that sudo makes. */
const withInner = (call) => [
	call,
	...call.args.flatMap((arg) => (Array.isArray(arg) ? [...arg] : [arg])).filter(isCall).flatMap(withInner),
];

/** Notes a call that went through. */
export const noteCall = (call) => {
	for (const { section, method } of withInner(call)) calls.add(`${section}.${method}`);
};

/** Notes an error that a wallet was shown, in its words. */
export const noteRefusal = ({ name, message }) => refusals.set(name, message);

/** Notes a view function that was asked. */
export const noteQuestion = (name) => questions.add(name);

/** Notes what a chain offers: calls, errors with their words, and view functions, by pallet. */
export const noteOffer = (api) => {
	if (!directory || offered) return;
	const variants = (type) =>
		type.isSome ? [...api.registry.lookup.getSiType(type.unwrap().type).def.asVariant.variants] : [];
	const { pallets, apis } = api.runtimeMetadata.asLatest;
	const named = ({ name, docs }) => ({ name: stringCamelCase(name.toString()), docs: docs.map(String) });
	offered = pallets.map((pallet) => ({
		pallet: stringCamelCase(pallet.name.toString()),
		calls: variants(pallet.calls).map(named),
		errors: variants(pallet.errors).map(({ name, docs }) => ({ name: name.toString(), docs: docs.map(String) })),
		questions: pallet.viewFunctions.map(named),
	}));
	for (const { name, methods } of apis.filter((one) => one.name.toString().startsWith('Cairn'))) {
		offered.push({ pallet: stringCamelCase(name.toString()), calls: [], errors: [], questions: methods.map(named) });
	}
};

if (directory) {
	process.once('exit', () => {
		if (!offered) return; // a process that never met a chain
		const all = { offered, calls: [...calls], refusals: [...refusals], questions: [...questions] };
		writeFileSync(join(directory, `${process.pid}.json`), JSON.stringify(all));
	});
}
