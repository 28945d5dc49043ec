// A machine: a folder with data, in which commands of cairn-worker are run.

import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

export class Machine {
	/** `key` is a development phrase such as `//Alice`: of the account that owns what the machine earns. */
	constructor({ binary, folder, node, key }) {
		mkdirSync(folder, { recursive: true });
		Object.assign(this, { binary, folder, key, name: key.replace(/^\/\//, ''), data: join(folder, 'data') });
		this.env = { ...process.env, CAIRN_NODE_URL: node, CAIRN_DATA: this.data, CAIRN_PROVIDER_KEY: key };
	}

	/** What a command prints; it must succeed. */
	run(...args) {
		return execFileSync(this.binary, args, { env: this.env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
	}

	/** The same, without waiting for it. */
	async later(...args) {
		return (await promisify(execFile)(this.binary, args, { env: this.env })).stdout;
	}

	/** Starts a command that goes on until it is stopped; what it says goes to `log`. */
	start(...args) {
		this.log = join(this.folder, 'log');
		const log = openSync(this.log, 'a');
		this.child = spawn(this.binary, args, { env: this.env, stdio: ['ignore', log, log] });
		const { child } = this;
		this.kill = () => child.kill('SIGKILL');
		process.once('exit', this.kill); // however this process ends, no worker outlives it
	}

	/** Complains if that command has ended. */
	check() {
		if (this.child && this.child.exitCode !== null) {
			const tail = readFileSync(this.log, 'utf8').split('\n').slice(-15).join('\n');
			throw new Error(`The worker of ${this.name} has ended:\n${tail}`);
		}
	}

	/** Stops it. */
	stop() {
		this.child?.kill('SIGKILL');
		if (this.kill) process.off('exit', this.kill);
		this.child = undefined;
	}
}
