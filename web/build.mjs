/**
 * Builds the viewer's pages: TypeScript and CSS bundled by esbuild, every asset under a name that carries the
 * hash of its content (so it may be cached for ever), and the HTML rewritten to those names.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const pages = ['watch.html', 'index.html'];
const entries = ['watch.ts', 'index.ts', 'styles.css', 'logo.svg'];

/**
 * Parts of hls.js for things this server never sends: DRM, subtitles, interstitials, trick play, steering, CMCD.
 * They are referenced only by the default configuration, where hls.js itself allows `undefined` (its own "light"
 * build is made so), and fall out of the bundle once that reference is gone.
 */
const unusedHlsModules = {
  subtitleStreamController: 'SubtitleStreamController',
  subtitleTrackController: 'SubtitleTrackController',
  timelineController: 'TimelineController',
  emeController: 'EMEController',
  cmcdController: 'CMCDController',
  contentSteeringController: 'ContentSteeringController',
  iframeController: 'IFrameController',
  interstitialsController: 'InterstitialsController',
};

/**
 * The fragment tracker takes a part of media sequence number 0 for no part at all, and then loads the last part of
 * the presentation's very first segment over and over (hls.js 1.7.4, detectEvictedFragments).
 */
const falsyZero = [
  '(appendedPart == null ? void 0 : appendedPart.fragment.sn) || -1',
  'appendedPart?.fragment.sn ?? -1',
];

const fitHls = {
  name: 'fit-hls',
  setup(context) {
    context.onLoad({ filter: /hls\.js[\\/]dist[\\/]hls\.mjs$/ }, async ({ path }) => {
      let source = await readFile(path, 'utf8');
      for (const [key, name] of Object.entries(unusedHlsModules)) {
        const entry = new RegExp(`^  ${key}: ${name}\\b`, 'm');
        if (!entry.test(source)) throw new Error(`hls.js no longer configures ${key} as expected`);
        source = source.replace(entry, `  ${key}: undefined`);
      }
      if (!source.includes(falsyZero[0])) throw new Error('hls.js has changed its fragment tracker');
      source = source.replace(...falsyZero);
      // A static member set outside its class counts as a side effect and would keep the class.
      return { contents: source.replace(/^EMEController\.\w+ = .*$/m, ''), loader: 'js' };
    });
  },
};

/**
 * @param {{ outdir: string }} options the folder to fill; it is emptied first
 * @returns {Promise<{ bytes: number, gzipBytes: number, files: string[] }>} sizes of all that was written
 */
export async function buildWeb({ outdir }) {
  await rm(outdir, { recursive: true, force: true });
  const assets = join(outdir, 'assets');
  const result = await build({
    absWorkingDir: here,
    entryPoints: entries,
    bundle: true,
    minify: true,
    splitting: true,
    format: 'esm',
    target: ['es2022', 'chrome103', 'firefox104', 'safari16'],
    loader: { '.svg': 'copy' },
    legalComments: 'eof',
    outdir: assets,
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    plugins: [fitHls],
    metafile: true,
    write: false,
    logLevel: 'warning',
  });

  const hashed = new Map();
  for (const [path, output] of Object.entries(result.metafile.outputs)) {
    const url = `/assets/${basename(path)}`;
    const source = output.entryPoint ?? Object.keys(output.inputs)[0];
    if (source !== undefined && !hashed.has(source)) hashed.set(source, url);
  }

  const files = new Map(result.outputFiles.map((file) => [`assets/${basename(file.path)}`, file.contents]));
  for (const page of pages) {
    const html = await readFile(join(here, page), 'utf8');
    const rewritten = html.replace(/(?<=(?:src|href)=")\.\/([\w.-]+)(?=")/g, (_, name) => {
      const url = hashed.get(name);
      if (url === undefined) throw new Error(`${page} refers to ${name}, which is not built`);
      return url;
    });
    files.set(page, Buffer.from(rewritten));
  }
  // hls.js is under the Apache License 2.0, which asks for its text to come with it.
  const licence = fileURLToPath(new URL('../LICENSE', import.meta.resolve('hls.js')));
  files.set('assets/hls.js-licence.txt', await readFile(licence));
  return await writeAll(outdir, files);
}

/** Writes the files, each with a gzipped twin (`.gz`) beside it. */
async function writeAll(outdir, files) {
  await mkdir(join(outdir, 'assets'), { recursive: true });
  let bytes = 0;
  let gzipBytes = 0;
  for (const [name, contents] of files) {
    const path = join(outdir, name);
    const gzip = gzipSync(contents, { level: 9 });
    await writeFile(path, contents);
    await writeFile(`${path}.gz`, gzip);
    bytes += contents.byteLength;
    gzipBytes += gzip.byteLength;
  }
  return { bytes, gzipBytes, files: [...files.keys()] };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const outdir = process.argv[2] ?? join(here, '..', 'dist', 'web');
  const { bytes, gzipBytes, files } = await buildWeb({ outdir });
  console.log(`${files.length} files, ${bytes} bytes (${gzipBytes} gzipped) in ${relative('.', outdir)}`);
}
