import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

/** @returns the path of the tarball that `npm pack` makes of a folder */
async function pack(folder: string, destination: string): Promise<string> {
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', destination], { cwd: folder });
  const [tarball] = (await readdir(destination)).filter((name) => name.endsWith('.tgz'));
  return join(destination, tarball!);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe('the packed package, installed elsewhere', () => {
  let folder: string;
  let home: string;
  let server: ChildProcess | undefined;
  /** npx may go before the server does; only then are all holders of its output gone. */
  let ended: Promise<unknown> | undefined;
  let running = false;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-package-'));
    const stage = join(folder, 'stage');
    home = join(folder, 'home');
    for (const name of ['stage', 'first', 'second', 'home']) await mkdir(join(folder, name));

    // The prebuilt addon is made in a copy, so that the working tree keeps its own build.
    await run(process.execPath, ['scripts/build.mjs'], { cwd: ROOT });
    await run('tar', ['-xzf', await pack(ROOT, join(folder, 'first')), '-C', stage, '--strip-components=1']);
    await symlink(join(ROOT, 'node_modules'), join(stage, 'node_modules'));
    await run(process.execPath, [join(ROOT, 'scripts/prebuild.mjs'), stage], { cwd: stage });
    const tarball = await pack(stage, join(folder, 'second'));

    await writeFile(join(home, 'package.json'), '{ "private": true }\n');
    await run('npm', ['install', '--prefer-offline', '--omit=optional', '--no-audit', '--no-fund', tarball], {
      cwd: home,
    });
  }, 300_000);

  afterAll(async () => {
    if (running) process.kill(-server!.pid!, 'SIGKILL');
    await ended;
    await rm(folder, { recursive: true });
  });

  it('loads the prebuilt addon', async () => {
    const script =
      "const gyp = require('node-gyp-build'); const root = require('path').resolve('node_modules/millrace');" +
      'console.log(JSON.stringify({ path: gyp.resolve(root), libavcodec: gyp(root).libavcodec }));';
    const { stdout } = await run(process.execPath, ['-e', script], { cwd: home });
    expect(JSON.parse(stdout)).toEqual({
      path: expect.stringMatching(/node_modules\/millrace\/prebuilds\/[^/]+\/millrace\.node$/),
      libavcodec: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    });
  });

  it('serves with `npx millrace serve` and ends on SIGTERM', async () => {
    const port = await freePort();
    server = spawn('npx', ['millrace', 'serve'], {
      cwd: home,
      detached: true,
      env: {
        ...process.env,
        MILLRACE_HTTP_HOST: '127.0.0.1',
        MILLRACE_HTTP_PORT: String(port),
        MILLRACE_RTMP_HOST: '127.0.0.1',
        MILLRACE_RTMP_PORT: String(await freePort()),
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    running = true;
    ended = once(server, 'close').then(() => (running = false));
    const output: string[] = [];
    const ready = new Promise<void>((resolve) => {
      createInterface({ input: server!.stdout! }).on('line', (line) => {
        output.push(line);
        if (line.includes('/watch/')) resolve();
      });
    });
    await Promise.race([
      ready,
      ended.then(() => Promise.reject(new Error(`it ended:\n${output.join('\n')}`))),
    ]);
    const health = await fetch(`http://127.0.0.1:${port}/healthz`);
    expect(health.status).toBe(200);
    const page = await fetch(`http://127.0.0.1:${port}/watch/live`);
    expect(page.status).toBe(200);

    process.kill(-server.pid!, 'SIGTERM');
    await ended;
    await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow();
  });
});
