import assert from 'node:assert/strict';
import { audioRecordFromFrame, inspectAudioUnit, parseAudioConfig } from '../../../src/media/audio-config.js';
import { videoNormaliser } from '../../../src/media/normalise-video.js';
import { inspectVideoUnit, parseVideoConfig } from '../../../src/media/video-config.js';
import {
  AUDIO_CODECS,
  AUDIO_RECORDS,
  AUDIO_UNITS,
  VIDEO_CODECS,
  VIDEO_RECORDS,
  VIDEO_UNITS,
} from '../bodies.js';
import { mutate } from '../mutate.js';
import type { Random } from '../random.js';
import { attempt, Refusal, type FuzzTarget } from '../target.js';

/** The codec's number, the record's length, the record, a unit. */
const HEADER_LENGTH = 2;
const CODECS = VIDEO_CODECS.length + AUDIO_CODECS.length;

const isWhole = (value: number): boolean => Number.isInteger(value) && value > 0;

function damage(bytes: Buffer, random: Random): Buffer {
  const changed = random.chance(0.7) ? mutate(bytes, random) : bytes;
  return changed.subarray(0, random.chance(0.9) ? 250 : random.below(changed.length + 1));
}

/** Decoder configurations and frames of every codec: read or refused, and what is read makes sense. */
export const codecs: FuzzTarget = {
  name: 'codecs',
  weight: 22,
  make(random) {
    const which = random.below(CODECS);
    const video = VIDEO_CODECS[which];
    const audio = AUDIO_CODECS[which - VIDEO_CODECS.length];
    const record = video ? VIDEO_RECORDS[video] : AUDIO_RECORDS[audio!];
    const unit = video ? VIDEO_UNITS[video] : AUDIO_UNITS[audio!];
    const damagedRecord = damage(random.of(record), random);
    return Buffer.concat([
      Buffer.of(which, damagedRecord.length),
      damagedRecord,
      damage(random.of(unit), random),
    ]);
  },
  check(input) {
    const which = (input[0] ?? 0) % CODECS;
    const end = HEADER_LENGTH + (input[1] ?? 0);
    const record = input.subarray(HEADER_LENGTH, end);
    const unit = input.subarray(end);
    const video = VIDEO_CODECS[which];
    if (video === undefined) checkAudio(AUDIO_CODECS[which - VIDEO_CODECS.length]!, record, unit);
    else checkVideo(video, record, unit);
  },
};

function checkVideo(codec: (typeof VIDEO_CODECS)[number], record: Buffer, unit: Buffer): void {
  const config = attempt(() => parseVideoConfig(codec, record, { width: 320, height: 180 }));
  if (!(config instanceof Refusal)) {
    const { width, height, displayWidth, displayHeight, codecString } = config;
    assert.ok([width, height, displayWidth, displayHeight].every(isWhole));
    assert.match(codecString, /^(avc1|hvc1|av01|vp09)(\.[0-9A-Za-z]+)+$/);
    inspectVideoUnit(config, unit);
  }
  const normaliser = videoNormaliser(codec);
  attempt(() => normaliser.config(record));
  for (let i = 0; i < 2; i++) {
    const normal = normaliser.unit(unit);
    if (normal.config !== undefined) {
      const { record: found, size } = normal.config;
      attempt(() => parseVideoConfig(codec, found, size));
    }
    // Start codes of three bytes become lengths of four, and a record's parameter sets may be put in front.
    if (normal.data !== undefined) assert.ok(normal.data.length <= 2 * (unit.length + record.length) + 64);
  }
}

function checkAudio(codec: (typeof AUDIO_CODECS)[number], record: Buffer, unit: Buffer): void {
  const config = attempt(() => parseAudioConfig(codec, record));
  if (!(config instanceof Refusal)) {
    assert.ok(isWhole(config.sampleRate) && isWhole(config.channels));
    const samples = inspectAudioUnit(config, unit);
    if (samples !== undefined) assert.ok(isWhole(samples));
  }
  const found = audioRecordFromFrame(codec, unit);
  if (found !== undefined) attempt(() => parseAudioConfig(codec, found));
}
