import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeH264 } from './h264-source.js';

const CHILD = fileURLToPath(new URL('fixtures/lifetime-child.mjs', import.meta.url));

let folder: string;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-lifetime-'));
  file = join(folder, 'source.json');
  const source = await makeH264({ size: '320x180', frameRate: { num: 30, den: 1 }, seconds: 2 });
  const units = source.units.map((unit) => ({ ...unit, data: unit.data.toString('base64') }));
  await writeFile(file, JSON.stringify({ record: source.track.decoderConfig.toString('base64'), units }));
});

afterAll(() => rm(folder, { recursive: true }));

interface Exit {
  readonly code: number | string | null | undefined;
  readonly signal: NodeJS.Signals | null | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

const run = (scenario: string): Promise<Exit> =>
  new Promise((resolve) => {
    execFile(process.execPath, ['--expose-gc', CHILD, scenario, file], (error, stdout, stderr) => {
      resolve({ code: error ? error.code : 0, signal: error?.signal, stdout, stderr });
    });
  });

test.each([
  'exit during work',
  'exit in a callback',
  'nothing left to do',
  'workers terminated during work',
  'workers that end by themselves',
])('a process ends cleanly: %s', async (scenario) => {
  expect(await run(scenario)).toMatchObject({ code: 0, stderr: '' });
});

test('a process stays alive for a transcoder that was told to finish, until its end', async () => {
  expect(await run('finish waits for the end')).toMatchObject({ code: 0, stdout: 'end\n' });
});

test('what a listener throws is an uncaught exception, not swallowed', async () => {
  const { code, signal, stderr } = await run('a listener that throws');
  expect({ code, signal }).toEqual({ code: 1, signal: null });
  expect(stderr).toContain('the listener broke');
});

test('a listener that throws null ends the process like any other exception', async () => {
  const { code, signal } = await run('a listener that throws null');
  expect({ code, signal }).toEqual({ code: 1, signal: null });
});

test('transcoders opened and closed many times leave no memory behind', async () => {
  const { code, stdout, stderr } = await run('opened and closed many times');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  // Three hundred leaked decoders and encoders would be gigabytes.
  expect(Number(stdout)).toBeLessThan(50 * 1024);
});
