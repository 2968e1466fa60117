// The ingest without what comes behind it: RTMP in, access units placed on their timeline, and thrown away. What a
// server does that only takes streams in.
import { pino } from 'pino';
import { IngestListener } from '../../src/ingest/listener.js';
import type { IngestObserver } from '../../src/ingest/observer.js';
import type { PublishTarget } from '../../src/origin/publishing.js';

const nothing = (): void => undefined;

const target: PublishTarget = {
  publish: ({ streamKey }) => ({
    accepted: true,
    channel: streamKey,
    publishId: streamKey,
    session: { event: nothing, metadata: nothing, ignored: nothing, end: nothing },
  }),
};

const observer: IngestObserver = {
  connectionOpened: nothing,
  connectionClosed: nothing,
  connectionRejected: nothing,
  publishStarted: nothing,
  publishEnded: nothing,
  publishRefused: nothing,
  bytesIn: nothing,
  unit: nothing,
  messageIgnored: nothing,
  fault: nothing,
};

const port = Number(process.argv[2]);
const listener = new IngestListener({
  host: '127.0.0.1',
  port,
  target,
  observer,
  logger: pino({ level: 'silent' }),
});
await listener.listen();
