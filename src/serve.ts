import { networkInterfaces } from 'node:os';
import { loadConfig, type ChannelConfig, type Config } from './config.js';
import { createLogger, type Logger } from './logger.js';
import { startServer, type Server } from './server.js';
import { makeStreamKey, resolveChannels } from './stream-keys.js';

const DEFAULT_FILE = 'millrace.yaml';

const DEMO_CHANNEL = 'demo';

/** A shutdown that takes longer than this is cut short, and the exit code says so (ms). */
const SHUTDOWN_DEADLINE = 4500;

export interface ServeOptions {
  readonly configFile: string | undefined;
  readonly demo: boolean;
}

/** Runs the server until SIGTERM or SIGINT. */
export async function serve({ configFile, demo }: ServeOptions): Promise<void> {
  const loaded = loadConfig({ file: configFile, defaultFile: DEFAULT_FILE, env: process.env });
  const channels = resolveChannels(loaded.channels, loaded.dataDir);
  const config = { ...loaded, channels: demo ? withDemoChannel(channels) : channels };
  const logger = createLogger(config.log.level);
  // A signal may come while the ports are being opened.
  const stopped = stopSignal();
  const server = await startServer({ config, logger });
  if (config.channels.some((channel) => channel.record))
    logger.warn('recording is not available yet; "record" is ignored');
  process.stdout.write(hints(config, server));
  const publishing = demo ? await startDemo(config, server, logger) : undefined;
  await stopped;
  logger.info('shutting down');
  const deadline = setTimeout(() => {
    logger.error('shutdown took too long');
    process.exit(1);
  }, SHUTDOWN_DEADLINE);
  await publishing?.stop();
  await server.close();
  clearTimeout(deadline);
  logger.info('bye');
  process.exit(0);
}

function withDemoChannel(channels: ChannelConfig[]): ChannelConfig[] {
  if (channels.some((channel) => channel.name === DEMO_CHANNEL)) return channels;
  return [...channels, { name: DEMO_CHANNEL, streamKey: makeStreamKey(), record: false, push: [] }];
}

/** The synthetic source is loaded only for this: it brings its encoders with it. */
async function startDemo(config: Config, server: Server, logger: Logger): Promise<{ stop(): Promise<void> }> {
  const { startSyntheticPublish } = await import('./publish/synthetic-publish.js');
  const key = config.channels.find((channel) => channel.name === DEMO_CHANNEL)?.streamKey ?? '';
  const publishing = startSyntheticPublish({
    url: `rtmp://127.0.0.1:${String(server.rtmpPort)}/live/${key}`,
    logger: logger.child({ demo: true }),
  });
  publishing.done.catch((fault: unknown) => {
    logger.error({ err: fault }, 'the demo stopped');
  });
  return publishing;
}

/** What a newcomer types into OBS and opens in a browser. */
function hints(config: Config, server: Server): string {
  const address = reachableAddress(config.rtmp.host);
  const web = `http://${reachableAddress(config.http.host)}:${String(server.httpPort)}`;
  const lines = ['', 'Millrace is running.', ''];
  if (server.sourceOnly !== undefined) {
    lines.push(
      `  No transcoding: ${server.sourceOnly}`,
      '  Every channel has its source rendition only.',
      '',
    );
  }
  lines.push(
    'In OBS: Settings, Stream, Service "Custom...":',
    `  Server      rtmp://${address}:${String(server.rtmpPort)}/live`,
  );
  if (server.rtmpsPort !== undefined) {
    const secure = reachableAddress(config.rtmps.host);
    lines.push(`   encrypted  rtmps://${secure}:${String(server.rtmpsPort)}/live`);
  }
  for (const { name, streamKey } of config.channels) {
    lines.push('', `Channel "${name}"`, `  Stream key  ${streamKey}`, `  Watch       ${web}/watch/${name}`);
  }
  lines.push('', `All channels: ${web}/`, '', '');
  return lines.join('\n');
}

/** An address that others can type, where the server listens on all of them. */
function reachableAddress(host: string): string {
  if (host !== '0.0.0.0' && host !== '::') return host.includes(':') ? `[${host}]` : host;
  const external = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find((address) => address.family === 'IPv4' && !address.internal);
  return external?.address ?? '127.0.0.1';
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
}
