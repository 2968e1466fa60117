import { pino } from 'pino';
import type { PublishGrant } from '../../src/origin/publishing.js';
import { Channel, type ChannelOptions } from '../../src/origin/channel.js';

export const QUIET = {
  publishStarted: () => undefined,
  publishEnded: () => undefined,
  tookOver: () => undefined,
  partAdded: () => undefined,
  forcedBoundary: () => undefined,
  transcoderFailed: () => undefined,
};

/** A channel without a transcoder that tells nobody anything. */
export function newChannel(over: Partial<ChannelOptions> = {}): Channel {
  return new Channel({
    name: 'live',
    hls: { partTarget: 0.2, segmentTarget: 2, window: 30 },
    reconnectGrace: 10,
    takeover: { policy: 'silent', silence: 2 },
    ladder: () => [],
    createTranscoder: undefined,
    createPictureMaker: () => undefined,
    observer: QUIET,
    logger: pino({ level: 'silent' }),
    ...over,
  });
}

/** The answer to a publisher that has no rival: it comes at once. */
export function atOnce(grant: PublishGrant | Promise<PublishGrant>): PublishGrant {
  if (grant instanceof Promise) throw new Error('the publisher has to wait');
  return grant;
}

export const ATTEMPT = { app: 'live', streamKey: 'key-of-live', remoteAddress: '127.0.0.1', encoder: 'test' };
