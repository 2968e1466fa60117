import { initSegment } from '../../../src/cmaf/init-segment.js';
import { audioTrack, videoTrack } from '../../support/synthetic-stream.js';
import { boxAt, FPS, patched } from './fake-media.js';
import type { Fault } from './fake-origin.js';
import type { FakeRequest } from './fake-replies.js';
import { moved, only, put, type Planted } from './plant.js';

const SEGMENT = 168;

/** Changes some media. */
const media =
  (which: (request: FakeRequest) => boolean, write: (copy: Buffer) => void): NonNullable<Fault['media']> =>
  (data, request) =>
    which(request) ? patched(data, write) : data;

const isInit =
  (name: string) =>
  (request: FakeRequest): boolean =>
    request.kind === 'init' && request.name === name;

const isMedia =
  (name: string) =>
  (request: FakeRequest): boolean =>
    request.kind !== 'init' && request.name === name;

/** Takes the sync flag from every first sample; `every` n-th fragment only, counted from the first. */
function unsynced(copy: Buffer, which: (fragment: number) => boolean): void {
  let count = 0;
  for (let at = copy.indexOf('trun'); at >= 0; at = copy.indexOf('trun', at + 4), count++) {
    const hasFirstFlags = (copy.readUInt8(at + 7) & 4) !== 0;
    if (hasFirstFlags && which(count)) copy.writeUInt32BE(0x0101_0000, at + 16);
  }
}

