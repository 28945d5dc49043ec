// `npm test`: tells all stories side by side, each on a node of its own, then looks at what nobody tried. A story mostly waits
// for blocks: two processors keep eight chains going.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const stories = readdirSync(here).filter((name) => name.endsWith('.test.mjs') && name !== 'coverage.test.mjs');
const record = mkdtempSync(join(tmpdir(), 'cairn-record-'));
const run = (...files) =>
	spawnSync(process.execPath, ['--test', `--test-concurrency=${stories.length}`, '--test-reporter=spec', ...files], {
		cwd: here, stdio: 'inherit', env: { ...process.env, CAIRN_JS_RECORD: record },
	}).status;

const started = Date.now();
let status = run(...stories);
if (status === 0) status = run('coverage.test.mjs');
else console.log('What nobody tried is not looked at, since not all stories came to their end.');
rmSync(record, { recursive: true });
console.log(`All in ${((Date.now() - started) / 1_000).toFixed(0)} s.`);
process.exitCode = status ?? 1; // none if something killed it
