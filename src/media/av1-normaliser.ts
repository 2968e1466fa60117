import { av1ConfigObus, buildAv1Config } from './av1-config.js';
import { findSequenceHeader, withoutTemporalDelimiter } from './av1-obu.js';
import { MillraceError } from '../errors.js';
import type { NewVideoConfig, NormalUnit, VideoNormaliser } from './video-normaliser.js';

/** Takes temporal delimiters off, and goes by the sequence header in the frames where the record has another or none. */
export class Av1Normaliser implements VideoNormaliser {
  #received: Buffer | undefined;
  /** The payload of the sequence header in force. */
  #sequence: Buffer | undefined;

  config(record: Buffer): NewVideoConfig | undefined {
    if (this.#received?.equals(record) === true) return undefined;
    const obus = av1ConfigObus(record);
    this.#received = record;
    const header = findSequenceHeader(obus);
    this.#sequence = header && obus.subarray(header.payload, header.end);
    return header && { record };
  }

  unit(sent: Buffer): NormalUnit {
    const data = withoutTemporalDelimiter(sent);
    const header = findSequenceHeader(data);
    if (header === undefined) return { config: undefined, data };
    const sequence = data.subarray(header.payload, header.end);
    if (this.#sequence?.equals(sequence) === true) return { config: undefined, data };
    try {
      const record = buildAv1Config(data.subarray(header.start, header.end));
      this.#sequence = Buffer.from(sequence);
      return { config: { record }, data };
    } catch (error) {
      if (error instanceof MillraceError) return { config: undefined, data };
      throw error;
    }
  }
}
