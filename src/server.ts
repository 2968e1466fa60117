import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from './config.js';
import { HttpListener } from './http/listener.js';
import { IngestListener } from './ingest/listener.js';
import type { Logger } from './logger.js';
import { Metrics } from './metrics.js';
import { Channel } from './origin/channel.js';
import { Origin } from './origin/origin.js';
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
  /** Why only the source rendition is served; undefined when the ladder works. */
  readonly sourceOnly: string | undefined;
  /** Publishers are told, the last parts go out, ENDLIST, waiters are released. Safe to call twice. */
  close(): Promise<void>;
}

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
  let ready = false;
  const http = new HttpListener({
    ...config.http,
    origin,
    rtmpPort: () => ingest.port,
    pages,
    observer: metrics.http,
    metrics: async () => ({
      body: await metrics.registry.metrics(),
      contentType: metrics.registry.contentType,
    }),
    isReady: () => ready,
  });
  const ingest = new IngestListener({ ...config.rtmp, target: origin, logger, observer: metrics.ingest });
  metrics.watch({ waiters: () => http.waiters, channels: () => origin.channels });
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
    await origin.close();
    await ingest.close();
    // Answers to released waiters are in the sockets' buffers now: close when they had a chance to leave.
    http.stopListening();
    await new Promise((resolve) => setTimeout(resolve, LAST_ANSWERS));
    http.close();
  };
  let closing: Promise<void> | undefined;
  return {
    httpPort: http.port,
    rtmpPort: ingest.port,
    sourceOnly: config.ladder === 'off' ? undefined : sourceOnly,
    close: () => (closing ??= close()),
  };
}
