import { describe, expect, it } from 'vitest';
import { aptFailure, aptInstallCommand, aptProgress, aptUpdateCommand } from '../../scripts/setup/apt.mjs';

describe('the apt-get commands', () => {
  it('can never prompt and never install more than was named', () => {
    const command = aptInstallCommand(['cmake']);
    expect(command).toContain('DEBIAN_FRONTEND=noninteractive');
    expect(command).toContain('-y');
    expect(command).toContain('--no-install-recommends');
    expect(command.at(-1)).toBe('cmake');
    expect(aptUpdateCommand()).toContain('DEBIAN_FRONTEND=noninteractive');
  });
});

describe('progress', () => {
  it('counts downloading as the first half and installing as the second', () => {
    expect(aptProgress('dlstatus:3:40.0000:Retrieving file 3 of 10')).toEqual({
      percent: 20,
      what: 'Retrieving file 3 of 10',
    });
    expect(aptProgress('pmstatus:libx265-199:60.0000:Unpacking libx265-199 (amd64)')).toEqual({
      percent: 80,
      what: 'Unpacking libx265-199 (amd64)',
    });
  });

  it('reads a package name that carries its architecture', () => {
    expect(aptProgress('pmstatus:libc6:amd64:50:Configuring libc6:amd64')?.percent).toBe(75);
  });

  it('passes over every other line', () => {
    expect(aptProgress('Reading package lists...')).toBeUndefined();
    expect(aptProgress('Get:1 http://example.org/debian bookworm/main amd64 cmake')).toBeUndefined();
  });
});

describe('the cause of a failure', () => {
  it('is the network when the package lists could not be fetched', () => {
    const update = [
      "W: Failed to fetch http://example.org/InRelease  Temporary failure resolving 'example.org'",
    ];
    expect(aptFailure(update, ['E: Unable to locate package cmake'])).toMatch(
      /^the package lists cannot be fetched \(no network\?\): Failed to fetch/,
    );
  });

  it("is otherwise apt-get's first error", () => {
    expect(aptFailure([], ['Reading package lists...', 'E: Unable to locate package cmake', 'E: more'])).toBe(
      'apt-get failed: Unable to locate package cmake',
    );
  });

  it('is said to be unknown when apt-get said nothing', () => {
    expect(aptFailure([], [])).toBe('apt-get failed: no message');
  });
});
