import { z } from 'zod';

const port = z.int().min(0).max(65_535);

const host = z.string().min(1);

/** One line: whoever puts a certificate itself there is told so. */
const path = z.string().regex(/^[^\r\n]+$/, 'the path of a file');

/** Names that stand in URLs and file paths as they are. */
const name = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/i, 'letters, digits, "-" and "_", at most 64');

/** Names of renditions that the ladder cannot take. */
const RESERVED = /^(source|audio(-\d+)?)$/;

/** Bits per second: a number, or one with k or M behind it. */
const bitrate = z.union([z.number(), z.string()]).transform((value, context) => {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)([kM]?)$/.exec(String(value)) ?? [];
  const bits = Number(digits) * (unit === 'M' ? 1e6 : unit === 'k' ? 1e3 : 1);
  if (Number.isFinite(bits) && bits >= 10_000 && bits <= 100_000_000) return Math.round(bits);
  context.addIssue('a bit rate such as 1200k or 2.5M, from 10k to 100M');
  return z.NEVER;
});

/** Bytes: a number, or one with k or M behind it. */
const size = z.union([z.number(), z.string()]).transform((value, context) => {
  const [, digits, unit] = /^(\d+)([kM]?)$/.exec(String(value)) ?? [];
  const bytes = Number(digits) * (unit === 'M' ? 2 ** 20 : unit === 'k' ? 2 ** 10 : 1);
  if (Number.isFinite(bytes) && bytes >= 1024 && bytes <= 2 ** 28) return bytes;
  context.addIssue('a size in bytes such as 256k or 8M, from 1k to 256M');
  return z.NEVER;
});

const seconds = z.number().min(0.1).max(3600);

const count = z.int().min(1).max(1_000_000);

/** What RTMP peers may do, where it is other than the ingest's own defaults. */
const rtmpLimits = z
  .strictObject({
    handshakeTimeout: seconds,
    connectTimeout: seconds,
    publishTimeout: seconds,
    mediaTimeout: seconds,
    connections: count,
    connectionsPerAddress: count,
    publishers: count,
    players: count,
    maxBitrate: bitrate,
    outputBytes: size,
    videoMessage: size,
    audioMessage: size,
    commandMessage: size,
    dataMessage: size,
    partialBytes: size,
    chunkStreams: count,
    commandsPerSecond: count,
    smallChunksPerSecond: count,
  })
  .partial()
  .prefault({});

const takeover = z
  .strictObject({
    policy: z.enum(['silent', 'always', 'never']).default('silent'),
    silence: z.number().min(0.5).max(60).default(2),
  })
  .prefault({});

const rung = z.strictObject({
  name: name.refine((value) => !RESERVED.test(value), 'other than source, audio and audio-2, -3 ...'),
  height: z.int().min(64).max(4320),
  videoBitrate: bitrate,
});

const uniqueNames = (list: readonly { name: string }[]): boolean =>
  new Set(list.map((x) => x.name)).size === list.length;

/** Where a channel is sent on to; the last part of the path is the key there. */
const pushUrl = z
  .string()
  .max(1024)
  .refine(
    (text) => URL.canParse(text) && /^rtmps?:\/\/[^/?#]+\/[^?#]+\/[^/#]+$/i.test(text),
    'a URL such as rtmp://host/app/key or rtmps://host/app/key',
  );

/** A bare URL, or one with the codecs beside H.264, AAC and MP3 that the target takes without saying so. */
const pushTarget = z
  .union([
    pushUrl,
    z.strictObject({
      url: pushUrl,
      codecs: z.array(z.enum(['hevc', 'av1', 'vp9', 'opus', 'flac', 'ac3', 'eac3'])).max(7),
    }),
  ])
  .transform((target) => (typeof target === 'string' ? { url: target, codecs: [] } : target));

const channel = z.strictObject({
  name,
  /** What has no meaning of its own in an RTMP URL, so that it arrives as it was typed. */
  streamKey: z.string().regex(/^[\w.~!+=@-]{4,256}$/, '4 to 256 letters, digits and any of . _ ~ ! + = @ -'),
  /** Keep what is published. Taken already, so that configurations are portable; recording itself is to come. */
  record: z.boolean().default(false),
  /** Other servers that get what is published, as it comes. */
  push: z.array(pushTarget).max(8).default([]),
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
  rtmp: z
    .strictObject({
      host: host.default('0.0.0.0'),
      port: port.default(1935),
      /** Whether channels can be played over RTMP, by name. */
      play: z.boolean().default(true),
      takeover,
      limits: rtmpLimits,
    })
    .prefault({}),
  /** Off without a certificate. Paths of PEM files. */
  rtmps: z
    .strictObject({
      host: host.default('0.0.0.0'),
      port: port.default(1936),
      cert: path.optional(),
      key: path.optional(),
    })
    .refine(({ cert, key }) => (cert === undefined) === (key === undefined), 'cert and key, or neither')
    .prefault({}),
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
export type RtmpLimitsConfig = Config['rtmp']['limits'];
