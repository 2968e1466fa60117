import { pino } from 'pino';
import { Channel, type ChannelOptions } from '../../src/origin/channel.js';

export const QUIET = {
  publishStarted: () => undefined,
  publishEnded: () => undefined,
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
    ladder: () => [],
    createTranscoder: undefined,
    createPictureMaker: () => undefined,
    observer: QUIET,
    logger: pino({ level: 'silent' }),
    ...over,
  });
}

export const ATTEMPT = { app: 'live', streamKey: 'key-of-live', remoteAddress: '127.0.0.1', encoder: 'test' };
