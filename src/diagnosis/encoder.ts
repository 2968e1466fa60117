import { visible } from './words.js';

/** Whose settings an advice is to be given in. */
export type EncoderFamily = 'obs' | 'ffmpeg' | 'other';

export interface Encoder {
  /** As people call it, with its version where it says one; empty where it says nothing. Untrusted text, bounded. */
  readonly name: string;
  readonly family: EncoderFamily;
}

/** Longest name of an encoder that is kept, in characters. */
export const MAX_ENCODER_NAME = 80;

/** Names by which many encoders pass for an old Flash client; what they are is told elsewhere, if at all. */
const DISGUISE = /^(FMLE\/|LNX |WIN |MAC |Flash)/i;

/**
 * Who sends, by what the metadata say and the `flashVer` of the connection. OBS Studio tells its name in the metadata only,
 * libavformat in both, GStreamer in the metadata.
 */
export function identifyEncoder(flashVersion: string, claimed: string | undefined): Encoder {
  const texts = [claimed ?? '', flashVersion].map(visible).filter((text) => text !== '');
  for (const text of texts) {
    const obs = /\blibobs version ([\w.+~-]+)/.exec(text);
    if (obs) return { name: bounded(`OBS Studio ${obs[1] ?? ''}`), family: 'obs' };
    const lavf = /\bLavf([\d.]+)/.exec(text);
    if (lavf) return { name: bounded(`FFmpeg (libavformat ${lavf[1] ?? ''})`), family: 'ffmpeg' };
  }
  const name = texts.find((text) => !DISGUISE.test(text)) ?? texts[0] ?? '';
  return { name: bounded(name), family: 'other' };
}

const bounded = (text: string): string => [...text].slice(0, MAX_ENCODER_NAME).join('');
