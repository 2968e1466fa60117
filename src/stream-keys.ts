import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChannelConfig } from './config.js';

const FILE = 'channels.json';

/**
 * The channels to serve: those configured or, when there are none, a channel "live" whose random key is made on the
 * first start and kept in the data directory, readable by its owner only.
 */
export function resolveChannels(configured: readonly ChannelConfig[], dataDir: string): ChannelConfig[] {
  if (configured.length > 0) return [...configured];
  return [{ name: 'live', streamKey: keptKey(dataDir), record: false }];
}

/** 120 random bits: nobody guesses it. */
export const makeStreamKey = (): string => randomBytes(15).toString('base64url');

function keptKey(dataDir: string): string {
  const file = join(dataDir, FILE);
  try {
    const kept = JSON.parse(readFileSync(file, 'utf8')) as { live?: unknown };
    if (typeof kept.live === 'string' && kept.live !== '') return kept.live;
  } catch {
    // Not there yet, or damaged: a new key is made below.
  }
  const key = makeStreamKey();
  mkdirSync(dataDir, { recursive: true });
  writeFileSync(file, `${JSON.stringify({ live: key }, undefined, 2)}\n`, { mode: 0o600 });
  return key;
}