const low = (what: string, instead: string) => (text: string) =>
  text.replace(/(#EXT-X-STREAM-INF[^\n]*)\nlow/, (_, line: string) => `${line.replace(what, instead)}\nlow`);

const high = (what: string, instead: string) => (text: string) =>
  text.replace(
    /(#EXT-X-STREAM-INF[^\n]*)\nhigh/,
    (_, line: string) => `${line.replace(what, instead)}\nhigh`,
  );

/** An init segment with the tracks of another behind its own. */
function joined(data: Buffer, other: Buffer, id: number): Buffer {
  const moovAt = boxAt(data, 'moov') - 8;
  const trakAt = boxAt(other, 'trak') - 8;
  const trak = patched(other.subarray(trakAt, trakAt + other.readUInt32BE(trakAt)), (copy) => {
    copy.writeUInt32BE(id, boxAt(copy, 'tkhd') + 12);
  });
  const made = Buffer.concat([data, trak]);
  made.writeUInt32BE(data.readUInt32BE(moovAt) + trak.length, moovAt);
  return made;
}

export const MEDIA_FAULTS: readonly Planted[] = [
  {
    rule: 'L10',
    what: 'a segment has no keyframe',
    playlist: (text, { name }) =>
      name === 'audio' ? text : put(/(\/168\.\d\.m4s"),INDEPENDENT=YES/, '$1')(text),
    media: media(
      ({ kind, name, msn }) => kind !== 'init' && name !== 'audio' && msn === SEGMENT,
      (copy) => {
        unsynced(copy, () => true);
      },
    ),
  },
  {
    rule: 'C1',
    what: 'an init segment has a duration',
    media: media(isInit('low'), (copy) => copy.writeUInt32BE(90_000, boxAt(copy, 'mvhd') + 16)),
  },
  {
    rule: 'C2',
    what: 'offsets do not count from the moof',
    media: media(isMedia('low'), (copy) => {
      for (let at = copy.indexOf('tfhd'); at >= 0; at = copy.indexOf('tfhd', at + 4))
        copy.writeUInt8(0, at + 5);
    }),
  },
  {
    rule: 'C3',
    what: 'a sync sample is no IDR picture',
    media: media(
      (request) =>
        isMedia('low')(request) &&
        (request.kind === 'segment' || request.part === 0) &&
        request.msn === SEGMENT,
      (copy) => copy.writeUInt8(0x41, boxAt(copy, 'mdat') + 4),
    ),
  },
  {
    rule: 'C4',
    what: 'a segment has other bytes than its parts',
    media: media(
      ({ kind, name, msn }) => kind === 'segment' && name === 'low' && msn === SEGMENT,
      (copy) => copy.writeUInt8(copy.readUInt8(copy.length - 1) ^ 1, copy.length - 1),
    ),
  },
  {
    rule: 'C5',
    what: 'decode times have 32 bits',
    media: media(isMedia('low'), (copy) => {
      for (let at = copy.indexOf('tfdt'); at >= 0; at = copy.indexOf('tfdt', at + 4)) {
        copy.writeUInt8(0, at + 4);
        copy.writeUInt32BE(copy.readUInt32BE(at + 12), at + 8);
      }
    }),
  },
  {
    rule: 'C6',
    what: 'an edit list cuts the first frame away',
    playlist: only('low', moved(-1000 / FPS)),
    media: (data, request) =>
      isInit('low')(request)
        ? initSegment(
            videoTrack(FPS, {
              displayWidth: 160,
              displayHeight: 90,
              width: 160,
              height: 90,
              compositionShift: 90_000 / FPS,
            }),
          )
        : data,
  },
  { rule: 'V1', what: 'a variant has no BANDWIDTH', multivariant: low('BANDWIDTH=200000,', '') },
  {
    rule: 'V1b',
    what: 'a variant has no AVERAGE-BANDWIDTH',
    multivariant: low('AVERAGE-BANDWIDTH=200000,', ''),
  },
  {
    rule: 'V1c',
    what: 'both variants have one bit rate',
    multivariant: put('BANDWIDTH=200000', 'BANDWIDTH=320000'),
  },
  {
    rule: 'V2',
    what: 'the peak is far above BANDWIDTH',
    multivariant: low('BANDWIDTH=200000', 'BANDWIDTH=100000'),
  },
  {
    rule: 'V2b',
    what: 'the average is far above AVERAGE-BANDWIDTH',
    multivariant: low('AVERAGE-BANDWIDTH=200000', 'AVERAGE-BANDWIDTH=100000'),
    seconds: 60,
  },
  { rule: 'V4', what: 'CODECS lacks the sound', multivariant: low(',mp4a.40.2', '') },
  { rule: 'V5', what: 'CODECS has another level', multivariant: low('avc1.42c00c', 'avc1.42c00d') },
  { rule: 'V6', what: 'FRAME-RATE has four decimals', multivariant: low('RATE=10.000', 'RATE=10.0000') },
  { rule: 'V6b', what: 'RESOLUTION is not that of the picture', multivariant: high('320x180', '640x360') },
  {
    rule: 'V7',
    what: 'one variant of two has a VIDEO-RANGE',
    multivariant: high('AUDIO=', 'VIDEO-RANGE=HLG,AUDIO='),
  },
  { rule: 'V8', what: 'one variant of two has a SCORE', multivariant: high('AUDIO=', 'SCORE=2,AUDIO=') },
  {
    rule: 'V9',
    what: 'a stable identifier has a space',
    multivariant: high('AUDIO=', 'STABLE-VARIANT-ID="a b",AUDIO='),
  },
  { rule: 'V10', what: 'a group is not there', multivariant: high('AUDIO=', 'VIDEO="angles",AUDIO=') },
  {
    rule: 'V10b',
    what: 'one variant of two has no captions',
    multivariant: high('AUDIO=', 'CLOSED-CAPTIONS=NONE,AUDIO='),
  },
  {
    rule: 'V11',
    what: 'a name stands in its group twice',
    multivariant: put(/(#EXT-X-MEDIA[^\n]*\n)/, '$1$1'),
  },
  { rule: 'V11b', what: 'sound has no language', multivariant: put('LANGUAGE="und",', '') },
  { rule: 'V11c', what: 'sound has no CHANNELS', multivariant: put('CHANNELS="2",', '') },
  {
    rule: 'V12',
    what: 'a file has two tracks of sound',
    media: (data, request) => (isInit('audio')(request) ? joined(data, initSegment(audioTrack()), 9) : data),
  },
  {
    rule: 'V12b',
    what: 'picture and sound are in one file',
    media: (data, request) => (isInit('high')(request) ? joined(data, initSegment(audioTrack()), 9) : data),
  },
  {
    rule: 'V13',
    what: 'one rendition is cut 200 ms later than the other',
    playlist: only('low', moved(200)),
    media: media(isMedia('low'), (copy) => {
      for (let at = copy.indexOf('tfdt'); at >= 0; at = copy.indexOf('tfdt', at + 4))
        copy.writeUInt32BE(copy.readUInt32BE(at + 12) + 18_000, at + 12);
    }),
  },
  {
    rule: 'V13b',
    what: 'one rendition has half the keyframes',
    playlist: only('low', put(/(\.3\.m4s"),INDEPENDENT=YES/, '$1')),
    media: media(isMedia('low'), (copy) => {
      const isSegment = copy.indexOf('trun') !== copy.lastIndexOf('trun');
      const opens = copy.indexOf('styp') >= 0;
      unsynced(copy, (fragment) => (isSegment ? fragment === 3 : !opens));
    }),
  },
  {
    rule: 'V14',
    what: 'one rendition reaches back half a minute less',
    options: { window: (name) => (name === 'low' ? 152 : 158) },
  },
  {
    rule: 'V15',
    what: 'nobody says that segments are independent',
    multivariant: put('#EXT-X-INDEPENDENT-SEGMENTS\n', ''),
  },
  {
    rule: 'V16',
    what: 'an I-frame playlist is none',
    multivariant: put(
      /$/,
      '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=90000,CODECS="avc1.42c00c",RESOLUTION=320x180,URI="high/index.m3u8"\n',
    ),
  },
  {
    rule: 'V17',
    what: 'the level is 6',
    multivariant: put('avc1.42c00c', 'avc1.42c03c'),
    media: media(
      (request) => request.kind === 'init' && request.name !== 'audio',
      (copy) => copy.writeUInt8(0x3c, boxAt(copy, 'avcC') + 3),
    ),
  },
  {
    rule: 'V17b',
    what: 'variants have two shapes',
    multivariant: put('160x90', '160x120'),
    media: media(isInit('low'), (copy) => copy.writeUInt32BE(120 << 16, boxAt(copy, 'tkhd') + 80)),
  },
  {
    rule: 'V19',
    what: 'CODECS has HE-AAC and the init segment has not',
    multivariant: low('mp4a.40.2', 'mp4a.40.5'),
  },
];
