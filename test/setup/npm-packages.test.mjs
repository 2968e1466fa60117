import { describe, expect, it } from 'vitest';
import {
  findNodeHeaders,
  matchesLockfile,
  npmEnvironment,
  npmFailure,
} from '../../scripts/setup/npm-packages.mjs';

const WANTED = {
  packages: {
    '': { version: '0.1.0' },
    'node_modules/pino': { version: '10.0.0' },
    'node_modules/beamcoder': { version: '0.7.1', optional: true },
  },
};

describe('whether the npm packages are installed', () => {
  it('is no without node_modules, or when npm did not finish', () => {
    expect(matchesLockfile(WANTED, undefined)).toBe(false);
    expect(matchesLockfile(WANTED, { packages: {} })).toBe(false);
  });

  it('is yes when each package is there in its version', () => {
    expect(
      matchesLockfile(WANTED, {
        packages: {
          'node_modules/pino': { version: '10.0.0' },
          'node_modules/beamcoder': { version: '0.7.1' },
        },
      }),
    ).toBe(true);
  });

  it('is yes without an optional package that could not be compiled', () => {
    expect(matchesLockfile(WANTED, { packages: { 'node_modules/pino': { version: '10.0.0' } } })).toBe(true);
  });

  it('is no once the lockfile wants another version', () => {
    expect(matchesLockfile(WANTED, { packages: { 'node_modules/pino': { version: '9.0.0' } } })).toBe(false);
    expect(
      matchesLockfile(WANTED, {
        packages: {
          'node_modules/pino': { version: '10.0.0' },
          'node_modules/beamcoder': { version: '0.7.0' },
        },
      }),
    ).toBe(false);
  });
});

describe("Node's headers", () => {
  it('are those beside the running Node', () => {
    const exists = (/** @type {string} */ path) => path === '/opt/node-20/include/node/node_api.h';
    expect(findNodeHeaders('/opt/node-20/bin/node', exists)).toBe('/opt/node-20');
  });

  it('are left to node-gyp where Node came without them', () => {
    expect(findNodeHeaders('/usr/bin/node', () => false)).toBeUndefined();
  });
});

describe("npm's environment", () => {
  it('names the headers, unless the user named some', () => {
    expect(npmEnvironment({}, '/usr').npm_config_nodedir).toBe('/usr');
    expect(npmEnvironment({ npm_config_nodedir: '/opt' }, '/usr').npm_config_nodedir).toBe('/opt');
  });

  it('has the folders of ldconfig on the PATH, after its own', () => {
    expect(npmEnvironment({ PATH: '/usr/bin' }, undefined).PATH).toBe('/usr/bin:/usr/sbin:/sbin');
  });
});

describe("npm's failure", () => {
  it('is named as the network when the registry did not answer', () => {
    expect(
      npmFailure(1, ['npm error code EAI_AGAIN', 'npm error request to https://example.org failed']),
    ).toMatch(/registry cannot be reached/);
  });

  it("is otherwise npm's own first sentence", () => {
    expect(
      npmFailure(1, ['npm error code EUSAGE', 'npm error `npm ci` can only install with a lockfile']),
    ).toBe('`npm ci` can only install with a lockfile');
    expect(
      npmFailure(1, [
        'npm error code 1',
        'npm error path /a',
        'npm error command failed',
        'npm error command sh -c x',
      ]),
    ).toBe('command sh -c x');
    expect(npmFailure(7, [])).toBe('npm exited with code 7');
  });

  it('is named when npm itself is missing', () => {
    expect(npmFailure(127, ['spawn npm ENOENT'])).toBe('npm is not installed');
  });
});
