import { Diagnosis } from '../../src/diagnosis/diagnosis.js';
import type { Change } from '../../src/diagnosis/findings.js';
import type { Finding, FindingCode } from '../../src/diagnosis/finding.js';
import type { TimelineEvent } from '../../src/media/timeline-events.js';
import type { AudioTrack, VideoTrack } from '../../src/media/track.js';
import { audioTrack, frame, sound, started, videoTrack, WALL_CLOCK } from '../support/synthetic-stream.js';

/** How a stream differs from one that nothing is wrong with. Times in seconds. */
export interface Stream {
  readonly video?: VideoTrack | undefined;
  readonly audio?: AudioTrack | undefined;
  /** Frames from one keyframe to the next, or which ones are. */
  readonly gop?: number | ((n: number) => boolean);
  /** Bytes of a frame, at a time. */
  readonly bytes?: (at: number) => number;
  /** Frames that are sent. */
  readonly sends?: (n: number) => boolean;
  readonly sendsSound?: (at: number) => boolean;
  /** Moved from where the grid has it, in frames. */
  readonly moved?: (n: number) => number;
  /** Presentation minus decode time, in frames. */
  readonly reorder?: (n: number) => number;
  /** How long after its media time a unit arrives. */
  readonly delay?: (at: number) => number;
  /** Sound is sent this much after the picture of its instant. */
  readonly soundBehind?: number;
}

export const NOTHING_WRONG = { video: videoTrack(30, { width: 1280, height: 720 }), audio: audioTrack() };

/** A diagnosis with what it has found and lost so far. */
export class Patient {
  readonly diagnosis: Diagnosis;
  readonly changes: string[] = [];

  constructor(flashVersion = '', segmentTarget = 2) {
    this.diagnosis = new Diagnosis({ flashVersion, segmentTarget });
  }

  get codes(): FindingCode[] {
    return this.diagnosis.report.findings.map(({ code }) => code);
  }

  finding(code: FindingCode): Finding | undefined {
    return this.diagnosis.report.findings.find((finding) => finding.code === code);
  }

  note(changes: readonly Change[]): void {
    for (const { type, finding } of changes) this.changes.push(`${type} ${finding.code}`);
  }

  event(event: TimelineEvent): void {
    this.note(this.diagnosis.event(event));
  }

  /** Begins an epoch and sends seconds [from, to) of the stream. */
  send(stream: Stream, to: number): void {
    const { video, audio } = withDefaults(stream);
    this.event(started(video, audio));
    this.goOn(stream, 0, to);
  }

  /** Seconds [from, to) of the stream, sound and picture as they interleave. */
  goOn(stream: Stream, from: number, to: number): void {
    const { video, audio } = withDefaults(stream);
    const rate = video === undefined ? 30 : video.frameRate.num / video.frameRate.den;
    const soundAt = (n: number): number =>
      audio === undefined ? Infinity : (n * audio.frameSamples) / audio.sampleRate;
    let sounds = audio === undefined ? 0 : Math.ceil((from * audio.sampleRate) / audio.frameSamples);
    for (let n = Math.ceil(from * rate); n < to * rate; n++) {
      if (video !== undefined) this.#frame(stream, n, video);
      for (; soundAt(sounds) + (stream.soundBehind ?? 0) < (n + 1) / rate; sounds++) {
        if (audio !== undefined) this.#sound(stream, sounds, audio);
      }
    }
  }

  #frame(stream: Stream, n: number, video: VideoTrack): void {
    const { gop = 60, sends, bytes = () => 8000, moved, reorder, delay = () => 0.05 } = stream;
    if (sends?.(n) === false) return;
    const unit = frame(n, 60, video);
    const dts = unit.dts + Math.round((moved?.(n) ?? 0) * unit.duration);
    const at = dts / 90_000;
    this.event({
      type: 'unit',
      kind: 'video',
      unit: {
        dts,
        pts: dts + Math.round((reorder?.(n) ?? 0) * unit.duration),
        duration: unit.duration,
        keyframe: typeof gop === 'number' ? n % gop === 0 : gop(n),
        data: Buffer.alloc(bytes(at)),
        arrival: WALL_CLOCK + (at + delay(at)) * 1000,
      },
    });
  }

  #sound({ sendsSound, delay = () => 0.05 }: Stream, n: number, audio: AudioTrack): void {
    const unit = sound(n, audio);
    const at = unit.dts / audio.timescale;
    if (sendsSound?.(at) === false) return;
    const arrival = WALL_CLOCK + (at + delay(at)) * 1000;
    this.event({ type: 'unit', kind: 'audio', unit: { ...unit, data: Buffer.alloc(340), arrival } });
  }
}

const withDefaults = (stream: Stream): Pick<Stream, 'video' | 'audio'> => ({ ...NOTHING_WRONG, ...stream });

/** What is found in a stream after so many seconds. */
export function diagnose(stream: Stream, seconds = 20, flashVersion = ''): Patient {
  const patient = new Patient(flashVersion);
  patient.send(stream, seconds);
  return patient;
}
