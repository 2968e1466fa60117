import type { Track } from '../media/track.js';
import { audioSampleEntry } from './audio-sample-entry.js';
import { box, cString, fixed16, fourCc, fullBox, u16, u32, zeros } from './box.js';
import { videoSampleEntry } from './video-sample-entry.js';

/**
 * track_ID by kind: equal in every rendition of a kind, so that a player may switch, and different between kinds, so
 * that video and audio can be put into one file as they are.
 */
export const TRACK_ID = { video: 1, audio: 2 } as const;

const UNITY_MATRIX = u32(0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000);
const NORMAL_RATE = 0x1_0000;
const TRACK_ENABLED_IN_MOVIE_AND_PREVIEW = 0x7;
const FULL_VOLUME = 0x100;
/** ISO 639-2 'und' in three times five bits. */
const LANGUAGE_UNDETERMINED = 0x55c4;
const SELF_CONTAINED = 1;

/**
 * The CMAF header of a track (ISO/IEC 23000-19 7.3.1): `ftyp` and a `moov` without samples. The bytes depend on the
 * track alone.
 */
export function initSegment(track: Track): Buffer {
  return Buffer.concat([
    box('ftyp', fourCc('iso6'), u32(0), fourCc('iso6', 'cmfc', 'mp41')),
    box('moov', movieHeader(track), trackBox(track), movieExtends(track)),
  ]);
}

function movieHeader(track: Track): Buffer {
  return fullBox(
    'mvhd',
    0,
    0,
    u32(0, 0), // creation and modification time
    u32(track.timescale),
    u32(0), // duration: in the fragments
    u32(NORMAL_RATE),
    u16(FULL_VOLUME),
    zeros(10),
    UNITY_MATRIX,
    zeros(24),
    u32(TRACK_ID[track.kind] + 1), // next_track_ID
  );
}

function trackBox(track: Track): Buffer {
  return box(
    'trak',
    trackHeader(track),
    ...editList(track),
    box('mdia', mediaHeader(track), handler(track), mediaInformation(track)),
  );
}

function trackHeader(track: Track): Buffer {
  const isVideo = track.kind === 'video';
  return fullBox(
    'tkhd',
    0,
    TRACK_ENABLED_IN_MOVIE_AND_PREVIEW,
    u32(0, 0), // creation and modification time
    u32(TRACK_ID[track.kind]),
    u32(0),
    u32(0), // duration: in the fragments
    zeros(8),
    u16(0, 0), // layer, alternate_group
    u16(isVideo ? 0 : FULL_VOLUME),
    u16(0),
    UNITY_MATRIX,
    fixed16(isVideo ? track.displayWidth : 0),
    fixed16(isVideo ? track.displayHeight : 0),
  );
}

/** Presentation begins where the first picture is shown: takes the composition shift off (ISO/IEC 14496-12 8.6.6). */
function editList(track: Track): Buffer[] {
  if (track.kind !== 'video' || track.compositionShift === 0) return [];
  const wholeTrack = 0;
  return [box('edts', fullBox('elst', 0, 0, u32(1, wholeTrack, track.compositionShift, NORMAL_RATE)))];
}

function mediaHeader(track: Track): Buffer {
  return fullBox('mdhd', 0, 0, u32(0, 0), u32(track.timescale), u32(0), u16(LANGUAGE_UNDETERMINED, 0));
}

function handler(track: Track): Buffer {
  const isVideo = track.kind === 'video';
  return fullBox(
    'hdlr',
    0,
    0,
    u32(0),
    fourCc(isVideo ? 'vide' : 'soun'),
    zeros(12),
    cString(isVideo ? 'VideoHandler' : 'SoundHandler'),
  );
}

function mediaInformation(track: Track): Buffer {
  return box(
    'minf',
    track.kind === 'video' ? fullBox('vmhd', 0, 1, zeros(8)) : fullBox('smhd', 0, 0, zeros(4)),
    box('dinf', fullBox('dref', 0, 0, u32(1), fullBox('url ', 0, SELF_CONTAINED))),
    box(
      'stbl',
      fullBox(
        'stsd',
        0,
        0,
        u32(1),
        track.kind === 'video' ? videoSampleEntry(track) : audioSampleEntry(track),
      ),
      fullBox('stts', 0, 0, u32(0)),
      fullBox('stsc', 0, 0, u32(0)),
      fullBox('stsz', 0, 0, u32(0, 0)),
      fullBox('stco', 0, 0, u32(0)),
    ),
  );
}

/** Samples take their defaults from each fragment's own header, so nothing but the sample entry is given here. */
function movieExtends(track: Track): Buffer {
  return box('mvex', fullBox('trex', 0, 0, u32(TRACK_ID[track.kind], 1, 0, 0, 0)));
}
