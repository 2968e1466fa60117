import { z } from 'zod';

const port = z.int().min(0).max(65_535);

const host = z.string().min(1);

/** Names that stand in URLs and file paths as they are. */
const name = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/i, 'letters, digits, "-" and "_", at most 64');

/** Names of renditions that the ladder cannot take. */
const RESERVED = ['source', 'audio'];

/** Bits per second: a number, or one with k or M behind it. */
const bitrate = z.union([z.number(), z.string()]).transform((value, context) => {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)([kM]?)$/.exec(String(value)) ?? [];
  const bits = Number(digits) * (unit === 'M' ? 1e6 : unit === 'k' ? 1e3 : 1);
  if (Number.isFinite(bits) && bits >= 10_000 && bits <= 100_000_000) return Math.round(bits);
  context.addIssue('a bit rate such as 1200k or 2.5M, from 10k to 100M');
  return z.NEVER;
});

const rung = z.strictObject({
  name: name.refine((value) => !RESERVED.includes(value), `other than ${RESERVED.join(' and ')}`),
  height: z.int().min(64).max(4320),
  videoBitrate: bitrate,
});

const uniqueNames = (list: readonly { name: string }[]): boolean =>
  new Set(list.map((x) => x.name)).size === list.length;

const channel = z.strictObject({
  name,
  /** What has no meaning of its own in an RTMP URL, so that it arrives as it was typed. */
  streamKey: z.string().regex(/^[\w.~!+=@-]{4,256}$/, '4 to 256 letters, digits and any of . _ ~ ! + = @ -'),
  /** Keep what is published. Taken already, so that configurations are portable; recording itself is to come. */
  record: z.boolean().default(false),
});

const channels = z
  .array(channel)
  .max(1000)
  .refine(uniqueNames, 'channels of different names')
  .refine(
    (list) => new Set(list.map((c) => c.streamKey)).size === list.length,
    'a stream key of its own for each channel',
  );

/** The whole configuration; every key has a default, and a key that is not here is a fault. */
export const configSchema = z.strictObject({
  http: z.strictObject({ host: host.default('0.0.0.0'), port: port.default(8080) }).prefault({}),
  rtmp: z.strictObject({ host: host.default('0.0.0.0'), port: port.default(1935) }).prefault({}),
  dataDir: z.string().min(1).default('./data'),
  log: z
    .strictObject({
      level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
    })
    .prefault({}),
  /** None given: the server makes one with a random key on its first start. */
  channels: channels.default([]),
  /** Seconds. */
  hls: z
    .strictObject({
      partTarget: z.number().min(0.1).max(2).default(0.2),
      segmentTarget: z.number().min(1).max(10).default(2),
      window: z.number().min(6).max(86_400).default(60),
    })
    .prefault({}),
  /** Seconds. */
  reconnectGrace: z.number().min(0).max(3600).default(10),
  ladder: z
    .union([
      z.enum(['auto', 'off']),
      z.array(rung).min(1).max(8).refine(uniqueNames, 'rungs of different names'),
    ])
    .default('auto'),
});

export type Config = z.output<typeof configSchema>;
export type ChannelConfig = Config['channels'][number];
export type LadderConfig = Config['ladder'];
