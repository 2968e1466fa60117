import type { MillraceError } from '../errors.js';
import type { Cue } from '../media/cue.js';
import type { PeerCapabilities } from './capabilities.js';
import type { PublisherMetadata } from './messages/metadata.js';

/** Who asks, and through which address. */
interface StreamRequest {
  readonly app: string;
  /** Parameters of URL, application and name, the nearest to the name winning. */
  readonly params: ReadonlyMap<string, string>;
  /** The client's flashVer, such as `FMLE/3.0 (compatible; Lavf59.27.100)`; may be empty. */
  readonly encoder: string;
  readonly tcUrl: string;
  /** What the client stated of Enhanced RTMP. */
  readonly capabilities: PeerCapabilities;
}

/** A publisher asks to be let in. */
export interface PublishRequest extends StreamRequest {
  readonly streamKey: string;
  /** `live`, `record` or `append`; `live` where none was given. */
  readonly publishType: string;
}

/** A player asks for a stream. */
export interface PlayRequest extends StreamRequest {
  readonly name: string;
  /** Where to begin, as it was sent: -2 live or recorded, -1 live only; ffmpeg writes ms, others seconds. */
  readonly start: number;
  /** Whether what was played before is to be dropped. */
  readonly reset: boolean;
}

/** Why a publish ended in good order. */
export type UnpublishReason = 'FCUnpublish' | 'deleteStream' | 'closeStream';

/** What a session wants done, in this order. */
export type SessionResult =
  | { readonly type: 'send'; readonly data: Buffer }
  /** Answer with `acceptPublish` or `refusePublish`: until then, nothing more is read. */
  | { readonly type: 'publish'; readonly request: PublishRequest }
  | { readonly type: 'metadata'; readonly metadata: PublisherMetadata }
  /** The publisher says something of an instant of its stream; timestamp in ms, uint32. */
  | { readonly type: 'cue'; readonly timestamp: number; readonly cue: Cue }
  /** An FLV tag body, owned by the receiver and not empty; timestamp in ms, uint32. */
  | { readonly type: 'video' | 'audio'; readonly timestamp: number; readonly body: Buffer }
  /** The publisher said goodbye; the connection may publish again. */
  | { readonly type: 'unpublish'; readonly reason: UnpublishReason }
  /** Answer with `acceptPlay` or `refusePlay`: until then, nothing more is read. */
  | { readonly type: 'play'; readonly request: PlayRequest }
  /**
   * What the player wants to get from now on, after a pause or a choice of its own. Send nothing of a kind it does not
   * want, and begin pictures again with a keyframe.
   */
  | { readonly type: 'wants'; readonly video: boolean; readonly audio: boolean }
  /** The player said goodbye; the connection may play again. */
  | { readonly type: 'unplay' }
  /** A message was passed over; the session goes on. */
  | { readonly type: 'ignored'; readonly error: MillraceError }
  /** The protocol is broken beyond repair: close the connection. Nothing follows. */
  | { readonly type: 'fault'; readonly error: MillraceError };

/**
 * Codes by which a publish is refused: the key is taken or malformed; it is not allowed; what is sent cannot be carried.
 */
export type RefusalCode =
  'NetStream.Publish.BadName' | 'NetStream.Publish.Denied' | 'NetStream.Publish.Rejected';

/** Codes by which a play is refused: there is no such stream; it is not allowed or cannot be. */
export type PlayRefusalCode = 'NetStream.Play.StreamNotFound' | 'NetStream.Play.Failed';
