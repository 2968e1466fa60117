/** A channel as the server's JSON API describes it. */

export interface RenditionStatus {
  readonly name: string;
  readonly kind: 'video' | 'audio';
  readonly width: number;
  readonly height: number;
  readonly frameRate: number;
  /** Bits per second. */
  readonly bandwidth: number;
  readonly codecs: string;
}

export type ChannelState = 'offline' | 'starting' | 'live' | 'reconnecting' | 'ended';

/** What the publisher sends and what is wrong with it; `null` is what is not known. */
export interface PublisherStatus {
  /** What the encoder calls itself: text from outside. */
  readonly encoder: string | null;
  readonly video: {
    readonly codec: string;
    readonly profile: string | null;
    readonly width: number;
    readonly height: number;
    readonly frameRate: number;
    /** Bits per second. */
    readonly bitrate: number | null;
  } | null;
  readonly audio: {
    readonly codec: string;
    readonly sampleRate: number;
    readonly channels: number;
    readonly bitrate: number | null;
  } | null;
  /** Worst first. */
  readonly findings: readonly Finding[];
}

export interface Finding {
  readonly code: string;
  readonly severity: 'info' | 'warning' | 'problem';
  readonly message: string;
  readonly advice: string;
}

export interface ChannelStatus {
  readonly name: string;
  readonly state: ChannelState;
  /** ISO 8601, when the presentation began; tells one presentation on a channel from the next. */
  readonly since: string | null;
  readonly playlist: string;
  readonly poster: string | null;
  readonly renditions: readonly RenditionStatus[];
  /** `null` while nobody publishes. */
  readonly publisher: PublisherStatus | null;
}

/** What asking about one channel can come to. */
export type ChannelAnswer =
  | { readonly kind: 'known'; readonly status: ChannelStatus }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unreachable' };

/** The largest picture on offer; `undefined` before there is any. */
export function bestPicture(renditions: readonly RenditionStatus[]): RenditionStatus | undefined {
  const pictures = renditions.filter(({ kind }) => kind === 'video');
  return pictures.sort((a, b) => b.width * b.height - a.width * a.height)[0];
}
