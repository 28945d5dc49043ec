// A development node as a real process, with its data in a temporary directory.

import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const freePort = () =>
	new Promise((resolve, reject) => {
		const server = createServer();
		server.once('error', reject);
		server.listen(0, '127.0.0.1', () => {
			const { port } = server.address();
			server.close(() => resolve(port));
		});
	});

/** Starts `cairn-node --dev`; `stop()` ends it and removes its data. */
export const startNode = async () => {
	const binary = process.env.CAIRN_NODE;
	if (!binary) throw new Error('Set CAIRN_NODE to the path of cairn-node (make does it: make test-js, make demo).');
	const directory = mkdtempSync(join(tmpdir(), 'cairn-'));
	const [rpc, p2p] = [await freePort(), await freePort()];
	const log = join(directory, 'node.log');
	const child = spawn(
		binary,
		[
			'--dev',
			'--base-path', directory,
			'--rpc-port', String(rpc),
			'--listen-addr', `/ip4/127.0.0.1/tcp/${p2p}`,
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
	return {
		url: `ws://127.0.0.1:${rpc}`,
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
};
