import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../scripts/build-native.mjs', import.meta.url));
const ADDON = fileURLToPath(new URL('../../build/Release/millrace.node', import.meta.url));

const build = (env: NodeJS.ProcessEnv) =>
  spawnSync(process.execPath, [SCRIPT], { encoding: 'utf8', env: { ...process.env, ...env } });

test('an addon that is up to date is left alone, without a word', () => {
  const before = statSync(ADDON).mtimeMs;
  const { status, stdout, stderr } = build({});
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
  expect(statSync(ADDON).mtimeMs).toBe(before);
});

test('a missing tool is named in one line, with the package to install', () => {
  const { status, stdout, stderr } = build({ PATH: '/nonexistent' });
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toBe('build-native: pkg-config is missing (Debian: apt install pkg-config)\n');
});

test('missing libav headers are named in one line, with the packages to install', () => {
  const { status, stderr } = build({ PKG_CONFIG_LIBDIR: '/nonexistent', PKG_CONFIG_PATH: '' });
  expect(status).toBe(1);
  expect(stderr).toBe(
    'build-native: the libav headers are missing (Debian: apt install libavcodec-dev libswscale-dev)\n',
  );
});
