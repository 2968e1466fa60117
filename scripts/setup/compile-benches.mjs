import { join } from 'node:path';

/** Modules that run in a process of their own. */
const ENTRY_POINTS = [
  'bench/main.ts',
  'bench/ingest/ingest-alone.ts',
  'bench/ingest/load-generator.ts',
  'bench/ingest/node-floor.ts',
  'bench/ingest/parser.ts',
  'bench/long-stream/replay-child.ts',
];

/**
 * Compiles bench/, with what it uses of src/, to .cache/bench.
 *
 * @param {string} root
 * @returns {Promise<string>} the folder, which has the shape of bench/
 */
export async function compileBenches(root) {
  const { build, stop } = await import('esbuild');
  const outdir = join(root, '.cache/bench');
  await build({
    absWorkingDir: root,
    entryPoints: ENTRY_POINTS,
    outdir,
    outbase: 'bench',
    bundle: true,
    splitting: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'error',
  });
  await stop();
  return outdir;
}
