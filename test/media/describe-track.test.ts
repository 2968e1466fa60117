import { describe, expect, it } from 'vitest';
import { describeVideoTrack } from '../../src/media/describe-track.js';
import { parseVideoConfig } from '../../src/media/video-config.js';
import { HEVC } from './codec-fixtures.js';

describe('E8: colour stated beside the bitstream', () => {
  const frameRate = { num: 25, den: 1 };
  const statedColour = { primaries: 9, transfer: 16, matrix: 9 };

  it('decides the range where the bitstream says nothing', () => {
    const config = parseVideoConfig('hevc', HEVC.main);
    expect(describeVideoTrack(config, { frameRate })).toMatchObject({ colour: undefined, videoRange: 'SDR' });
    expect(describeVideoTrack(config, { frameRate, statedColour })).toMatchObject({
      colour: { ...statedColour, fullRange: false },
      videoRange: 'PQ',
    });
  });

  it('goes before what the bitstream says', () => {
    const config = parseVideoConfig('hevc', HEVC.hlg);
    expect(describeVideoTrack(config, { frameRate })).toMatchObject({ videoRange: 'HLG' });
    expect(describeVideoTrack(config, { frameRate, statedColour })).toMatchObject({ videoRange: 'PQ' });
  });
});
