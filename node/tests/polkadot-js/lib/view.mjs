// View functions of pallets, which polkadot.js knows from metadata 16 but does not call: `views(api).shards.seatOf(model, who)`.

import { compactToU8a, hexToU8a, stringCamelCase, u8aConcat, u8aToHex } from '@polkadot/util';

import { noteQuestion } from './record.mjs';

/** What a view function answers, decoded. */
const ask = async (api, name, { id, inputs, output }, args, at) => {
	if (args.length !== inputs.length) {
		const wanted = inputs.map((input) => input.name.toString()).join(', ');
		throw new Error(`${name} takes (${wanted}), not ${args.length} arguments`);
	}
	const { registry } = api;
	const typed = inputs.map(({ type }, i) => registry.createType(registry.createLookupType(type), args[i]).toU8a());
	const input = u8aConcat(...typed);
	const question = u8aToHex(u8aConcat(id.toU8a(), compactToU8a(input.length), input));
	const answer = await api.rpc.state.call('RuntimeViewFunction_execute_view_function', question, ...(at ? [at] : []));
	const result = registry.createType('Result<Bytes, Bytes>', hexToU8a(answer.toHex()));
	if (result.isErr) throw new Error(`${name} was not answered: ${result.asErr.toHex()}`);
	noteQuestion(name);
	return registry.createType(registry.createLookupType(output), result.asOk.toU8a(true));
};

/** All view functions by pallet and name; of the newest block, or of the block `at`. */
export const views = (api, at) => {
	const { version, asLatest } = api.runtimeMetadata;
	if (version < 16) throw new Error(`View functions need metadata 16; polkadot.js loaded ${version}.`);
	return Object.fromEntries(asLatest.pallets.map((pallet) => {
		const section = stringCamelCase(pallet.name.toString());
		const functions = pallet.viewFunctions.map((view) => {
			const method = stringCamelCase(view.name.toString());
			return [method, (...args) => ask(api, `${section}.${method}`, view, args, at)];
		});
		return [section, Object.fromEntries(functions)];
	}));
};
