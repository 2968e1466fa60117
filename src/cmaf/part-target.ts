import { VIDEO_TIMESCALE, type Rational, type Ticks } from '../media/time.js';

/** A part that is not the last of its segment must last at least this share of PART-TARGET (RFC 8216bis 4.4.4.9). */
const SHORTEST_PART = 0.85;

/** How many more frames than asked for a part may hold to suit the audio too. */
const MAX_EXTRA_FRAMES = 8;

export interface PartTarget {
  /** PART-TARGET in seconds, rounded up at the fifth decimal; no part is longer. */
  readonly seconds: number;
  /** Length of a video part in 90 kHz ticks. */
  readonly videoTicks: Ticks | undefined;
  /** Length of an audio part in samples. */
  readonly audioTicks: Ticks | undefined;
}

export interface PartTargetInput {
  /** Configured seconds. */
  readonly wanted: number;
  readonly frameRate: Rational | undefined;
  readonly audio: { readonly frameSamples: number; readonly timescale: number } | undefined;
}

const roundUp = (seconds: number): number => Math.ceil(seconds * 1e5 - 1e-6) / 1e5;

/**
 * The part target nearest to the wanted one of which every track's parts fill at least 85 %: a whole number of video
 * frames, and audio parts of as many whole audio frames as fit in it.
 */
export function choosePartTarget({ wanted, frameRate, audio }: PartTargetInput): PartTarget {
  if (frameRate === undefined) {
    if (audio === undefined)
      return { seconds: roundUp(wanted), videoTicks: undefined, audioTicks: undefined };
    const frame = audio.frameSamples / audio.timescale;
    const frames = Math.max(1, Math.round(wanted / frame));
    return {
      seconds: roundUp(frames * frame),
      videoTicks: undefined,
      audioTicks: frames * audio.frameSamples,
    };
  }
  const frameTicks = (VIDEO_TIMESCALE * frameRate.den) / frameRate.num;
  const nearest = Math.max(1, Math.round((wanted * VIDEO_TIMESCALE) / frameTicks));
  const at = (frames: number) => partTargetOf(frames, frameTicks, audio);
  for (let extra = 0; extra <= MAX_EXTRA_FRAMES; extra++) {
    for (const frames of [nearest + extra, nearest - extra]) {
      if (frames >= 1 && at(frames).filled >= SHORTEST_PART) return at(frames).target;
    }
  }
  return at(nearest).target;
}

/** A part target already fixed by an earlier epoch: the parts of new tracks that fit in it. */
export function fitPartTarget(
  seconds: number,
  { frameRate, audio }: Omit<PartTargetInput, 'wanted'>,
): PartTarget {
  const frameTicks = frameRate === undefined ? undefined : (VIDEO_TIMESCALE * frameRate.den) / frameRate.num;
  return {
    seconds,
    videoTicks: frameTicks === undefined ? undefined : wholeUnits(seconds * VIDEO_TIMESCALE, frameTicks),
    audioTicks: audio === undefined ? undefined : wholeUnits(seconds * audio.timescale, audio.frameSamples),
  };
}

function partTargetOf(frames: number, frameTicks: number, audio: PartTargetInput['audio']) {
  // Frame times are rounded to ticks one by one, so a part can be the fraction of a tick longer than its frames.
  const videoTicks = Math.ceil(frames * frameTicks);
  const seconds = roundUp(videoTicks / VIDEO_TIMESCALE);
  const audioTicks =
    audio === undefined ? undefined : wholeUnits(seconds * audio.timescale, audio.frameSamples);
  const filled =
    audio === undefined || audioTicks === undefined ? 1 : audioTicks / (seconds * audio.timescale);
  return { target: { seconds, videoTicks, audioTicks }, filled: filled > 1 ? 0 : filled };
}

/** The most whole units that fit; never less than one. */
function wholeUnits(length: number, unit: number): Ticks {
  return Math.ceil(Math.max(1, Math.floor(length / unit + 1e-6)) * unit);
}
