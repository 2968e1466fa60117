import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { say, SetupError } from './report.mjs';

/** Everything the output depends on. */
const INPUTS = ['src', 'web', 'scripts/setup/compile.mjs', 'package-lock.json'];

/** Holds the hash of the inputs that `dist` was made from. */
const STAMP = 'dist/.inputs';

/**
 * Compiles src/ to dist/ (one module each, with source maps) and bundles the watch page, unless nothing has changed.
 *
 * @param {string} root
 * @returns {Promise<void>}
 */
export async function ensureCompiled(root) {
  const hash = hashInputs(root);
  if (readStamp(root) === hash) return;
  say('Compiling src/ and web/');
  rmSync(join(root, STAMP), { force: true });
  // Only now: with nothing to compile, esbuild is not even loaded.
  const { build, stop } = await import('esbuild');
  try {
    await compileServer(root, build);
    await bundleWeb(root);
  } catch (error) {
    throw new SetupError(
      `Set-up stopped: cannot compile: ${error instanceof Error ? error.message : String(error)}`,
    );
  } finally {
    // Its service process would live as long as the server.
    await stop();
  }
  writeFileSync(join(root, STAMP), hash);
}

/**
 * @param {string} root
 * @param {import('esbuild').build} build
 */
async function compileServer(root, build) {
  const entryPoints = listFiles(join(root, 'src')).filter((path) => path.endsWith('.ts'));
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints,
    outdir: 'dist',
    outbase: 'src',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: true,
    sourcesContent: false,
    metafile: true,
    logLevel: 'error',
  });
  removeStale(root, new Set(Object.keys(metafile.outputs)));
}

/**
 * A module that is gone from src/ must not live on in dist/.
 *
 * @param {string} root
 * @param {ReadonlySet<string>} outputs
 */
function removeStale(root, outputs) {
  for (const path of listFiles(join(root, 'dist'))) {
    const output = relative(root, path).split(sep).join('/');
    if (!output.startsWith('dist/web/') && !outputs.has(output)) rmSync(path);
  }
}

/** @param {string} root */
async function bundleWeb(root) {
  const { buildWeb } = await import(pathToFileURL(join(root, 'web/build.mjs')).href);
  await buildWeb({ outdir: join(root, 'dist/web') });
}

/** @param {string} root */
function hashInputs(root) {
  const hash = createHash('sha1');
  for (const input of INPUTS) {
    for (const path of listFiles(join(root, input)).sort()) {
      hash
        .update(`${relative(root, path)}\0`)
        .update(readFileSync(path))
        .update('\0');
    }
  }
  return hash.digest('hex');
}

/** @param {string} root */
function readStamp(root) {
  try {
    return readFileSync(join(root, STAMP), 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * @param {string} path a file, or a folder to list to its depth
 * @returns {string[]} absolute paths; none where `path` does not exist
 */
function listFiles(path) {
  if (!existsSync(path)) return [];
  try {
    return readdirSync(path, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? listFiles(join(path, entry.name)) : [join(path, entry.name)],
    );
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOTDIR') return [path];
    throw error;
  }
}
