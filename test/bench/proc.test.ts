import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cpuSeconds, memoryOf, processTree } from '../../bench/frame/proc.js';

/** A child with a child of its own, both at rest until told to work. */
const CHILD = `
  const { spawn } = require('node:child_process');
  const inner = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)']);
  process.on('message', () => {
    const end = process.cpuUsage().user + 300_000;
    while (process.cpuUsage().user < end);
    process.send('worked');
  });
  inner.on('spawn', () => process.send(inner.pid));
  process.on('disconnect', () => { inner.kill(); process.exit(); });
`;

describe('what /proc tells of a process', () => {
  let child: ChildProcess;
  let inner: number;
  beforeAll(async () => {
    child = spawn(process.execPath, ['-e', CHILD], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    [inner] = (await once(child, 'message')) as [number];
  });
  afterAll(() => child.disconnect());

  test('has its descendants', () => {
    expect(processTree(child.pid!)).toEqual([child.pid, inner]);
    expect(processTree(process.pid)).toContain(inner);
  });

  test('has the processor time that it used', async () => {
    const before = cpuSeconds(child.pid!);
    child.send('work');
    await once(child, 'message');
    expect(cpuSeconds(child.pid!) - before).toBeGreaterThanOrEqual(0.28);
  });

  test('has the memory of all of them', () => {
    const { rss, pss } = memoryOf(child.pid!);
    expect(rss).toBeGreaterThan(2 * 20);
    expect(pss).toBeGreaterThan(0);
    expect(pss).toBeLessThanOrEqual(rss);
    expect(memoryOf(inner).rss).toBeLessThan(rss);
  });
});
