import type { FuzzTarget } from '../target.js';
import { amf } from './amf.js';
import { chunkStream } from './chunk-stream.js';
import { client } from './client.js';
import { codecs } from './codecs.js';
import { flv } from './flv.js';
import { handshake } from './handshake.js';
import { publication } from './publication.js';
import { session } from './session.js';

/** Everything that reads what peers send over RTMP. */
export const TARGETS: readonly FuzzTarget[] = [
  handshake,
  chunkStream,
  amf,
  flv,
  codecs,
  publication,
  session,
  client,
];
