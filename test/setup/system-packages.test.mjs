import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findCommand, findMissing } from '../../scripts/setup/probes.mjs';
import { REQUIREMENTS, requirementsFor } from '../../scripts/setup/requirements.mjs';
import {
  consequence,
  installationHints,
  nameAll,
  planInstallation,
} from '../../scripts/setup/system-packages.mjs';

const ROOT_ON_DEBIAN = { hasApt: true, isRoot: true, hasSudo: false, skip: false };

/** @param {readonly string[]} names */
function requirements(...names) {
  return REQUIREMENTS.filter((requirement) => names.includes(requirement.name));
}

describe('the requirements', () => {
  it('ask npm start for nothing that only the tests use', () => {
    const names = requirementsFor('run').map((requirement) => requirement.name);
    expect(names).toContain('libavcodec');
    expect(names).not.toContain('Chromium');
    expect(requirementsFor('test')).toEqual(REQUIREMENTS);
  });

  it('have a package name for Debian and for Fedora each', () => {
    for (const { debian, fedora } of REQUIREMENTS) {
      expect(debian).toMatch(/^[a-z0-9][a-z0-9+.-]+$/);
      expect(fedora).toMatch(/^[a-z0-9][a-z0-9+.-]+$/);
    }
  });
});

describe('probing', () => {
  /** @type {string} */
  let folder;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-probe-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('finds a command only where it may be executed', () => {
    const path = join(folder, 'tool');
    writeFileSync(path, '');
    chmodSync(path, 0o644);
    expect(findCommand('tool', { PATH: folder })).toBeUndefined();
    chmodSync(path, 0o755);
    expect(findCommand('tool', { PATH: `/nowhere:${folder}` })).toBe(path);
  });

  it('finds no command on an empty PATH', () => {
    expect(findCommand('sh', { PATH: '' })).toBeUndefined();
    expect(findCommand('sh', {})).toBeUndefined();
  });

  it('finds a library by its pkg-config file, also on PKG_CONFIG_PATH', () => {
    const [libavcodec] = requirements('libavcodec');
    const wanted = [
      {
        .../** @type {NonNullable<typeof libavcodec>} */ (libavcodec),
        probe: /** @type {const} */ ({ kind: 'pkg-config', name: 'libmillrace-probe' }),
      },
    ];
    expect(findMissing(wanted, {})).toEqual(wanted);
    writeFileSync(join(folder, 'libmillrace-probe.pc'), '');
    expect(findMissing(wanted, { PKG_CONFIG_PATH: folder })).toEqual([]);
  });

  it('takes an empty folder for no fonts', () => {
    const [font] = requirements('a font');
    const wanted = [
      {
        .../** @type {NonNullable<typeof font>} */ (font),
        probe: /** @type {const} */ ({ kind: 'folder', paths: [join(folder, 'fonts')] }),
      },
    ];
    expect(findMissing(wanted)).toEqual(wanted);
    mkdirSync(join(folder, 'fonts'));
    expect(findMissing(wanted)).toEqual(wanted);
    writeFileSync(join(folder, 'fonts', 'a.ttf'), '');
    expect(findMissing(wanted)).toEqual([]);
  });
});

describe('the plan', () => {
  it('does nothing when nothing is missing', () => {
    expect(planInstallation([], { ...ROOT_ON_DEBIAN, hasApt: false })).toEqual({ action: 'nothing' });
  });

  it('installs each missing package once, as root', () => {
    const missing = requirements('libavcodec', 'CMake');
    expect(planInstallation([...missing, ...missing], ROOT_ON_DEBIAN)).toEqual({
      action: 'install',
      packages: ['libavcodec-dev', 'cmake'],
      privilege: [],
    });
  });

  it('uses sudo where it asks no password, and never lets it ask', () => {
    const plan = planInstallation(requirements('CMake'), { ...ROOT_ON_DEBIAN, isRoot: false, hasSudo: true });
    expect(plan).toMatchObject({ action: 'install', privilege: ['sudo', '-n'] });
  });

  it.each([
    ['without root and sudo', { isRoot: false }, 'that needs root, or sudo without a password'],
    ['without apt-get', { hasApt: false }, 'this system has no apt-get'],
    ['when told to skip', { skip: true }, 'MILLRACE_SETUP=skip'],
  ])('refuses %s and says why', (_, change, reason) => {
    expect(planInstallation(requirements('CMake'), { ...ROOT_ON_DEBIAN, ...change })).toEqual({
      action: 'refuse',
      reason,
    });
  });
});

describe('what is said when it cannot be installed', () => {
  it('names what is missing', () => {
    expect(nameAll(requirements('libavcodec', 'Chromium'))).toBe('libavcodec, Chromium');
  });

  it('gives the packages of Debian, Fedora and Homebrew, each once', () => {
    expect(installationHints(requirements('libavcodec', 'libavutil', 'CMake', 'make'))).toEqual([
      'Debian, Ubuntu: apt-get install libavcodec-dev libavutil-dev cmake make',
      'Fedora: dnf install ffmpeg-devel cmake make (ffmpeg is in RPM Fusion)',
      'Homebrew: brew install ffmpeg cmake',
    ]);
  });

  it('sends macOS to its own tools for what Homebrew does not carry', () => {
    expect(installationHints(requirements('make')).at(-1)).toBe(
      'Homebrew: nothing, but the Xcode command line tools',
    );
  });

  it('says what the server does without it', () => {
    expect(consequence(requirements('libavcodec', 'Python 3'))).toMatch(/source rendition only/);
    expect(consequence(requirements('Python 3'))).toMatch(/without thumbnails/);
  });
});
