import { boxAt, patched } from './fake-media.js';
import { after, from, moved, only, put, without, type Planted } from './plant.js';

const sevenSeconds = put('TARGETDURATION:6', 'TARGETDURATION:7');

/** What the open segment of a fake is when the observation begins, and the next one, that follows whole within it. */
const NEXT = 168;

const dateRange = (attributes: string): ((text: string) => string) =>
  after('#EXT-X-PART-INF', `#EXT-X-DATERANGE:${attributes}`);

export const PLAYLIST_FAULTS: readonly Planted[] = [
  {
    rule: 'T1',
    what: 'a playlist has neither the path nor the type of one',
    multivariant: put('low/index.m3u8', 'low/index.txt'),
    playlist: put('../low/index.m3u8', '../low/index.txt'),
    reply: (made, { kind, name }) =>
      kind === 'playlist' && name === 'low'
        ? { ...made, headers: { ...made.headers, 'content-type': 'text/plain' } }
        : made,
  },
  { rule: 'T2', what: 'there is a space behind #EXTM3U', playlist: only('low', put('#EXTM3U', '#EXTM3U ')) },
  {
    rule: 'T3',
    what: 'a tag of multivariant playlists stands in a media playlist',
    playlist: only('low', after('#EXT-X-PART-INF', '#EXT-X-SESSION-DATA:DATA-ID="a",VALUE="b"')),
  },
  {
    rule: 'T4',
    what: 'TARGETDURATION stands there twice',
    playlist: only('low', after('#EXT-X-PART-INF', '#EXT-X-TARGETDURATION:6')),
  },
  { rule: 'T5', what: 'a decimal number is quoted', playlist: put('CAN-BLOCK', 'HOLD-BACK="18",CAN-BLOCK') },
  { rule: 'T6', what: 'version 5 with EXT-X-MAP', playlist: only('low', put('VERSION:6', 'VERSION:5')) },
  { rule: 'T7', what: 'version 7 without a need', playlist: only('low', put('VERSION:6', 'VERSION:7')) },
  { rule: 'T8', what: 'a bar in a URI', playlist: only('low', put('init.mp4', 'init.mp4?a|b')) },
  {
    rule: 'M1',
    what: 'a segment is longer than TARGETDURATION',
    playlist: put(/EXTINF:6.00000,\n(e\d\/100.m4s)/, 'EXTINF:6.60000,\n$1'),
  },
  { rule: 'M2', what: 'TARGETDURATION changes', options: { skipUntil: 42 }, playlist: from(8, sevenSeconds) },
  { rule: 'M3', what: 'TARGETDURATION is 7', options: { skipUntil: 42 }, playlist: sevenSeconds },
  {
    rule: 'M4',
    what: 'one playlist has another TARGETDURATION',
    options: { skipUntil: 42 },
    playlist: only('low', sevenSeconds),
  },
  {
    rule: 'M5',
    what: 'MEDIA-SEQUENCE falls when the window grows',
    options: { window: (name, seconds) => (name === 'low' && seconds > 8 ? 153 : 151) },
  },
  {
    rule: 'M6',
    what: 'a segment gets another URI',
    playlist: only('low', from(8, put('/120.m4s', '/120.m4s?v=2'))),
  },
  {
    rule: 'M7',
    what: 'the date of a listed segment is edited',
    playlist: only(
      'low',
      from(8, (text) => text.replace(/(\d)Z(\nEXTINF|\n#EXTINF:6.00000,\ne1\/120)/, '5Z$2')),
    ),
  },
  { rule: 'M8', what: 'two segments are left', options: { window: () => 2 } },
  { rule: 'M9', what: 'four segments are left', options: { window: () => 4 } },
  { rule: 'M9b', what: 'two minutes are left', options: { window: () => 20 } },
  {
    rule: 'M13',
    what: 'a sliding playlist is an EVENT',
    playlist: after('#EXT-X-PART-INF', '#EXT-X-PLAYLIST-TYPE:EVENT'),
  },
  {
    rule: 'M14',
    what: 'there is a hint behind the end',
    options: { endsAt: 10.8 },
    playlist: put('#EXT-X-ENDLIST', '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="e2/169.0.m4s"\n#EXT-X-ENDLIST'),
  },
  {
    rule: 'M15',
    what: 'every EXTINF is a little too short',
    options: { window: () => 158 },
    playlist: (text) =>
      text
        .replaceAll('EXTINF:6.00000', 'EXTINF:5.95000')
        .replace(/DURATION=1.00000(,URI="e\d\/\d+\.5)/g, 'DURATION=0.95000$1'),
  },
  {
    rule: 'M16',
    what: 'a segment begins 15 ms after the end of the one before',
    media: (data, { kind, name, msn }) =>
      name === 'audio' && kind !== 'init' && msn >= NEXT
        ? patched(data, (copy) => {
            for (let at = copy.indexOf('tfdt'); at >= 0; at = copy.indexOf('tfdt', at + 4))
              copy.writeUInt32BE(copy.readUInt32BE(at + 12) + 720, at + 12);
          })
        : data,
  },
  {
    rule: 'M17',
    what: 'sound turns from stereo to mono in the middle',
    playlist: only(
      'audio',
      put(
        /(#EXT-X-PROGRAM[^\n]*\n(?:#EXT-X-PART[^\n]*168[^\n]*\n|#EXTINF:6.00000,\ne1\/168))/,
        '#EXT-X-MAP:URI="e1/init.mp4?mono"\n$1',
      ),
    ),
    media: (data, { kind, name, query }) =>
      kind === 'init' && name === 'audio' && query.has('mono')
        ? patched(data, (copy) => copy.writeUInt16BE(1, boxAt(copy, 'mp4a', 0) + 16))
        : data,
  },
  {
    rule: 'M18',
    what: 'a discontinuity is removed and not counted',
    playlist: put('DISCONTINUITY-SEQUENCE:1', 'DISCONTINUITY-SEQUENCE:0'),
  },
  {
    rule: 'M19',
    what: 'a discontinuity stands in two of three renditions',
    playlist: only('low', put('#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI="e2', '#EXT-X-MAP:URI="e2')),
    seconds: 24,
  },
  {
    rule: 'M20',
    what: 'a gap has parts that are none',
    playlist: only('audio', put('#EXTINF:6.00000,\ne1/168', '#EXT-X-GAP\n#EXTINF:6.00000,\ne1/168')),
  },
  {
    rule: 'M21',
    what: 'there is no EXT-X-MAP',
    playlist: only('low', (text) => put('VERSION:6', 'VERSION:3')(without('#EXT-X-MAP')(text))),
  },
  {
    rule: 'M23',
    what: 'it starts six seconds from the end',
    playlist: after('#EXT-X-PART-INF', '#EXT-X-START:TIME-OFFSET=-6'),
  },
  {
    rule: 'M24',
    what: 'EXT-X-BITRATE is five times too high',
    playlist: only('low', after('#EXT-X-DISCONTINUITY-SEQUENCE', '#EXT-X-BITRATE:500')),
  },
  {
    rule: 'M25',
    what: 'the key of listed segments vanishes',
    playlist: only('low', (text, { seconds }) =>
      seconds < 8
        ? put(
            '#EXTINF:6.00000,\ne1/120',
            '#EXT-X-KEY:METHOD=AES-128,URI="key"\n#EXTINF:6.00000,\ne1/120',
          )(text)
        : text,
    ),
  },
  { rule: 'P1', what: 'there are no dates', playlist: only('low', without('#EXT-X-PROGRAM-DATE-TIME')) },
  { rule: 'P2', what: 'dates are 50 ms off in one rendition', playlist: only('low', moved(50)) },
  { rule: 'P3', what: 'the zone has no colon', playlist: only('low', put(/(TIME:\S+)Z/, '$1+0000')) },
  {
    rule: 'P4',
    what: 'there is no date behind a discontinuity',
    playlist: only('low', (text) =>
      text.replace(/(#EXT-X-MAP:URI="e1[^\n]*\n)#EXT-X-PROGRAM[^\n]*\n(#EXTINF:6.00000,\ne1\/17\.)/, '$1$2'),
    ),
  },
  {
    rule: 'P5',
    what: 'the date of one segment is late',
    playlist: (text) =>
      text.replace(
        /(TIME:)(\S+)(\n#EXT-X-PART:[^\n]*e1\/168)/g,
        (_, tag: string, date: string, rest: string) =>
          `${tag}${new Date(Date.parse(date) + 400).toISOString()}${rest}`,
      ),
  },
  { rule: 'P6', what: 'dates are an hour in the future', playlist: moved(3_600_000) },
  {
    rule: 'P7',
    what: 'dates stand behind the first part',
    playlist: only('low', put(/(#EXT-X-PROGRAM[^\n]*\n)(#EXT-X-PART:[^\n]*\n)/, '$2$1')),
  },
  {
    rule: 'P8',
    what: 'END-DATE is not START-DATE and DURATION',
    playlist: dateRange(
      'ID="a",START-DATE="2026-01-02T03:04:05.000Z",END-DATE="2026-01-02T03:04:15.000Z",DURATION=5',
    ),
  },
  {
    rule: 'P9',
    what: 'END-ON-NEXT has no CLASS',
    playlist: dateRange('ID="a",START-DATE="2026-01-02T03:04:05.000Z",END-ON-NEXT=YES'),
  },
  {
    rule: 'P10',
    what: 'a SCTE-35 message is no splice information',
    playlist: dateRange('ID="a",START-DATE="2026-01-02T03:04:05.000Z",SCTE35-OUT=0x1234'),
  },
  { rule: 'L1', what: 'there is no PART-TARGET', playlist: without('#EXT-X-PART-INF') },
  {
    rule: 'L2',
    what: 'a part is 10 ms too long',
    playlist: only('low', (text) =>
      text
        .replace(/DURATION=1.00000(,URI="e1\/168\.2)/, 'DURATION=1.01000$1')
        .replace('EXTINF:6.00000,\ne1/168', 'EXTINF:6.01000,\ne1/168'),
    ),
  },
  {
    rule: 'L3',
    what: 'parts are 83 % of their target',
    playlist: (text) =>
      text.replace('PART-TARGET=1', 'PART-TARGET=1.2').replace('PART-HOLD-BACK=3', 'PART-HOLD-BACK=3.6'),
  },
  {
    rule: 'L4',
    what: 'the parts of a segment are shorter than it',
    playlist: only('low', put(/DURATION=1.00000(,URI="e1\/168\.5)/, 'DURATION=0.90000$1')),
  },
  {
    rule: 'L5',
    what: 'no part says that it is independent',
    playlist: only('low', put(',INDEPENDENT=YES', '')),
  },
  {
    rule: 'L5b',
    what: 'a part says that it is independent and is not',
    playlist: only('low', put(/(\.1\.m4s")\n/, '$1,INDEPENDENT=YES\n')),
  },
  {
    rule: 'L8',
    what: 'parts stay listed for eight segments',
    options: { partsListed: 8 },
    playlist: put(/^$/, ''),
  },
  {
    rule: 'L9',
    what: 'the parts of a younger segment leave first',
    playlist: only('low', from(6, without('#EXT-X-PART:[^\\n]*/166\\.'))),
  },
  {
    rule: 'L11',
    what: 'PART-HOLD-BACK is one and a half parts',
    playlist: put('PART-HOLD-BACK=3', 'PART-HOLD-BACK=1.5'),
  },
  {
    rule: 'L11b',
    what: 'PART-HOLD-BACK is two and a half parts',
    playlist: put('PART-HOLD-BACK=3', 'PART-HOLD-BACK=2.5'),
  },
  { rule: 'L12', what: 'HOLD-BACK is 10 s', playlist: put('CAN-BLOCK', 'HOLD-BACK=10,CAN-BLOCK') },
  { rule: 'L13', what: 'CAN-SKIP-UNTIL is 30 s', options: { skipUntil: 30 } },
  {
    rule: 'L14',
    what: 'one playlist has another SERVER-CONTROL',
    playlist: only('low', put('PART-HOLD-BACK=3', 'PART-HOLD-BACK=4')),
  },
  { rule: 'L16', what: 'nothing is hinted', playlist: only('low', without('#EXT-X-PRELOAD-HINT')) },
  {
    rule: 'L16b',
    what: 'two parts are hinted',
    playlist: only('low', put(/(#EXT-X-PRELOAD-HINT[^\n]*\n)/, '$1$1')),
  },
  {
    rule: 'L17',
    what: 'the hint has a query that the part has not',
    playlist: only('low', put(/(HINT:TYPE=PART,URI="[^"]*)/, '$1?hint')),
  },
  {
    rule: 'L20',
    what: 'parts are byte ranges and the hint does not say where it starts',
    recorded: (text, { name }) =>
      name !== 'low'
        ? text
        : text
            .replace(/(PART:DURATION=\S+,URI="e\d\/\d+)\.(\d)(\.m4s")/g, '$1$3,BYTERANGE="9000@$2000"')
            .replace(/(HINT:TYPE=PART,URI="e\d\/\d+)\.\d(\.m4s")/g, '$1$2'),
  },
  {
    rule: 'L21',
    what: 'one rendition is not reported on',
    playlist: only('low', without('#EXT-X-RENDITION-REPORT:URI="../audio')),
  },
  {
    rule: 'L21b',
    what: 'a report stands still',
    playlist: only('low', put(/(URI="\.\.\/audio[^,]*),[^\n]*/, '$1,LAST-MSN=166,LAST-PART=5')),
  },
  {
    rule: 'L23',
    what: 'an I-frame playlist has parts',
    playlist: only('low', (text) =>
      after('#EXT-X-PART-INF', '#EXT-X-I-FRAMES-ONLY')(put('VERSION:6', 'VERSION:5')(text)),
    ),
  },
  { rule: 'D1', what: 'CAN-BLOCK-RELOAD=NO', playlist: put('CAN-BLOCK-RELOAD=YES', 'CAN-BLOCK-RELOAD=NO') },
  {
    rule: 'D12',
    what: 'a delta update states another duration than the full playlist',
    playlist: only('low', (text, { delta }) =>
      delta ? text.replace('EXTINF:6.00000', 'EXTINF:5.99000') : text,
    ),
  },
  {
    rule: 'D13',
    what: 'SKIPPED-SEGMENTS=0',
    options: { age: 20.4, discontinuities: [] },
    playlist: (text, { request }) =>
      request.query.has('_HLS_skip')
        ? after('#EXT-X-PART-INF', '#EXT-X-SKIP:SKIPPED-SEGMENTS=0')(text).replace('VERSION:6', 'VERSION:9')
        : text,
  },
  {
    rule: 'D14',
    what: 'date ranges are skipped and nobody said that they can be',
    playlist: (text, { request }) =>
      request.query.get('_HLS_skip') === 'v2'
        ? put(/(SKIPPED-SEGMENTS=\d+)/, '$1,RECENTLY-REMOVED-DATERANGES=""')(text)
        : text,
  },
  { rule: 'D20', what: 'there is no delta update for 15 minutes', playlist: put(/CAN-SKIP-UNTIL=\d+,/, '') },
];
