import { EcmaArray, encodeAmf0 } from '../amf0.js';
import type { Amf0Value } from '../amf0.js';
import { MessageType } from './message.js';
import type { RtmpMessage } from './message.js';

/** Chunk stream of data messages. */
const DATA_CHUNK_STREAM = 4;

/** Properties of onMetaData. */
export type MetadataValues = Readonly<Record<string, number | string | boolean>>;

/** `@setDataFrame onMetaData` with an ECMA array, as every encoder sends it. */
export const metadataMessage = (streamId: number, values: MetadataValues): RtmpMessage =>
  dataMessage(streamId, '@setDataFrame', 'onMetaData', new EcmaArray(Object.entries(values)));

/** onMetaData as a server hands it to players. */
export const playerMetadataMessage = (streamId: number, values: MetadataValues): RtmpMessage =>
  dataMessage(streamId, 'onMetaData', new EcmaArray(Object.entries(values)));

/** Tells a player that its programs may look at sound and pictures. */
export const sampleAccessMessage = (streamId: number): RtmpMessage =>
  dataMessage(streamId, '|RtmpSampleAccess', true, true);

const dataMessage = (streamId: number, ...values: Amf0Value[]): RtmpMessage => ({
  chunkStreamId: DATA_CHUNK_STREAM,
  typeId: MessageType.DataAmf0,
  streamId,
  timestamp: 0,
  payload: encodeAmf0(...values),
});
