const hex = (text: string): Buffer => Buffer.from(text, 'hex');

/** Records and first frames of test pictures and tones as libx265, libaom, libvpx, libopus, flac, ac3 and lame made them. */
export const HEVC = {
  /** 1920x1080 at 25 frames a second, Main. */
  main: hex(
    '01016000000090000000000078f000fcfdf8f800000f03a00001001840010c01ffff016000000300900000030000030078959409' +
      'a10001002b420101016000000300900000030000030078a003c0801107cb965654a4c2f0168080000003008000000c84a200' +
      '0100064401c073c189',
  ),
  /** 1920x1080, Main 10, BT.2020 with HLG, pixels of 4:3, scaling lists. */
  hlg: hex(
    '01022000000090000000000078f000fcfdfafa00000f03a00001001840010c01ffff022000000300900000030000030078959809' +
      'a100010030420101022000000300900000030000030078a003c0801107cad965664a4e178735091209040000030004000003' +
      '006420a2000100064401c073c189',
  ),
  /** 322x182, Range Extensions 4:4:4. */
  yuv444: hex(
    '0104080000009e08000000003cf000fcfff8f800000f03a00001001740010c01ffff0408000003009e0800000300003c959809a1' +
      '0001002b4201010408000003009e0800000300003c90014901739ef2cacd24995e02d0100000030010000003019080a20001' +
      '00084401c172860c4624',
  ),
  /** 322x182, Main, with pictures predicted from both sides and open groups of pictures. */
  reordered: hex(
    '0101600000009000000000003cf000fcfdf8f800000f03a00001001840010c01ffff01600000030090000003000003003c959809' +
      'a10001002a42010101600000030090000003000003003ca00a480b9c9596566924caf0168080000003008000000c84a20001' +
      '00074401c172b46240',
  ),
};

export const AV1 = {
  /** 1280x720, Main. */
  main: hex('81050c000a0b0000002d4cffb3cdaf9004'),
  /** 322x182, 10 bits, BT.2020 with PQ. */
  pq: hex('81004c000a0e000000043d06d4daf95091009040'),
  /** 322x182, High, 4:4:4. */
  yuv444: hex('812000000a0a200000043d06d4daf902'),
  /** 322x182, Main, grey. */
  monochrome: hex('81001c000a0a000000043d06d4daf92a'),
  /** The start of a key frame and of an inter frame of `main`. */
  keyframe: hex('0a0b0000002d4cffb3cdaf9004320410008500'),
  interFrame: hex('32063003808080fd'),
};

export const VP9 = {
  main: hex('001f820202020000'),
  pq: hex('020ba20910090000'),
  yuv444: hex('010b860202020000'),
  /** Starts of frames of 1280x720, and of 322x182 in 10 bits and in 4:4:4. */
  keyframe: hex('82498342004ff02cf60638241c184a18'),
  keyframe10: hex('92498342500a0805ab031c120e0c2c00'),
  keyframe444: hex('a2498342000282016ac0c7048383094001c2'),
  interFrame: hex('86004092f121400600cd7f91'),
};

export const OPUS = {
  stereo: hex('4f707573486561640102380180bb0000000000'),
  surround: hex('4f707573486561640106380180bb00000000010402000401020305'),
};

export const FLAC = {
  /** 96 kHz stereo in blocks of 8192: STREAMINFO with the header of its block. */
  block: hex('8000002220002000000329000897177002f000004b00ec9960272ebafba8fe56caf96aa25a95'),
  frame: hex('fff8db8800574e0000005300a600fa014c01'),
};

export const AC3 = {
  /** 5.1 at 44.1 kHz, 448 kbit/s; 1950 bytes. */
  surround: hex('0b770dce5e40ebf8403eff9dffc2107f0fe1fc37570fa157'),
  /** Mono at 32 kHz, 128 kbit/s; 576 bytes. */
  mono: hex('0b77952f8c402f842bf1cefab0fdf3f7cfa1be7cf9f577cf'),
};

/** 5.1 at 48 kHz; 1792 bytes. */
export const EAC3_SURROUND = hex('0b77037f3f87c00020f820000200400004001fcc7e0107e1');

export const MP3 = {
  /** Joint stereo at 44.1 kHz, mono at 22.05 kHz. */
  stereo: hex('fffb90640000026b0bce9d60600000000d20a00001166545'),
  mono: hex('fff340c400133062843f4f18000bd6dbb60879a6699a669a'),
};

/** A frame of so many bytes that begins like this. */
export const padded = (start: Buffer, length: number): Buffer =>
  Buffer.concat([start, Buffer.alloc(length - start.length)]);
