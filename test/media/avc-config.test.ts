import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { MillraceError } from '../../src/errors.js';
import { buildAvcConfig, MAX_AVC_CONFIG_BYTES, parseAvcConfig } from '../../src/media/avc-config.js';
import { parseSps } from '../../src/media/avc-sps.js';
import { joinAnnexB, splitLengthPrefixed } from '../../src/media/nal.js';
import { MAX_PICTURE_SIDE } from '../../src/media/picture-size.js';
import { encodeFlv, testPicture, X264, type FlvItem } from './flv-source.js';
import { HIGH_PROFILES, PLAIN_PPS, PLAIN_SPS, writeSps, type SpsFields } from './sps-writer.js';

function recordIn(items: readonly FlvItem[]): Buffer {
  const config = items.find((item) => item.type === 'video-config');
  if (config?.type !== 'video-config') throw new Error('the encoder made no configuration');
  return config.record;
}

const recordOf = (args: readonly string[]): Buffer => recordIn(encodeFlv(args));

const parse = (fields: Partial<SpsFields>) =>
  parseAvcConfig(buildAvcConfig([writeSps({ ...PLAIN_SPS, ...fields })], [PLAIN_PPS]));

/** Fails unless the action succeeds or throws a coded error. */
function onlyCodedErrors(action: () => unknown): void {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(MillraceError);
    expect((error as MillraceError).code).toBe('MEDIA_BAD_CONFIG');
  }
}

describe('a record made by x264', () => {
  it('D2: states size, rate, profile and colour of cropped 30000/1001 video', () => {
    const config = parseAvcConfig(
      recordOf([
        ...testPicture('638x362', '30000/1001', 0.2),
        ...X264,
        ...[
          '-profile:v',
          'main',
          '-preset',
          'veryfast',
          '-color_primaries',
          'bt709',
          '-color_trc',
          'bt709',
          '-colorspace',
          'bt709',
        ],
      ]),
    );
    expect(config).toMatchObject({
      profile: 77,
      nalLengthSize: 4,
      width: 638,
      height: 362,
      displayWidth: 638,
      displayHeight: 362,
      chromaFormat: 1,
      bitDepthLuma: 8,
      colour: { primaries: 1, transfer: 1, matrix: 1, fullRange: false },
    });
    expect(config.codecString).toMatch(/^avc1\.4d[0-9a-f]{4}$/);
    expect(config.timing && config.timing.num / config.timing.den).toBeCloseTo(30000 / 1001, 9);
    expect(config.sps).toHaveLength(1);
    expect(config.pps).toHaveLength(1);
  });

  it('V6: applies the sample aspect ratio to the display width', () => {
    const config = parseAvcConfig(
      recordOf([...testPicture('720x576', '25', 0.2), ...X264, '-vf', 'setsar=64/45']),
    );
    expect(config).toMatchObject({
      width: 720,
      height: 576,
      sampleAspectRatio: { num: 64, den: 45 },
      displayWidth: 1024,
      displayHeight: 576,
    });
  });

  it('reads interlaced video as frames of full height', () => {
    const config = parseAvcConfig(
      recordOf([
        ...testPicture('1920x1080', '25', 0.1),
        ...X264,
        '-flags',
        '+ildct+ilme',
        '-x264-params',
        'tff=1',
      ]),
    );
    expect(config).toMatchObject({ width: 1920, height: 1080 });
    expect(config.timing && config.timing.num / config.timing.den).toBe(25);
  });

  it('reads 4:4:4 video and custom scaling lists', () => {
    const config = parseAvcConfig(
      recordOf([
        ...testPicture('322x242', '50', 0.1),
        ...['-c:v', 'libx264', '-pix_fmt', 'yuv444p', '-profile:v', 'high444', '-x264-params', 'cqm=jvt'],
      ]),
    );
    expect(config).toMatchObject({ profile: 244, chromaFormat: 3, width: 322, height: 242 });
  });

  it('agrees with ffprobe for a range of sizes', () => {
    for (const size of ['64x64', '426x240', '854x480']) {
      const items = encodeFlv([...testPicture(size, '24', 0.1), ...X264]);
      const keyframe = items.find((item) => item.type === 'video');
      const config = parseAvcConfig(recordIn(items));
      if (keyframe?.type !== 'video') throw new Error('the encoder made no picture');
      const stream = joinAnnexB([...config.sps, ...config.pps, ...splitLengthPrefixed(keyframe.raw.data, 4)]);
      const probed = execFileSync(
        'ffprobe',
        [
          '-v',
          'error',
          '-f',
          'h264',
          '-i',
          'pipe:0',
          '-show_entries',
          'stream=width,height',
          '-of',
          'csv=p=0',
        ],
        { input: stream },
      );
      expect(`${config.width},${config.height}`).toBe(probed.toString().trim());
      expect(`${config.width}x${config.height}`).toBe(size);
    }
  });
});

