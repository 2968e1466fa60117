/** How long each beep lasts, and with it the lamp in the test picture. */
export const BEEP_MS = 100;

export const TONE_RATE = 48_000;

/** A quiet chord that says that sound is there, in whole Hz so that it repeats each second. */
const HUM: readonly { readonly hertz: number; readonly level: number }[] = [
  { hertz: 110, level: 0.012 },
  { hertz: 165, level: 0.008 },
  { hertz: 220, level: 0.006 },
];
const BEEP = { hertz: 1000, level: 0.16 };
/** The first second of a minute beeps higher. */
const MINUTE_BEEP = { hertz: 1500, level: 0.16 };
const FADE_MS = 5;

const perMs = TONE_RATE / 1000;
const beepSamples = BEEP_MS * perMs;

const hum = Float32Array.from({ length: TONE_RATE }, (_, i) =>
  HUM.reduce((sum, { hertz, level }) => sum + level * Math.sin((2 * Math.PI * hertz * i) / TONE_RATE), 0),
);
const beep = beepOf(BEEP);
const minuteBeep = beepOf(MINUTE_BEEP);

/**
 * Fills one channel of a block at 48 kHz: a soft hum and a beep of 100 ms at each full second of the clock.
 * `position`: index of the block's first sample. `wallClockZero`: the clock, in ms since the Unix epoch, at sample 0.
 */
export function fillTone(samples: Float32Array, position: number, wallClockZero: number): void {
  const clock = wallClockZero + position / perMs;
  const intoSecond = Math.round((clock % 1000) * perMs);
  let minute = isFullMinute(clock);
  for (let i = 0, within = intoSecond; i < samples.length; i++, within++) {
    if (within >= TONE_RATE) {
      within -= TONE_RATE;
      minute = isFullMinute(clock + i / perMs);
    }
    const beeping = within < beepSamples ? (minute ? minuteBeep : beep)[within]! : 0;
    samples[i] = hum[(position + i) % TONE_RATE]! + beeping;
  }
}

/** True within the first second of a minute, half a millisecond's rounding allowed for. */
const isFullMinute = (clock: number): boolean => (clock + 0.5) % 60_000 < 1000;

function beepOf({ hertz, level }: { readonly hertz: number; readonly level: number }): Float32Array {
  return Float32Array.from({ length: beepSamples }, (_, i) => {
    const ms = Math.min(i, beepSamples - 1 - i) / perMs;
    const fade = 0.5 - 0.5 * Math.cos(Math.PI * Math.min(1, ms / FADE_MS));
    return level * fade * Math.sin((2 * Math.PI * hertz * i) / TONE_RATE);
  });
}
