// Processes that compute what workers would (`node/tests/tracer`): one for each model that a story trains.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const running = new Set();

/** Starts a tracer. `ask(request)` resolves with its answer; it answers one request after the other. */
export const startTracer = () => {
	const binary = process.env.CAIRN_TRACER;
	if (!binary) throw new Error('Set CAIRN_TRACER to the path of cairn-tracer (make does it: make test-js, make tour).');
	const child = spawn(binary, { stdio: ['pipe', 'pipe', 'inherit'] });
	const waiting = [];
	let ended;
	const end = (reason) => {
		ended = new Error(`The tracer has ended: ${reason}`);
		for (const { reject } of waiting.splice(0)) reject(ended);
	};
	const closed = once(child, 'close').then(([code, signal]) => end(signal ?? code), (error) => end(error.message));
	child.stdin.on('error', () => {}); // whoever waits hears why it ended
	createInterface({ input: child.stdout }).on('line', (line) => {
		const { resolve, reject } = waiting.shift();
		const { ok, error } = JSON.parse(line);
		if (error === undefined) resolve(ok);
		else reject(new Error(`The tracer cannot do that: ${error}`));
	});
	const tracer = {
		ask: (request) =>
			new Promise((resolve, reject) => {
				if (ended) return reject(ended);
				waiting.push({ resolve, reject });
				return child.stdin.write(`${JSON.stringify(request)}\n`);
			}),
		async stop() {
			child.stdin.end(); // it ends with its input, hence also with this process
			await closed;
			running.delete(tracer);
		},
	};
	running.add(tracer);
	return tracer;
};

/** Ends all tracers of a story. */
export const stopTracers = () => Promise.all([...running].map((tracer) => tracer.stop()));
