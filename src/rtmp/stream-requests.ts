import type { Command } from './messages/command.js';
import type { ConnectRequest } from './messages/connect.js';
import type { PlayRequest, PublishRequest } from './session-results.js';
import { isUsableName, normaliseStreamName } from './stream-name.js';
import type { StreamName } from './stream-name.js';

/** Where a player begins that does not say: a live stream, or else a recording. */
const LIVE_OR_RECORDED = -2;

/** What a publish command asks for (RTMP 1.0 7.2.2.6); undefined when application or key are missing or malformed. */
export function publishRequest(command: Command, peer: ConnectRequest): PublishRequest | undefined {
  const found = streamName(command, peer);
  if (!isUsableName(found)) return undefined;
  const [, type] = command.args;
  const { app, name, params } = found;
  const { encoder, tcUrl, capabilities } = peer;
  const publishType = typeof type === 'string' ? type : 'live';
  return { app, streamKey: name, params, publishType, encoder, tcUrl, capabilities };
}

/** What a play command asks for (RTMP 1.0 7.2.2.1); undefined when application or name are missing or malformed. */
export function playRequest(command: Command, peer: ConnectRequest): PlayRequest | undefined {
  const found = streamName(command, peer);
  if (!isUsableName(found)) return undefined;
  const [, from, , reset] = command.args;
  const { encoder, tcUrl, capabilities } = peer;
  const start = typeof from === 'number' && Number.isFinite(from) ? from : LIVE_OR_RECORDED;
  return { ...found, start, reset: reset !== false, encoder, tcUrl, capabilities };
}

function streamName({ args: [name] }: Command, { app, tcUrl }: ConnectRequest): StreamName {
  return normaliseStreamName({ app, tcUrl, name: typeof name === 'string' ? name : '' });
}
