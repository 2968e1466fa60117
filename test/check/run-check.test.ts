import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { JsonReport } from '../../src/check/report/json-report.js';
import { runCheck } from '../../src/check/run-check.js';
import { put } from './support/plant.js';
import { serve } from './support/served.js';

describe('the check command over real HTTP', () => {
  let directory: string;
  let output = '';

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'millrace-check-'));
  });

  afterAll(() => {
    rmSync(directory, { recursive: true });
  });

  beforeEach(() => {
    output = '';
    const write = (text: string | Uint8Array): boolean => {
      output += String(text);
      return true;
    };
    vi.spyOn(process.stdout, 'write').mockImplementation(write);
    vi.spyOn(process.stderr, 'write').mockImplementation(write);
  });

  afterEach(() => {
    vi.restoreAllMocks();
  });

  /** Rules that a busy machine can break by itself. */
  const STEADY = '-L6,-L7,-L18,-L22,-L21b,-M12,-D8,-D15';

  it('ends with 0 where nothing is broken, and writes the report as JSON and as a page', async () => {
    const server = await serve();
    const json = join(directory, 'report.json');
    const html = join(directory, 'report.html');
    const code = await runCheck(server.url, { seconds: 4, json, html, rules: STEADY });
    server.close();
    const report = JSON.parse(readFileSync(json, 'utf8')) as JsonReport;
    expect(report.broken).toEqual([]);
    expect(code).toBe(0);
    expect(report).toMatchObject({ format: 1, url: server.url, exitCode: 0, limits: [] });
    expect(report.renditions.map(({ name }) => name)).toEqual(['high', 'low', 'audio']);
    for (const { playlists, parts, bytes, latency } of report.renditions) {
      expect(Math.min(playlists, parts)).toBeGreaterThan(3);
      expect(bytes).toBeGreaterThan(10_000);
      expect(latency?.count).toBeGreaterThan(3);
    }
    expect(report.notJudged.map(({ id }) => id)).toEqual(['N1', 'N10']);
    expect(output).toContain('0 broken');

    const page = readFileSync(html, 'utf8');
    expect(page).toContain('<svg');
    expect(page).toMatch(/<title>part 167\.\d, \d+ bytes<\/title>/);
    expect(page.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/(?:src|href)=/);
  });

  it('ends with 1 where a rule is broken, and shows the line', async () => {
    const server = await serve({ playlist: put('PART-HOLD-BACK=3', 'PART-HOLD-BACK=1.5') });
    const html = join(directory, 'broken.html');
    const code = await runCheck(server.url, { seconds: 1, html, rules: 'L11,L11b,L12', passive: true });
    server.close();
    expect(code).toBe(1);
    expect(output).toContain('L11  PART-HOLD-BACK is there and at least twice PART-TARGET.');
    expect(output).toContain('RFC 8216bis 4.4.3.8; broken 3 times');
    expect(output).toMatch(/line 4: #EXT-X-SERVER-CONTROL:.*PART-HOLD-BACK=1\.5/);
    expect(output).toContain('2 rules kept, 1 broken (1 must, 0 should, 0 practice), 0 not judged');
    expect(readFileSync(html, 'utf8')).toContain('<strong>L11</strong>');
  });

  it('forgives what is only a should when it is lenient', async () => {
    const server = await serve({ playlist: put('VERSION:6', 'VERSION:7') });
    const options = { seconds: 0.5, rules: 'T7', passive: true };
    const codes = [
      await runCheck(server.url, { ...options, json: true }),
      await runCheck(server.url, { ...options, lenient: true }),
    ];
    server.close();
    expect(codes).toEqual([1, 0]);
    expect(output).toMatch(/^\{\n/);
  });

  it('ends with 2 where nothing can be judged, and says why', async () => {
    const server = await serve({ multivariant: () => '<!doctype html>' });
    const codes = [
      await runCheck(server.url, { seconds: 1 }),
      await runCheck('http://127.0.0.1:1/index.m3u8', { seconds: 1 }),
      await runCheck('rtmp://127.0.0.1/live', { seconds: 1 }),
      await runCheck(server.url, { seconds: 0 }),
      await runCheck(server.url, { seconds: 1, rules: 'X99' }),
    ];
    server.close();
    expect(codes).toEqual([2, 2, 2, 2, 2]);
    const told = [...output.matchAll(/^millrace: (\w+): /gm)].map(([, code]) => code);
    const options = ['CHECK_BAD_OPTION', 'CHECK_BAD_OPTION'];
    expect(told).toEqual(['CHECK_NOT_HLS', 'CHECK_UNREACHABLE', 'CHECK_UNREACHABLE', ...options]);
  });
});
