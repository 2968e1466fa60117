// Builds the native addon into build/Release/millrace.node, where node-gyp-build looks first. Does nothing when it
// is there already and neither its sources nor the libav it was built against have changed; --force builds anyway.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const work = join(root, 'build-addon');
const addon = join(root, 'build', 'Release', 'millrace.node');
const stamp = `${addon}.stamp`;
const require = createRequire(import.meta.url);

/**
 * Everything the binary depends on: the build description, the sources, and the version of libav.
 *
 * @param {string} libav
 */
function fingerprint(libav) {
  const hash = createHash('sha256').update(`${process.platform}-${process.arch}\n${libav}\n`);
  const sources = readdirSync(join(root, 'native'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(cc|h)$/.test(name) && !name.startsWith('test'))
    .sort()
    .map((name) => join('native', name));
  for (const name of ['CMakeLists.txt', ...sources]) {
    hash.update(`${name}\n`).update(readFileSync(join(root, name)));
  }
  return hash.digest('hex');
}

/** @param {string} reason @returns {never} */
function fail(reason) {
  console.error(`build-native: ${reason}`);
  process.exit(1);
}

function libavVersion() {
  const packages = ['libavcodec', 'libavutil', 'libswscale'];
  const { error, status, stdout } = spawnSync('pkg-config', ['--modversion', ...packages], {
    encoding: 'utf8',
  });
  if (error) fail('pkg-config is missing (Debian: apt install pkg-config)');
  if (status !== 0) fail('the libav headers are missing (Debian: apt install libavcodec-dev libswscale-dev)');
  return stdout;
}

function resolveCmakeJs() {
  try {
    return join(dirname(require.resolve('cmake-js/package.json')), 'bin', 'cmake-js');
  } catch {
    return undefined;
  }
}

const cmakeJs = resolveCmakeJs();
if (cmakeJs === undefined) {
  const prebuilt = join(root, 'prebuilds', `${process.platform}-${process.arch}`);
  if (existsSync(prebuilt)) process.exit(0);
  fail('cmake-js is missing (run npm install) and no prebuilt addon is there');
}

const wanted = fingerprint(libavVersion());
const upToDate = existsSync(addon) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;
if (upToDate && !process.argv.includes('--force')) process.exit(0);

console.log(`build-native: building the addon in ${work}`);
const built = spawnSync(process.execPath, [cmakeJs, 'compile', '--out', work, '--log-level', 'warn'], {
  cwd: root,
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'pipe'],
});
if (built.status !== 0) {
  process.stderr.write(built.stdout + built.stderr);
  fail('the compiler or cmake failed; its output is above (Debian: apt install cmake g++)');
}

// By way of a rename, so that a process that loads it meanwhile sees the old one or the new one.
mkdirSync(dirname(addon), { recursive: true });
copyFileSync(join(work, 'Release', 'millrace.node'), `${addon}.new`);
renameSync(`${addon}.new`, addon);
writeFileSync(stamp, wanted);
console.log(`build-native: built ${addon}`);
