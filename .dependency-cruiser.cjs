// Import directions: who may know whom inside src/. What is not listed is an error.

/** Known to the rooms that work with the outside world; the pure rooms get none of it but the errors. */
const COMMON = ['errors.ts', 'config.ts', 'logger.ts'];

/** @type {Record<string, string[]>} room -> what it may import besides itself */
const ROOMS = {
  'media/': ['errors.ts'],
  'rtmp/': ['errors.ts', 'media/'],
  'cmaf/': ['errors.ts', 'media/'],
  'diagnosis/': ['errors.ts', 'media/'],
  'hls/': ['errors.ts', 'origin/snapshot.ts', 'media/'],
  'dash/': ['errors.ts', 'origin/snapshot.ts', 'media/'],
  'transcode/': [...COMMON, 'media/'],
  'origin/': [...COMMON, 'transcode/', 'cmaf/', 'diagnosis/', 'media/'],
  'ingest/': [...COMMON, 'origin/', 'rtmp/', 'media/'],
  'publish/': [...COMMON, 'origin/', 'rtmp/', 'transcode/', 'media/'],
  // Judges any server, ours too, so it knows nothing of ours but the readers of codec configurations.
  'check/': ['errors.ts', 'media/'],
  'relay/': [...COMMON, 'origin/', 'publish/', 'rtmp/', 'media/'],
  'http/': [...COMMON, 'hls/', 'dash/', 'origin/', 'diagnosis/', 'relay/push-status.ts'],
  'errors.ts': [],
  'config-schema.ts': ['errors.ts'],
  'config.ts': ['errors.ts', 'config-schema.ts'],
  'logger.ts': ['errors.ts', 'config.ts'],
  'stream-keys.ts': ['errors.ts', 'config.ts', 'logger.ts'],
  'channel-counts.ts': [],
  // Implements the observers that the rooms declare; no room knows it.
  'metrics.ts': [
    'channel-counts.ts',
    'ingest/',
    'origin/',
    'transcode/',
    'http/',
    'publish/',
    'relay/push-status.ts',
  ],
};

/** These put the rooms together, each on top of the next; no room knows them. */
const COMPOSITION = ['main.ts', 'serve.ts', 'doctor.ts', 'server.ts'];

const pattern = (/** @type {string} */ room) =>
  `^src/${room.replace('.', '\\.')}${room.endsWith('/') ? '' : '$'}`;

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'A cycle means that two files are one idea, or that a seam is missing.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unresolved',
      severity: 'error',
      comment: 'An import that leads nowhere.',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'only-dependencies',
      severity: 'error',
      comment: 'What the server imports is installed with it: no development dependency.',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'composition-is-on-top',
      severity: 'error',
      comment: 'The composition root knows everything, so nothing may know it.',
      from: { path: '^src/', pathNot: COMPOSITION.map(pattern) },
      to: { path: COMPOSITION.map(pattern) },
    },
    {
      name: 'every-room-is-listed',
      severity: 'error',
      comment: 'A new room, or a new file beside the rooms, gets its line in the table above.',
      from: { path: '^src/', pathNot: [...COMPOSITION, ...Object.keys(ROOMS)].map(pattern) },
      to: {},
    },
    ...Object.entries(ROOMS).map(([room, allowed]) => ({
      name: `imports-of-${room.replace(/\W+$/, '').replace('.', '-')}`,
      severity: 'error',
      comment: `src/${room} may import ${[...allowed, 'itself'].join(', ')}.`,
      from: { path: pattern(room) },
      to: { path: '^src/', pathNot: [room, ...allowed].map(pattern) },
    })),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      conditionNames: ['import', 'node', 'default', 'types'],
      exportsFields: ['exports'],
    },
  },
};
