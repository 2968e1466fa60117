import { ERROR_CODES, type MillraceError } from '../errors.js';
import type { TimelineEvent, TimelineStart } from '../media/timeline-events.js';
import type { Track } from '../media/track.js';
import type { EncoderClaims } from './claims.js';
import { pictureFormat, type PictureFormat } from './codec-format.js';
import { identifyEncoder, type Encoder } from './encoder.js';
import { Findings, type Change } from './findings.js';
import { Meter } from './meter.js';
import { reportOf, type PublisherReport } from './report.js';
import type { StreamFacts, Troubles } from './rule.js';
import { RULES } from './rules/all.js';
import { visible } from './words.js';

export interface DiagnosisOptions {
  /** What the encoder called itself when it connected; may be empty. */
  readonly flashVersion: string;
  /** How long segments are to be, in seconds. */
  readonly segmentTarget: number;
}

const NOTHING: readonly Change[] = [];

/** Longest text of an error that is quoted. */
const MAX_QUOTE = 120;

/**
 * Watches what one publisher sends: what it is, and what is wrong with it. Fed with the timeline's events, the metadata
 * and the messages that could not be used; each call gives the findings that have appeared or gone with it, which happens
 * once a second of media at most. Memory does not grow with the stream.
 */
export class Diagnosis {
  readonly #options: DiagnosisOptions;
  readonly #meter = new Meter();
  readonly #findings = new Findings(RULES);
  #encoder: Encoder;
  #claims: EncoderClaims = {};
  #start: TimelineStart | undefined;
  #format: PictureFormat | undefined;
  #troubles: Troubles = { jumps: 0, formatChanges: 0, ignored: 0, ignoredFor: '', unsupported: '' };
  #lastArrival = 0;
  #facts: StreamFacts;

  constructor(options: DiagnosisOptions) {
    this.#options = options;
    this.#encoder = identifyEncoder(options.flashVersion, undefined);
    this.#facts = this.#gather();
  }

  /** As of the last look. */
  get report(): PublisherReport {
    return reportOf(this.#facts, this.#encoder.name, this.#findings.current);
  }

  event(event: TimelineEvent): readonly Change[] {
    switch (event.type) {
      case 'unit': {
        if (event.alternate !== undefined) return NOTHING;
        this.#lastArrival = event.unit.arrival;
        return this.#meter.unit(event.kind, event.unit) ? this.#look() : NOTHING;
      }
      case 'start':
        return this.#begin(event);
      case 'cue':
      case 'discontinuity':
        return NOTHING;
    }
  }

  metadata(claims: EncoderClaims): void {
    this.#claims = claims;
    this.#encoder = identifyEncoder(this.#options.flashVersion, claims.encoder);
  }

  /** A message could not be used, at `now` in ms since the Unix epoch. */
  ignored({ code, message }: MillraceError, now: number): readonly Change[] {
    const troubles = this.#troubles;
    this.#lastArrival = now;
    if (code === 'MEDIA_UNSUPPORTED') {
      const isNews = troubles.unsupported === '';
      this.#meter.unsupported();
      this.#troubles = { ...troubles, unsupported: visible(message.slice(0, MAX_QUOTE)) };
      return isNews ? this.#look() : NOTHING;
    }
    this.#meter.ignored();
    // What the message of another error may quote is not for everybody to read; what its code stands for is.
    this.#troubles = { ...troubles, ignored: troubles.ignored + 1, ignoredFor: ERROR_CODES[code] };
    return troubles.ignored === 0 ? this.#look() : NOTHING;
  }

  #begin(start: TimelineStart): readonly Change[] {
    const before = this.#start;
    this.#start = start;
    this.#lastArrival = Math.max(this.#lastArrival, start.wallClockZero);
    this.#format = start.video && pictureFormat(start.video);
    this.#meter.start(start);
    if (before !== undefined) {
      const { jumps, formatChanges } = this.#troubles;
      if (sameTracks(before, start)) {
        this.#meter.jump();
        this.#troubles = { ...this.#troubles, jumps: jumps + 1 };
      } else {
        this.#meter.formatChange();
        this.#troubles = { ...this.#troubles, formatChanges: formatChanges + 1 };
      }
    }
    return this.#look();
  }

  #look(): readonly Change[] {
    this.#facts = this.#gather();
    return this.#findings.look(this.#facts, this.#encoder.family, this.#lastArrival);
  }

  #gather(): StreamFacts {
    const { keyframes, sinceKeyframe } = this.#meter;
    return {
      video: this.#start?.video,
      audio: this.#start?.audio,
      format: this.#format,
      figures: this.#meter.figures(),
      keyframes: keyframes.interval(),
      sinceKeyframe,
      claims: this.#claims,
      troubles: this.#troubles,
      segmentTarget: this.#options.segmentTarget,
    };
  }
}

/** Where the tracks are the same, an epoch ended for its timestamps alone. */
function sameTracks(a: TimelineStart, b: TimelineStart): boolean {
  const tracksOf = ({ video, audio, alternates }: TimelineStart): (Track | undefined)[] => [
    video,
    audio,
    ...alternates.map(({ track }) => track),
  ];
  const [before, after] = [tracksOf(a), tracksOf(b)];
  return before.length === after.length && before.every((track, i) => sameTrack(track, after[i]));
}

function sameTrack(a: Track | undefined, b: Track | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.codecString === b.codecString && a.decoderConfig.equals(b.decoderConfig);
}
