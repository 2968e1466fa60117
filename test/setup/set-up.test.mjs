import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, requireNode } from '../../scripts/setup/set-up.mjs';

describe('the version of Node', () => {
  it.each(['20.19.0', '20.20.2', '22.0.0'])('%s is new enough for >=20.19', (version) => {
    expect(() => requireNode(version, '>=20.19')).not.toThrow();
  });

  it.each(['18.20.0', '20.18.3'])('%s is refused by name', (version) => {
    expect(() => requireNode(version, '>=20.19')).toThrow(`Node.js >=20.19 is needed; this is ${version}`);
  });
});

describe('set-up for the tests on a system that has nothing', () => {
  it('stops with one line that names what is missing, then the package names', () => {
    const empty = mkdtempSync(join(tmpdir(), 'millrace-path-'));
    try {
      const { status, stderr } = spawnSync(process.execPath, [join(ROOT, 'scripts/setup.mjs'), 'test'], {
        env: { PATH: empty },
        encoding: 'utf8',
      });
      expect(status).toBe(1);
      const [first, ...hints] = stderr.trimEnd().split('\n');
      expect(first).toMatch(
        /^\[setup\] Set-up stopped: cannot install .*ffmpeg, .*: this system has no apt-get$/,
      );
      expect(hints.map((hint) => /^\[setup\] {3}(\w+)/.exec(hint)?.[1])).toEqual([
        'Debian',
        'Fedora',
        'Homebrew',
      ]);
    } finally {
      rmSync(empty, { recursive: true });
    }
  });
});
