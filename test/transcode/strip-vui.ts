import { buildAvcConfig, parseAvcConfig } from '../../src/media/avc-config.js';
import { BitReader } from '../../src/media/bit-reader.js';
import { describeVideoTrack } from '../../src/media/describe-track.js';
import { parseVideoConfig } from '../../src/media/video-config.js';
import type { H264Source } from './h264-source.js';

/**
 * The same stream with an SPS that ends before its VUI, and so says nothing of reordering (nor of colour or time).
 * Only for what x264 writes: frames, 4:2:0, picture order count type 0, no scaling lists.
 */
export function withoutVui(source: H264Source): H264Source {
  const { sps, pps } = parseAvcConfig(source.track.decoderConfig);
  const record = buildAvcConfig(sps.map(stripVui), pps);
  const { frameRate } = source.track;
  return { track: describeVideoTrack(parseVideoConfig('avc', record), { frameRate }), units: source.units };
}

function stripVui(sps: Buffer): Buffer {
  const body = sps.subarray(1);
  const kept = body.length * 8 - bitsFromVuiFlag(body);
  const bits = [...body].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  // vui_parameters_present_flag 0, then rbsp_trailing_bits.
  const stripped = `${bits.slice(0, kept)}01`;
  const padded = stripped.padEnd(Math.ceil(stripped.length / 8) * 8, '0');
  const bytes = (padded.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2));
  return Buffer.from([sps.readUInt8(0), ...bytes]);
}

/** Bits from vui_parameters_present_flag on, ITU-T H.264 7.3.2.1.1. */
function bitsFromVuiFlag(body: Buffer): number {
  const reader = new BitReader(body);
  const ue = (): number => reader.unsignedGolomb(0xffff);
  reader.skip(24); // profile, constraints, level
  for (let i = 0; i < 4; i++) ue(); // id, chroma_format_idc, two bit depths
  reader.skip(2); // transform bypass, scaling matrix
  for (let i = 0; i < 4; i++) ue(); // frame number, order count type, its bits, reference frames
  reader.skip(1); // gaps
  ue(); // width
  ue(); // height
  reader.skip(2); // frames only, direct 8x8 inference
  if (reader.flag()) for (let i = 0; i < 4; i++) ue(); // cropping
  return reader.bitsLeft;
}
