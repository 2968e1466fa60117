import { readFileSync } from 'node:fs';
import { parse as parseYaml, YAMLParseError } from 'yaml';
import { z } from 'zod';
import { configSchema, type Config } from './config-schema.js';
import { MillraceError } from './errors.js';

export type { ChannelConfig, Config, LadderConfig, RtmpLimitsConfig } from './config-schema.js';

const ENV_PREFIX = 'MILLRACE_';

/** Variables of the prefix that belong to set-up and tests, not to the configuration. */
const OTHER_VARIABLES = new Set(['MILLRACE_SETUP', 'MILLRACE_NO_ADDON']);

export interface ConfigSources {
  /** File named on the command line; it must exist. */
  readonly file: string | undefined;
  /** Read when no file is named, if it exists. */
  readonly defaultFile: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads the configuration: defaults, then the file, then the environment, which wins.
 *
 * @throws MillraceError CONFIG_UNREADABLE, or CONFIG_INVALID with every fault in its message, one a line
 */
export function loadConfig(sources: ConfigSources): Config {
  const raw = readFile(sources);
  const faults: string[] = [];
  applyEnvironment(raw, sources.env, faults);
  const result = configSchema.safeParse(raw);
  if (!result.success) faults.push(...result.error.issues.flatMap((issue) => describeIssue(issue, raw)));
  if (!result.success || faults.length > 0) {
    throw new MillraceError(
      'CONFIG_INVALID',
      `the configuration has faults:\n${faults.map((f) => `  ${f}`).join('\n')}`,
    );
  }
  return result.data;
}

/** What is wrong and where, without the line itself: it may hold a stream key. */
function describeYamlFault(fault: unknown): string {
  if (!(fault instanceof YAMLParseError)) return 'unreadable';
  const at = fault.linePos?.[0];
  return at === undefined ? fault.code : `${fault.code} at line ${String(at.line)}, column ${String(at.col)}`;
}

type Tree = Record<string, unknown>;

function readFile({ file, defaultFile }: ConfigSources): Tree {
  const path = file ?? defaultFile;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if (file === undefined && (cause as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new MillraceError('CONFIG_UNREADABLE', `cannot read ${path}: ${(cause as Error).message}`, {
      cause,
    });
  }
  let value: unknown;
  try {
    value = parseYaml(text) ?? {};
  } catch (fault) {
    throw new MillraceError('CONFIG_UNREADABLE', `${path} is not YAML: ${describeYamlFault(fault)}`);
  }
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new MillraceError('CONFIG_UNREADABLE', `${path} must hold keys and values`);
  }
  return value as Tree;
}

/** Every leaf of the schema by the name of its variable: `hls.partTarget` is MILLRACE_HLS_PART_TARGET. */
function leaves(
  schema: z.ZodType = configSchema,
  path: readonly string[] = [],
): Map<string, readonly string[]> {
  const inner = unwrap(schema);
  const found = new Map<string, readonly string[]>();
  if (inner instanceof z.ZodObject) {
    for (const [key, child] of Object.entries(inner.shape)) {
      for (const [name, leaf] of leaves(child as z.ZodType, [...path, key])) found.set(name, leaf);
    }
  } else found.set(variableName(path), path);
  return found;
}

function unwrap(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)
    return unwrap(schema.unwrap() as z.ZodType);
  return schema;
}

function variableName(path: readonly string[]): string {
  return (
    ENV_PREFIX + path.map((key) => key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()).join('_')
  );
}

function applyEnvironment(raw: Tree, env: ConfigSources['env'], faults: string[]): void {
  const known = leaves();
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith(ENV_PREFIX) || OTHER_VARIABLES.has(variable) || text === undefined) continue;
    const path = known.get(variable);
    if (path === undefined)
      faults.push(`${variable}: expected a known variable, found one that means nothing`);
    else assign(raw, path, fromText(path, text));
  }
}

/** Lists and numbers are read as YAML; keys that are text stay text, whatever they look like. */
function fromText(path: readonly string[], text: string): unknown {
  const isText = ['dataDir', 'host', 'cert', 'key'].includes(path.at(-1) ?? '');
  if (isText) return text;
  try {
    return parseYaml(text) as unknown;
  } catch {
    return text;
  }
}

function assign(tree: Tree, path: readonly string[], value: unknown): void {
  const [key, ...rest] = path;
  if (key === undefined) return;
  if (rest.length === 0) {
    tree[key] = value;
    return;
  }
  const child = tree[key];
  const next: Tree = typeof child === 'object' && child !== null && !Array.isArray(child) ? { ...child } : {};
  tree[key] = next;
  assign(next, rest, value);
}

/** `hls.window: expected …, found …`, one line for each key that is wrong. */
function describeIssue(issue: z.core.$ZodIssue, raw: Tree): string[] {
  const where = issue.path.map(String).join('.') || '(top level)';
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const path = [...issue.path.map(String), key].join('.');
      return `${path}: expected a known key, found one that means nothing`;
    });
  }
  return [`${where}: expected ${expectation(issue)}, found ${show(lookUp(raw, issue.path), where)}`];
}

function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.expected === 'int' ? 'a whole number' : `a value of type ${issue.expected}`;
    case 'too_small':
      return `at least ${String(issue.minimum)}`;
    case 'too_big':
      return `at most ${String(issue.maximum)}`;
    case 'invalid_value':
      return issue.values.map(String).join(' or ');
    case 'invalid_union':
      return unionExpectation(issue);
    default:
      return issue.message;
  }
}

/** The fault of the alternative that got furthest, so that a bad rung is named rather than "not auto, not off". */
function unionExpectation(issue: z.core.$ZodIssueInvalidUnion): string {
  const deep = issue.errors.flat().find((inner) => inner.path.length > 0);
  const inner = issue.errors.flat();
  if (deep !== undefined) return `${deep.path.map(String).join('.')} to be ${expectation(deep)}`;
  return inner.map(expectation).join(', or ') || issue.message;
}

function lookUp(raw: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key],
    raw,
  );
}

/** Where stream keys stand, ours and those of servers that are pushed to, and where a private key may stand by mistake. */
const SECRET_KEYS = ['streamKey', 'push', 'key', 'cert'];

/** A stream key is a secret even when it is wrong. */
function show(value: unknown, where: string): string {
  if (value === undefined) return 'nothing';
  const isSecret =
    SECRET_KEYS.some((key) => where.split('.').includes(key)) ||
    (/^channels(\.\d+)?$/.test(where) && typeof value === 'string');
  if (isSecret) return 'another value (not shown)';
  const text = JSON.stringify(value, (key, inner: unknown) => (SECRET_KEYS.includes(key) ? '…' : inner));
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
