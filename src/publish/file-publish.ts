import { readFile, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { MillraceError } from '../errors.js';
import type { Logger } from '../logger.js';
import { readFlv } from '../rtmp/flv-file.js';
import { parseAudioTag, parseVideoTag } from '../rtmp/flv-tag.js';
import type { MediaKind } from '../rtmp/send-gate.js';
import { keepPublishing, type Publishing } from './keep-publishing.js';
import type { RtmpPublisher } from './publisher.js';

export interface FilePublishOptions {
  /** `rtmp://host[:port]/app/key`. */
  readonly url: string;
  /** An FLV file. */
  readonly file: string;
  /** Begins again when the file ends, with timestamps that go on. */
  readonly loop?: boolean;
  readonly logger: Logger;
}

/** The whole file is held in memory. */
export const MAX_FILE_BYTES = 1024 * 1024 * 1024;
/** Further behind than this the time lost is left out instead of made up for (ms). */
const MAX_LATE = 2000;
/** Taken for the length of the last frame of a file that has one frame only (ms). */
const DEFAULT_FRAME = 40;

/** One message of the file. */
export interface FileMessage {
  readonly type: 'audio' | 'video';
  readonly kind: MediaKind;
  /** ms from the file's first message. */
  readonly timestamp: number;
  readonly body: Buffer;
}

/**
 * Publishes an FLV file in real time, once or for ever; each connection begins at the file's start. `done` rejects with
 * CONFIG_INVALID when the file cannot be read and FLV_MALFORMED when it is not FLV or holds nothing to publish.
 */
export function startFilePublish({ url, file, loop = false, logger }: FilePublishOptions): Publishing {
  let messages: FileMessage[] | undefined;
  return keepPublishing({
    url,
    logger,
    prepare: async () => {
      messages = readMessages(await load(file));
    },
    stream: (publisher, signal) => streamFile(publisher, messages ?? [], loop, signal),
  });
}

/** The audio and video messages of an FLV file, timestamps from 0. Throws FLV_MALFORMED. */
export function readMessages(bytes: Buffer): FileMessage[] {
  const messages: FileMessage[] = [];
  for (const { type, timestamp, body } of readFlv(bytes)) {
    if (type === 'script') continue;
    const kind = type === 'video' ? videoKind(body) : audioKind(body);
    if (kind === undefined) continue;
    messages.push({ type, kind, timestamp, body });
  }
  if (messages.every(({ kind }) => kind === 'config'))
    throw new MillraceError('FLV_MALFORMED', 'the file holds no audio and no video');
  const start = messages.reduce((least, { timestamp }) => Math.min(least, timestamp), Infinity);
  return messages.map((message) => ({ ...message, timestamp: message.timestamp - start }));
}

/** How long one pass of the file lasts, the last frame included: 1 ms at least. */
export function passLength(messages: readonly FileMessage[]): number {
  const ends = (['audio', 'video'] as const).map((type) => {
    const times = messages.filter((message) => message.type === type && message.kind !== 'config');
    const [last, before] = [times.at(-1), times.at(-2)];
    if (last === undefined) return 0;
    return last.timestamp + (before === undefined ? DEFAULT_FRAME : last.timestamp - before.timestamp);
  });
  return Math.max(1, ...ends);
}

async function load(file: string): Promise<Buffer> {
  try {
    const { size } = await stat(file);
    if (size > MAX_FILE_BYTES) throw new Error(`larger than ${String(MAX_FILE_BYTES)} bytes`);
    return await readFile(file);
  } catch (fault) {
    throw new MillraceError('CONFIG_INVALID', `the file cannot be published: ${(fault as Error).message}`);
  }
}

async function streamFile(
  publisher: RtmpPublisher,
  messages: readonly FileMessage[],
  loop: boolean,
  signal: AbortSignal,
): Promise<boolean> {
  const length = passLength(messages);
  let start = performance.now();
  const passes = loop ? Number.POSITIVE_INFINITY : 1;
  for (let pass = 0; pass < passes; pass++) {
    for (const { type, kind, timestamp, body } of messages) {
      if (pass > 0 && kind === 'config') continue;
      const time = pass * length + timestamp;
      const early = start + time - performance.now();
      if (early > 0) await delay(early, undefined, { signal }).catch(() => undefined);
      else if (-early > MAX_LATE) start -= early;
      if (signal.aborted || !publisher.isOpen) return false;
      publisher.media(type, time >>> 0, body, kind);
    }
  }
  return true;
}

/** Undefined for what need not be sent. */
function videoKind(body: Buffer): MediaKind | undefined {
  const tags = parseVideoTag(body);
  if (tags.some(({ type }) => type === 'config')) return 'config';
  const frames = tags.filter((tag) => tag.type === 'frame');
  if (frames.length > 0) return frames.some(({ keyframe }) => keyframe) ? 'keyframe' : 'inter';
  return tags.some(({ type }) => type === 'unsupported') ? 'inter' : undefined;
}

function audioKind(body: Buffer): MediaKind | undefined {
  const tags = parseAudioTag(body);
  if (tags.some(({ type }) => type === 'config')) return 'config';
  return tags.every(({ type }) => type === 'nothing') ? undefined : 'audio';
}
