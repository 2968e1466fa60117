import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from './config.js';
import { HttpListener } from './http/listener.js';
import { Certificate } from './ingest/certificate.js';
import { configuredLimits } from './ingest/limits.js';
import { IngestListener, type ListenerOptions } from './ingest/listener.js';
import type { Logger } from './logger.js';
import { Metrics } from './metrics.js';
import { Channel } from './origin/channel.js';
import { Origin } from './origin/origin.js';
import { Relay } from './relay/relay.js';
import { loadAddon } from './transcode/addon.js';
import { resolveLadder } from './transcode/ladder.js';
import { createTranscoder } from './transcode/native-transcoder.js';
import { createThumbnailer } from './transcode/thumbnails.js';

/** Where the bundled pages are, beside the compiled server. */
const PAGES = join(fileURLToPath(new URL('.', import.meta.url)), 'web');

export interface ServerOptions {
  /** At least one channel is named in it. */
  readonly config: Config;
  readonly logger: Logger;
  /** Folder of the bundled pages; the one beside this file unless given. */
  readonly pages?: string;
}

/** A running server. */
export interface Server {
  readonly httpPort: number;
  readonly rtmpPort: number;
  /** Undefined without a certificate. */
  readonly rtmpsPort: number | undefined;
  /** Why only the source rendition is served; undefined when the ladder works. */
  readonly sourceOnly: string | undefined;
  /** Publishers are told, the last parts go out, ENDLIST, waiters are released. Safe to call twice. */
  close(): Promise<void>;
}

/** Publishers that know how to reconnect are served this long while they do (ms). */
const RECONNECT_PATIENCE = 1000;

/** Answers that are on their way when the server stops are given this long to leave (ms). */
const LAST_ANSWERS = 300;

/** Makes every part, hands each what it needs, and opens the ports. The one place that knows them all. */
export async function startServer({ config, logger, pages = PAGES }: ServerOptions): Promise<Server> {
  const metrics = new Metrics();
  const addon = loadAddon();
  const sourceOnly = addon.available ? undefined : addon.reason;
  const origin = new Origin(
    config.channels.map(({ name, streamKey }) => ({
      streamKey,
      channel: new Channel({
        name,
        hls: config.hls,
        reconnectGrace: config.reconnectGrace,
        takeover: config.rtmp.takeover,
        ladder: (source) => resolveLadder(config.ladder, source),
        createTranscoder: addon.available
          ? (source, rungs, listener) => createTranscoder({ source, rungs }, listener)
          : undefined,
        createPictureMaker: createThumbnailer,
        observer: metrics.origin,
        logger: logger.child({ channel: name }),
      }),
    })),
  );
  const relay = new Relay();
  for (const { name, push } of config.channels) {
    const channel = origin.channel(name);
    if (channel !== undefined) relay.push(channel, push, logger.child({ channel: name }));
  }
  let ready = false;
  const http = new HttpListener({
    ...config.http,
    origin,
    rtmpPort: () => ingest.port,
    pushes: (channel) => relay.statusOf(channel),
    pages,
    observer: metrics.http,
    metrics: async () => ({
      body: await metrics.registry.metrics(),
      contentType: metrics.registry.contentType,
    }),
    isReady: () => ready,
  });
  const ingest = new IngestListener({
    host: config.rtmp.host,
    port: config.rtmp.port,
    secure: securePort(config.rtmps, logger),
    limits: configuredLimits(config.rtmp.limits),
    target: origin,
    play: config.rtmp.play ? { source: origin, observer: metrics.play } : undefined,
    logger,
    observer: metrics.ingest,
  });
  metrics.watch({
    waiters: () => http.waiters,
    channels: () => origin.channels,
    pushes: (channel) => relay.statusOf(channel),
  });
  await http.listen();
  try {
    await ingest.listen();
  } catch (fault) {
    http.close();
    throw fault;
  }
  ready = true;

  const close = async (): Promise<void> => {
    ready = false;
    ingest.stopAccepting();
    await ingest.askToReconnect(RECONNECT_PATIENCE);
    await origin.close();
    await Promise.all([relay.close(), ingest.close()]);
    // Answers to released waiters are in the sockets' buffers now: close when they had a chance to leave.
    http.stopListening();
    await new Promise((resolve) => setTimeout(resolve, LAST_ANSWERS));
    http.close();
  };
  let closing: Promise<void> | undefined;
  return {
    httpPort: http.port,
    rtmpPort: ingest.port,
    rtmpsPort: ingest.securePort,
    sourceOnly: config.ladder === 'off' ? undefined : sourceOnly,
    close: () => (closing ??= close()),
  };
}

/** The port for RTMPS, where a certificate is configured. */
function securePort({ host, port, cert, key }: Config['rtmps'], logger: Logger): ListenerOptions['secure'] {
  if (cert === undefined || key === undefined) return undefined;
  return { host, port, certificate: new Certificate({ cert, key }, logger) };
}
