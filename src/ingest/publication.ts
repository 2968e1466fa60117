import type { Logger } from 'pino';

import { MillraceError } from '../errors.js';
import type { ErrorCode } from '../errors.js';
import { Timeline } from '../media/timeline.js';
import type { TimelineEvent } from '../media/timeline-events.js';
import type { PublishGrant } from '../origin/publishing.js';
import { parseAudioTag, parseVideoTag } from '../rtmp/flv-tag.js';
import type { PublisherMetadata } from '../rtmp/messages/metadata.js';
import type { IngestObserver } from './observer.js';

export type AcceptedGrant = Extract<PublishGrant, { accepted: true }>;

/**
 * One publish in progress: FLV tag bodies become raw units, the timeline places them, the origin's session gets the
 * events. A message that cannot be used is ignored, counted, and logged once per error code.
 */
export class Publication {
  readonly channel: string;
  readonly #grant: AcceptedGrant;
  readonly #timeline: Timeline;
  readonly #observer: IngestObserver;
  readonly #logger: Logger;
  readonly #reported = new Set<ErrorCode>();
  #ended = false;

  constructor(grant: AcceptedGrant, observer: IngestObserver, logger: Logger) {
    this.channel = grant.channel;
    this.#grant = grant;
    this.#timeline = new Timeline(
      grant.frameRateHint === undefined ? {} : { frameRateHint: grant.frameRateHint },
    );
    this.#observer = observer;
    this.#logger = logger;
  }

  /** `timestamp` in ms, uint32; `arrival` in ms since the Unix epoch. */
  video(timestamp: number, body: Buffer, arrival: number): void {
    this.#tolerate(() => {
      const tag = parseVideoTag(body);
      switch (tag.type) {
        case 'config':
          return this.#timeline.videoConfig({ track: 0, codec: tag.codec, record: tag.record });
        case 'frame': {
          this.#observer.unit(this.channel, 'video');
          const { codec, compositionTime, keyframe, data } = tag;
          return this.#timeline.video({
            track: 0,
            codec,
            timestamp,
            compositionTime,
            keyframe,
            data,
            arrival,
          });
        }
        case 'unsupported':
          throw new MillraceError('MEDIA_UNSUPPORTED', `video in ${tag.codec} is not carried, send H.264`);
        case 'end':
        case 'nothing':
          return [];
      }
    });
  }

  /** As `video`. */
  audio(timestamp: number, body: Buffer, arrival: number): void {
    this.#tolerate(() => {
      const tag = parseAudioTag(body);
      switch (tag.type) {
        case 'config':
          return this.#timeline.audioConfig({ track: 0, codec: tag.codec, record: tag.asc });
        case 'frame':
          this.#observer.unit(this.channel, 'audio');
          return this.#timeline.audio({ track: 0, codec: tag.codec, timestamp, data: tag.data, arrival });
        case 'unsupported':
          throw new MillraceError('MEDIA_UNSUPPORTED', `audio in ${tag.codec} is not carried, send AAC`);
        case 'nothing':
          return [];
      }
    });
  }

  metadata(metadata: PublisherMetadata): void {
    if (metadata.frameRate !== undefined) this.#timeline.metadata({ frameRate: metadata.frameRate });
    this.#grant.session.metadata(metadata);
  }

  /** Counts and logs a message that was not used. */
  ignore(error: MillraceError): void {
    this.#observer.messageIgnored(this.channel, error.code);
    if (this.#reported.has(error.code)) return;
    this.#reported.add(error.code);
    this.#logger.warn({ code: error.code, reason: error.message }, 'message ignored');
  }

  /** Flushes what the timeline holds and ends the origin's session; only the first call counts. */
  end(reason: 'goodbye' | 'vanished'): void {
    if (this.#ended) return;
    this.#ended = true;
    try {
      this.#deliver(this.#timeline.finish());
      const { droppedUnits } = this.#timeline;
      if (droppedUnits > 0) this.#logger.info({ droppedUnits }, 'units were dropped');
    } finally {
      // Whatever failed before: a channel must never stay taken by a publisher that is gone.
      this.#grant.session.end(reason);
    }
  }

  #tolerate(step: () => TimelineEvent[]): void {
    try {
      this.#deliver(step());
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error;
      this.ignore(error);
    }
  }

  #deliver(events: readonly TimelineEvent[]): void {
    for (const event of events) this.#grant.session.event(event);
  }
}