describe('a sequence parameter set written field by field', () => {
  it('comes back as it was written, for every profile, format and cropping', () => {
    const fields = fc.record<SpsFields>({
      profile: fc.constantFrom(66, 77, ...HIGH_PROFILES),
      constraints: fc.integer({ min: 0, max: 255 }),
      level: fc.constantFrom(9, 10, 31, 42, 52, 62),
      chromaFormat: fc.integer({ min: 0, max: 3 }),
      bitDepth: fc.integer({ min: 8, max: 14 }),
      scalingLists: fc.constant(undefined),
      widthInMacroblocks: fc.integer({ min: 20, max: 512 }),
      heightInMapUnits: fc.integer({ min: 20, max: 256 }),
      framesOnly: fc.boolean(),
      crop: fc.option(fc.tuple(fc.nat(30), fc.nat(30), fc.nat(30), fc.nat(30)), { nil: undefined }),
      pocType: fc.constantFrom(0, 1, 2),
      sar: fc.option(fc.tuple(fc.integer({ min: 60, max: 300 }), fc.integer({ min: 60, max: 300 })), {
        nil: undefined,
      }),
      colour: fc.option(fc.tuple(fc.nat(22), fc.nat(22), fc.nat(22)), { nil: undefined }),
      fullRange: fc.boolean(),
      timing: fc.option(
        fc.tuple(fc.integer({ min: 1, max: 0xffffffff }), fc.integer({ min: 1, max: 0xffffffff })),
        {
          nil: undefined,
        },
      ),
    });
    fc.assert(
      fc.property(fields, (written) => {
        const read = parseSps(writeSps(written));
        const high = HIGH_PROFILES.includes(written.profile);
        const chroma = high ? written.chromaFormat : 1;
        const fieldFactor = written.framesOnly ? 1 : 2;
        const unitX = chroma === 1 || chroma === 2 ? 2 : 1;
        const unitY = (chroma === 1 ? 2 : 1) * fieldFactor;
        const [left, right, top, bottom] = written.crop ?? [0, 0, 0, 0];
        expect(read).toEqual({
          profile: written.profile,
          constraints: written.constraints,
          level: written.level,
          chromaFormat: chroma,
          bitDepthLuma: high ? written.bitDepth : 8,
          bitDepthChroma: high ? written.bitDepth : 8,
          width: written.widthInMacroblocks * 16 - (left + right) * unitX,
          height: written.heightInMapUnits * 16 * fieldFactor - (top + bottom) * unitY,
          framesOnly: written.framesOnly,
          sampleAspectRatio: written.sar ? { num: written.sar[0], den: written.sar[1] } : { num: 1, den: 1 },
          timing: written.timing && { num: written.timing[1], den: written.timing[0] * 2, fixed: true },
          colour: written.colour && {
            primaries: written.colour[0],
            transfer: written.colour[1],
            matrix: written.colour[2],
            fullRange: written.fullRange,
          },
        });
      }),
    );
  });

  it('is read past scaling lists that end early or run to their end', () => {
    const endsEarly = [8, -16];
    const runsOn = Array.from({ length: 16 }, (_, i) => (i % 2 === 0 ? 3 : -2));
    const lists = [endsEarly, undefined, runsOn, undefined, undefined, undefined, endsEarly, undefined];
    expect(parse({ scalingLists: lists })).toMatchObject({ width: 1280, height: 720 });
  });

  it('ignores sample aspect ratios that cannot be meant', () => {
    for (const sar of [
      [0, 0],
      [1, 0],
      [0, 1],
      [65535, 1],
      [1, 65535],
    ] as const) {
      expect(parse({ sar })).toMatchObject({ sampleAspectRatio: { num: 1, den: 1 }, displayWidth: 1280 });
    }
  });

  it('has no timing when one of its numbers is zero', () => {
    expect(parse({ timing: [0, 60] }).timing).toBeUndefined();
    expect(parse({ timing: [1, 0] }).timing).toBeUndefined();
  });

  it('is refused when cropping eats the picture or the picture passes every level', () => {
    expect(() => parse({ crop: [320, 320, 0, 0] })).toThrow(
      expect.objectContaining({ code: 'MEDIA_BAD_CONFIG' }),
    );
    const tooWide = Math.floor(MAX_PICTURE_SIDE / 16) + 1;
    expect(() => parse({ widthInMacroblocks: tooWide })).toThrow(
      expect.objectContaining({ code: 'MEDIA_BAD_CONFIG' }),
    );
  });
});

