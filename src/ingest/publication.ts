import type { Logger } from 'pino';

import { MillraceError } from '../errors.js';
import type { TrackId } from '../media/codec.js';
import type { Cue } from '../media/cue.js';
import { Timeline } from '../media/timeline.js';
import type { TimelineEvent } from '../media/timeline-events.js';
import type { PublishGrant } from '../origin/publishing.js';
import type { AudioTag, VideoTag } from '../rtmp/flv-tag.js';
import type { PublisherMetadata } from '../rtmp/messages/metadata.js';
import { AudioTagReader, VideoTagReader } from '../rtmp/tag-reader.js';
import { Carriage } from './carriage.js';
import type { IngestObserver } from './observer.js';

export type AcceptedGrant = Extract<PublishGrant, { accepted: true }>;

export interface PublicationContext {
  readonly observer: IngestObserver;
  readonly logger: Logger;
  /** What comes cannot be carried: ends the publish, and tells the publisher why. */
  readonly reject: (reason: string) => void;
}

/** Different faults that are logged of one publish; the counters know the rest. */
const MAX_REPORTED = 32;

/** What a streamer can do about a codec that is not carried. */
const INSTEAD = {
  video: 'send H.264, HEVC, AV1 or VP9',
  audio: 'send AAC, Opus, FLAC, AC-3, E-AC-3 or MP3',
};

/**
 * One publish in progress: FLV tag bodies become raw units, the timeline places them, the origin's session gets the
 * events. A message that cannot be used is ignored, counted, and logged once.
 */
export class Publication {
  readonly channel: string;
  readonly #grant: AcceptedGrant;
  readonly #context: PublicationContext;
  readonly #timeline: Timeline;
  readonly #video = new VideoTagReader();
  readonly #audio = new AudioTagReader();
  readonly #carriage = new Carriage();
  readonly #reported = new Set<string>();
  #ended = false;

  constructor(grant: AcceptedGrant, context: PublicationContext) {
    this.channel = grant.channel;
    this.#grant = grant;
    this.#context = context;
    this.#timeline = new Timeline(
      grant.frameRateHint === undefined ? {} : { frameRateHint: grant.frameRateHint },
    );
  }

  /** `timestamp` in ms, uint32; `arrival` in ms since the Unix epoch. */
  video(timestamp: number, body: Buffer, arrival: number): void {
    try {
      for (const tag of this.#video.read(body)) this.#videoTag(tag, timestamp, arrival);
    } catch (error) {
      this.#tolerate(error);
    }
  }

  /** As `video`. */
  audio(timestamp: number, body: Buffer, arrival: number): void {
    try {
      for (const tag of this.#audio.read(body)) this.#audioTag(tag, timestamp, arrival);
    } catch (error) {
      this.#tolerate(error);
    }
  }

  metadata(metadata: PublisherMetadata): void {
    if (metadata.frameRate !== undefined) this.#timeline.metadata({ frameRate: metadata.frameRate });
    this.#grant.session.metadata(metadata);
  }

  /** As `video`. */
  cue(timestamp: number, cue: Cue, arrival: number): void {
    if (this.#ended) return;
    try {
      this.#deliver(this.#timeline.cue({ timestamp, cue, arrival }));
    } catch (error) {
      this.#tolerate(error);
    }
  }

  /** Something that came could not be used: counts it, tells the origin, and logs it the first time. */
  ignore(error: MillraceError): void {
    const { code, message } = error;
    this.#context.observer.messageIgnored(this.channel, code);
    this.#grant.session.ignored(error);
    if (this.#reported.has(message) || this.#reported.size >= MAX_REPORTED) return;
    this.#reported.add(message);
    this.#context.logger.warn({ code, reason: message }, 'message ignored');
  }

  /** Flushes what the timeline holds and ends the origin's session; only the first call counts. */
  end(reason: 'goodbye' | 'vanished'): void {
    if (this.#ended) return;
    this.#ended = true;
    try {
      this.#deliver(this.#timeline.finish());
      const { droppedUnits } = this.#timeline;
      if (droppedUnits > 0) this.#context.logger.info({ droppedUnits }, 'units were dropped');
    } finally {
      // Whatever failed before: a channel must never stay taken by a publisher that is gone.
      this.#grant.session.end(reason);
    }
  }

  /** A track that is broken costs no other track of the same message. */
  #videoTag(tag: VideoTag, timestamp: number, arrival: number): void {
    if (this.#ended) return;
    try {
      switch (tag.type) {
        case 'config':
          this.#deliver(this.#timeline.videoConfig(tag));
          this.#carriage.configured('video', tag.track);
          break;
        case 'frame': {
          this.#context.observer.unit(this.channel, 'video');
          const { track, codec, compositionTime, keyframe, data } = tag;
          // Written out: spreading a tag costs more than all the rest of its way.
          this.#deliver(
            this.#timeline.video({ track, codec, timestamp, compositionTime, keyframe, data, arrival }),
          );
          this.#rejectFor(this.#carriage.frame('video', track, timestamp));
          break;
        }
        case 'colour':
          this.#deliver(this.#timeline.videoColour(tag.track, tag.colour));
          break;
        case 'unsupported':
          this.#passOver('video', tag.codec, timestamp);
          break;
        case 'end':
        case 'nothing':
      }
    } catch (error) {
      this.#tolerate(error);
      if ('track' in tag) this.#trackRefused('video', tag.track, error);
    }
  }

  /** As `#videoTag`. */
  #audioTag(tag: AudioTag, timestamp: number, arrival: number): void {
    if (this.#ended) return;
    try {
      switch (tag.type) {
        case 'config':
          this.#deliver(this.#timeline.audioConfig(tag));
          this.#carriage.configured('audio', tag.track);
          break;
        case 'frame': {
          this.#context.observer.unit(this.channel, 'audio');
          const { track, codec, data } = tag;
          this.#deliver(this.#timeline.audio({ track, codec, timestamp, data, arrival }));
          this.#rejectFor(this.#carriage.frame('audio', track, timestamp));
          break;
        }
        case 'unsupported':
          this.#passOver('audio', tag.codec, timestamp);
          break;
        case 'end':
        case 'nothing':
      }
    } catch (error) {
      this.#tolerate(error);
      if ('track' in tag) this.#trackRefused('audio', tag.track, error);
    }
  }

  #passOver(kind: 'video' | 'audio', codec: string, timestamp: number): void {
    const reason = `${kind} in ${codec} cannot be carried; ${INSTEAD[kind]}`;
    this.ignore(new MillraceError('MEDIA_UNSUPPORTED', reason));
    this.#rejectFor(this.#carriage.unusable(kind, timestamp, reason));
  }

  /** Its configuration, or its frames, showed that it cannot be carried. */
  #trackRefused(kind: 'video' | 'audio', track: TrackId, error: unknown): void {
    if (!(error instanceof MillraceError) || error.code !== 'MEDIA_UNSUPPORTED') return;
    this.#carriage.refused(kind, track, `this ${kind} cannot be carried: ${error.message}`);
  }

  #rejectFor(reason: string | undefined): void {
    if (reason !== undefined) this.#context.reject(reason);
  }

  /** What a peer may do wrong is passed over; a fault of our own goes on up. */
  #tolerate(error: unknown): void {
    if (!(error instanceof MillraceError)) throw error;
    this.ignore(error);
  }

  #deliver(events: readonly TimelineEvent[]): void {
    for (const event of events) this.#grant.session.event(event);
  }
}
