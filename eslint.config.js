import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Bytes and times come into these rooms as arguments and leave as results. */
const PURE = ['src/media/**', 'src/rtmp/**', 'src/cmaf/**', 'src/hls/**', 'src/dash/**', 'src/diagnosis/**'];

/** What a pure room would reach the outside world with. */
const OUTSIDE_MODULES =
  '^(node:)?(net|tls|dgram|dns|http|https|http2|fs|fs/promises|timers|timers/promises|worker_threads|child_process|cluster|perf_hooks|os|process)$|^pino$';
const OUTSIDE_GLOBALS = [
  'setTimeout',
  'setInterval',
  'setImmediate',
  'performance',
  'fetch',
  'process',
  'console',
];

/** Packages that one room alone may know. */
const OWNED_PACKAGES = [
  { packages: ['uWebSockets.js'], room: 'src/http' },
  { packages: ['node-gyp-build', 'beamcoder'], room: 'src/transcode' },
];

/** @param {string | undefined} room the room that is looked at, such as src/http */
function foreignPackages(room) {
  return OWNED_PACKAGES.filter((owned) => owned.room !== room).flatMap((owned) =>
    owned.packages.map((name) => ({ name, message: `Only ${owned.room} may import ${name}.` })),
  );
}

const PURITY = 'This room touches no socket, timer, clock, file or logger: take it as an argument.';

export default defineConfig(
  globalIgnores(['dist/', 'build/', 'build-*/', 'prebuilds/', 'bench/results/', '.cache/', 'data/']),

  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: ['error', 'smart'],
      'no-console': 'error',
      'no-eval': 'error',
      'no-fallthrough': 'error',
      'no-param-reassign': 'error',
      'no-restricted-exports': [
        'error',
        { restrictDefaultExports: { direct: true, named: true, defaultFrom: true } },
      ],
      'no-restricted-imports': ['error', { paths: foreignPackages(undefined) }],
      'no-self-compare': 'error',
      'no-shadow-restricted-names': 'error',
      'no-sparse-arrays': 'error',
      'no-template-curly-in-string': 'error',
      'no-unmodified-loop-condition': 'error',
      'no-unreachable-loop': 'error',
      'no-unsafe-finally': 'error',
      'no-useless-return': 'error',
      'object-shorthand': 'error',
      'use-isnan': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/dot-notation': ['error', { allowIndexSignaturePropertyAccess: true }],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      '@typescript-eslint/no-empty-function': ['error', { allow: ['arrowFunctions', 'methods'] }],
      // It takes a state read before a call for the state after it.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/no-misused-spread': ['error', { allow: [{ from: 'lib', name: 'string' }] }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      // An index into bytes or pixels has a type that may be undefined where the loop's bounds say otherwise.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/prefer-promise-reject-errors': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
    },
  },

  ...OWNED_PACKAGES.map(({ room }) => ({
    files: [`${room}/**`],
    rules: {
      'no-restricted-imports': /** @type {const} */ (['error', { paths: foreignPackages(room) }]),
    },
  })),
  {
    files: PURE,
    rules: {
      'no-restricted-globals': ['error', ...OUTSIDE_GLOBALS.map((name) => ({ name, message: PURITY }))],
      'no-restricted-imports': [
        'error',
        { paths: foreignPackages(undefined), patterns: [{ regex: OUTSIDE_MODULES, message: PURITY }] },
      ],
      'no-restricted-properties': ['error', { object: 'Date', property: 'now', message: PURITY }],
      'no-restricted-syntax': [
        'error',
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: PURITY },
      ],
    },
  },

  {
    files: ['test/**'],
    rules: {
      // Readers written in JavaScript have no types, and mocks are often incomplete on purpose.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    // Tools find their configuration as the default export; declarations describe what others export.
    files: ['eslint.config.js', 'vitest.config.ts', '**/*.d.ts', '**/*.d.mts'],
    rules: { 'no-restricted-exports': 'off' },
  },
  {
    // In JavaScript a type is a comment, and a cast says what the checker cannot see.
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    rules: {
      'no-console': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    files: ['*.js', '*.cjs', 'web/*.mjs', '**/*.d.mts'],
    ...tseslint.configs.disableTypeChecked,
  },
);