describe('buildAvcConfig', () => {
  it('makes the record that the encoder made, from its parameter sets', () => {
    for (const profile of ['baseline', 'main', 'high']) {
      const record = recordOf([
        ...testPicture('320x180', '30', 0.1),
        '-c:v',
        'libx264',
        '-pix_fmt',
        'yuv420p',
        '-profile:v',
        profile,
      ]);
      const { sps, pps } = parseAvcConfig(record);
      expect(buildAvcConfig(sps, pps)).toEqual(record);
    }
  });

  it('refuses missing or malformed parameter sets', () => {
    const sps = writeSps(PLAIN_SPS);
    for (const [spsList, ppsList] of [
      [[], [PLAIN_PPS]],
      [[sps], []],
      [[PLAIN_PPS], [PLAIN_PPS]],
      [[sps.subarray(0, 3)], [PLAIN_PPS]],
      [Array<Buffer>(32).fill(sps), [PLAIN_PPS]],
    ] as const) {
      expect(() => buildAvcConfig(spsList, ppsList)).toThrow(
        expect.objectContaining({ code: 'MEDIA_BAD_CONFIG' }),
      );
    }
  });
});

describe('a malformed record', () => {
  const good = buildAvcConfig([writeSps({ ...PLAIN_SPS, colour: [1, 1, 1], timing: [1, 60] })], [PLAIN_PPS]);
  let encoded: Buffer[];
  beforeAll(() => {
    encoded = [
      recordOf([...testPicture('640x360', '30', 0.1), ...X264, '-preset', 'medium']),
      recordOf([
        ...testPicture('322x242', '50', 0.1),
        '-c:v',
        'libx264',
        '-pix_fmt',
        'yuv444p',
        '-x264-params',
        'cqm=jvt',
      ]),
    ];
  });

  it.each([
    ['empty', Buffer.alloc(0)],
    ['of another version', Buffer.concat([Buffer.from([0]), good.subarray(1)])],
    ['without parameter sets', Buffer.from([1, 100, 0, 31, 0xff, 0xe0, 0])],
    ['with 3-byte NAL lengths', Buffer.concat([good.subarray(0, 4), Buffer.from([0xfe]), good.subarray(5)])],
    ['that swaps SPS and PPS', Buffer.from([1, 100, 0, 31, 0xff, 0xe1, 0, 1, 0x68, 1, 0, 1, 0x67])],
    ['longer than any real one', Buffer.concat([good, Buffer.alloc(MAX_AVC_CONFIG_BYTES)])],
  ])('%s is MEDIA_BAD_CONFIG', (_name, record) => {
    expect(() => parseAvcConfig(record)).toThrow(expect.objectContaining({ code: 'MEDIA_BAD_CONFIG' }));
  });

  it('cut off anywhere is MEDIA_BAD_CONFIG until its picture parameter sets are whole', () => {
    const withoutFormat = good.length - 4;
    for (let length = 0; length < withoutFormat; length++) {
      expect(() => parseAvcConfig(good.subarray(0, length))).toThrow(MillraceError);
    }
    expect(parseAvcConfig(good.subarray(0, withoutFormat)).width).toBe(1280);
  });

  it('of random bytes never throws anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        onlyCodedErrors(() => parseAvcConfig(Buffer.from(bytes)));
        onlyCodedErrors(() => parseSps(Buffer.concat([Buffer.from([0x67, 100, 0, 31]), bytes])));
      }),
      { numRuns: 2000 },
    );
  });

  it('made from a real one by changing bits never throws anything else', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(fc.nat(1), changes, (which, edits) => {
        const record = Buffer.from(encoded[which] ?? good);
        for (const [at, flip] of edits) record[at % record.length]! ^= flip;
        onlyCodedErrors(() => parseAvcConfig(record));
      }),
      { numRuns: 2000 },
    );
  });
});
