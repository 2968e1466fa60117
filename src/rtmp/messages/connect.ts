import {
  capabilityProperties,
  NO_CAPABILITIES,
  OWN_CAPABILITIES,
  parseCapabilities,
} from '../capabilities.js';
import type { PeerCapabilities } from '../capabilities.js';
import { amfObject, commandMessage, stringProperty } from './command.js';
import type { Command } from './command.js';
import type { RtmpMessage } from './message.js';

/** What a client says of itself in connect (RTMP 1.0 7.2.1.1). */
export interface ConnectRequest {
  readonly app: string;
  readonly tcUrl: string;
  /** The client's flashVer, such as `FMLE/3.0 (compatible; Lavf59.27.100)`; may be empty. */
  readonly encoder: string;
  readonly capabilities: PeerCapabilities;
}

export const parseConnect = ({ object }: Command): ConnectRequest => ({
  app: stringProperty(object, 'app') ?? '',
  tcUrl: stringProperty(object, 'tcUrl') ?? '',
  encoder: stringProperty(object, 'flashVer') ?? '',
  capabilities: parseCapabilities(object),
});

/**
 * The _result of a connect. Our own Enhanced RTMP capabilities are stated only to a client that stated its own, since
 * strict old stacks choke on properties they do not know. AMF0 is answered whatever encoding was asked for.
 */
export function connectResult(transactionId: number, peer: PeerCapabilities): RtmpMessage {
  const extras = peer.enhanced ? capabilityProperties(OWN_CAPABILITIES) : {};
  const properties = amfObject({ fmsVer: 'FMS/3,0,1,123', capabilities: 31, ...extras });
  const information = amfObject({
    level: 'status',
    code: 'NetConnection.Connect.Success',
    description: 'Connection succeeded.',
    objectEncoding: 0,
  });
  return commandMessage('_result', transactionId, properties, [information]);
}

/** What the server states in the answer to connect, in whichever of its two objects. */
export function serverCapabilities(result: Command): PeerCapabilities {
  const stated = parseCapabilities(result.object);
  return stated.enhanced ? stated : parseCapabilities(result.args[0]);
}

export interface ConnectOptions {
  readonly app: string;
  readonly tcUrl: string;
  readonly flashVer: string;
  /** Stated to the server where given. */
  readonly capabilities?: PeerCapabilities | undefined;
}

/** The connect command of a publisher. */
export function connectMessage(transactionId: number, options: ConnectOptions): RtmpMessage {
  const { app, tcUrl, flashVer, capabilities = NO_CAPABILITIES } = options;
  const extras = capabilities.enhanced ? capabilityProperties(capabilities) : {};
  return commandMessage(
    'connect',
    transactionId,
    amfObject({ app, type: 'nonprivate', flashVer, tcUrl, ...extras }),
  );
}
