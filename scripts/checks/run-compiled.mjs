import { basename, join } from 'node:path';
import { runVisibly, wasInterrupted } from './child.mjs';

/**
 * Compiles one file of test/, with what it uses, and runs it in the root.
 *
 * @param {string} root
 * @param {string} entry such as test/fuzz/main.ts
 * @param {readonly string[]} args
 * @returns {Promise<number>} its exit code
 */
export async function runCompiled(root, entry, args) {
  const { build, stop } = await import('esbuild');
  const outfile = join(
    root,
    '.cache',
    'tools',
    `${basename(join(entry, '..'))}-${basename(entry, '.ts')}.mjs`,
  );
  await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'error',
  });
  await stop();
  const code = await runVisibly([process.execPath, '--enable-source-maps', outfile, ...args], { cwd: root });
  return wasInterrupted() ? 130 : code;
}
