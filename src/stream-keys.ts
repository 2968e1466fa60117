import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChannelConfig } from './config.js';
import { MillraceError } from './errors.js';

const FILE = 'channels.json';

/**
 * The channels to serve: those configured or, when there are none, a channel "live" whose random key is made on the
 * first start and kept in the data directory, readable by its owner only.
 */
export function resolveChannels(configured: readonly ChannelConfig[], dataDir: string): ChannelConfig[] {
  if (configured.length > 0) return [...configured];
  return [{ name: 'live', streamKey: keptKey(dataDir), record: false, push: [] }];
}

/** 120 random bits: nobody guesses it. */
export const makeStreamKey = (): string => randomBytes(15).toString('base64url');

/** @throws MillraceError DATA_UNUSABLE: a key that streamers use is never replaced in silence */
function keptKey(dataDir: string): string {
  const file = join(dataDir, FILE);
  try {
    const kept = readKept(file);
    if (kept !== undefined) return kept;
    const key = makeStreamKey();
    mkdirSync(dataDir, { recursive: true });
    writeFileSync(`${file}.new`, `${JSON.stringify({ live: key }, undefined, 2)}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
    return key;
  } catch (cause) {
    throw new MillraceError('DATA_UNUSABLE', `${file}: ${(cause as Error).message}`, { cause });
  }
}

function readKept(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  const kept = JSON.parse(readFileSync(file, 'utf8')) as { live?: unknown };
  if (typeof kept.live === 'string' && kept.live !== '') return kept.live;
  throw new Error('holds no stream key; remove it to have a new one made');
}
