// A development node as a real process, with its data in a temporary directory.

import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE = 180_000; // milliseconds: a machine that does other things as well

/** Starts `cairn-node --dev`, and waits until it takes connections; `stop()` ends it and removes its data. */
export const startNode = async () => {
	const binary = process.env.CAIRN_NODE;
	if (!binary) throw new Error('Set CAIRN_NODE to the path of cairn-node (make does it: make test-js, make tour, make demo).');
	const directory = mkdtempSync(join(tmpdir(), 'cairn-'));
	const log = join(directory, 'node.log');
	const child = spawn(
		binary,
		[
			'--dev',
			'--base-path', directory,
			'--rpc-port', '0', // whatever is free: the log tells
			'--listen-addr', '/ip4/127.0.0.1/tcp/0',
			'--no-prometheus',
			'--no-telemetry',
		],
		{ stdio: ['ignore', openSync(log, 'a'), openSync(log, 'a')] },
	);
	const kill = () => child.kill('SIGKILL');
	process.once('exit', kill); // however this process ends, the node does not outlive it
	let ended;
	const end = new Promise((resolve) => {
		child.once('exit', (code, signal) => {
			ended = signal ?? code;
			resolve();
		});
		child.once('error', (error) => {
			ended = error.message;
			resolve();
		});
	});
	const node = {
		url: undefined,
		log,
		/** The end of the node's log, when something went wrong. */
		tail: () => readFileSync(log, 'utf8').split('\n').slice(-30).join('\n'),
		ended: () => ended,
		async stop() {
			child.kill('SIGTERM');
			const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
			await end;
			clearTimeout(late);
			process.off('exit', kill);
			rmSync(directory, { recursive: true, force: true });
		},
	};
	const deadline = Date.now() + PATIENCE;
	while (!node.url) {
		const [, port] = readFileSync(log, 'utf8').match(/Running JSON-RPC server: addr=127\.0\.0\.1:(\d+)/) ?? [];
		if (port) {
			node.url = `ws://127.0.0.1:${port}`;
		} else if (ended !== undefined || Date.now() > deadline) {
			const tail = `${ended === undefined ? 'The node did not answer' : `The node stopped (${ended})`}:\n${node.tail()}`;
			await node.stop();
			throw new Error(tail);
		} else {
			await sleep(100);
		}
	}
	return node;
};
