import { MAX_CUE_TEXT, MAX_CUE_VALUES, MAX_SCTE35_BYTES, type Cue } from '../../media/cue.js';
import { parseSpliceInfo } from '../../media/scte35.js';
import type { Milliseconds, WireTimestamp } from '../../media/timestamp.js';
import type { Amf0Object, Amf0Value } from '../amf0.js';
import type { NamedData } from './named-data.js';

/** A cue point that states its own time is believed within these bounds of its message's timestamp (ms). */
const MAX_PAST = 10_000;
const MAX_AHEAD = 120_000;

/** A break, or any other span, is stated to be no longer than a day (seconds). */
const MAX_DURATION = 86_400;

/** Longest name of a value, and of an event. */
const MAX_NAME = 64;

/** Handlers of an application: named as the convention is. */
const HANDLER = /^on[A-Z]\w{0,61}$/;

/**
 * What is of no use to a viewer, or comes with every picture: metadata of the file, time codes, captions that stand in
 * the picture as well, and a player's own notices.
 */
const NOT_CUES: ReadonlySet<string> = new Set([
  'onMetaData',
  'onXMPData',
  'onFI',
  'onCaption',
  'onCaptionInfo',
  'onLastSecond',
  'onPlayStatus',
  'onStatus',
]);

/** Values that are said elsewhere in a cue. */
const SPENT: ReadonlySet<string> = new Set(['time', 'cue', 'elapsed']);

/**
 * Reads a data message about an instant of the stream. What encoders send:
 *
 * - `onAdCue`, in its simple mode (`type: 'SpliceOut'`, `id`, `duration`, `time`) and with a whole SCTE 35 message in
 *   base64 (`cue`);
 * - `onCuePoint`, as by AWS Elemental (`name: 'scte35'`, `parameters`), by YouTube's convention
 *   (`type: 'com.youtube.cuepoint'`, `cue_point_start`, `break_duration_sec`, `splice_event_id`, `pre_roll_time_sec`), or
 *   as an application likes it;
 * - `onTextData` (`text`);
 * - any other handler of an application: a text, or an object of values.
 *
 * Undefined for what is no cue. Its text is cut where it is too long, and what is too much of it left out.
 */
export function parseCue({ name, value }: NamedData, timestamp: WireTimestamp): Cue | undefined {
  if (!HANDLER.test(name) || NOT_CUES.has(name)) return undefined;
  if (name === 'onTextData') return textCue(value);
  const properties = merged(value);
  const isSplice = name === 'onAdCue' || (name === 'onCuePoint' && speaksOfSplice(properties));
  if (isSplice) return spliceCue(properties, timestamp);
  const values = valuesOf(properties);
  if (typeof value === 'string' && value !== '') values.set('value', cut(value));
  if (values.size === 0) return undefined;
  values.set('handler', name);
  return {
    type: 'data',
    role: 'point',
    event: undefined,
    offset: offsetOf(properties, timestamp),
    duration: durationOf(properties),
    values,
    scte35: undefined,
  };
}

function textCue(value: Amf0Value): Cue | undefined {
  const values = valuesOf(value instanceof Map ? value : new Map([['text', value]]));
  if ((values.get('text') ?? '').trim() === '') return undefined;
  // Says `Text`, as the handler's name does.
  values.delete('type');
  const plain = { event: undefined, duration: undefined, scte35: undefined };
  return { type: 'text', role: 'point', offset: 0, values, ...plain };
}

/** What the SCTE 35 message itself says counts before what is said beside it. */
function spliceCue(properties: Amf0Object, timestamp: WireTimestamp): Cue {
  const scte35 = sectionOf(properties);
  const info = scte35 && parseSpliceInfo(scte35);
  const event = info?.event ?? firstOf(properties, ['id', 'splice_event_id', 'event_id']);
  const duration = info?.duration ?? durationOf(properties);
  return {
    type: 'splice',
    role: info?.role ?? roleOf(properties, duration),
    event: event === undefined ? undefined : String(event).slice(0, MAX_NAME),
    offset: offsetOf(properties, timestamp),
    duration,
    values: valuesOf(properties),
    scte35,
  };
}

/** A cue point's own properties and those in its `parameters`, as one. */
function merged(value: Amf0Value): Amf0Object {
  if (!(value instanceof Map)) return new Map();
  const parameters = value.get('parameters');
  return parameters instanceof Map ? new Map([...parameters, ...value]) : value;
}

function speaksOfSplice(properties: Amf0Object): boolean {
  const words = [properties.get('name'), properties.get('type')].filter((word) => typeof word === 'string');
  return words.some((word) => /scte-?35|splice|ad-?marker|youtube\.cuepoint/i.test(word));
}

/** By `type` (`SpliceOut`), or by YouTube's flag. One that states a duration begins something that lasts so long. */
function roleOf(properties: Amf0Object, duration: number | undefined): Cue['role'] {
  const begins = properties.get('cue_point_start');
  if (typeof begins === 'boolean') return begins ? 'out' : 'in';
  const type = firstOf(properties, ['type']);
  if (typeof type === 'string' && /out$/i.test(type)) return 'out';
  if (typeof type === 'string' && /in$/i.test(type)) return 'in';
  return duration === undefined ? 'point' : 'out';
}

/** In base64, as `onAdCue` has it, or in hexadecimal digits. */
function sectionOf(properties: Amf0Object): Buffer | undefined {
  const text = properties.get('cue');
  if (typeof text !== 'string' || text.length > 2 * MAX_SCTE35_BYTES + 2) return undefined;
  const hexadecimal = /^(?:0x)?(fc(?:[0-9a-f]{2})+)$/i.exec(text)?.[1];
  const section = hexadecimal === undefined ? Buffer.from(text, 'base64') : Buffer.from(hexadecimal, 'hex');
  return section[0] === 0xfc && section.length <= MAX_SCTE35_BYTES ? section : undefined;
}

/** Seconds ahead, or a time on the stream's own clock in seconds. */
function offsetOf(properties: Amf0Object, timestamp: WireTimestamp): Milliseconds {
  const preRoll = positive(properties.get('pre_roll_time_sec'));
  if (preRoll !== undefined) return Math.min(Math.round(preRoll * 1000), MAX_AHEAD);
  const time = positive(properties.get('time'));
  if (time === undefined) return 0;
  const offset = ((Math.round(time * 1000) % 2 ** 32) - timestamp) | 0;
  return offset >= -MAX_PAST && offset <= MAX_AHEAD ? offset : 0;
}

function durationOf(properties: Amf0Object): number | undefined {
  const duration = positive(firstOf(properties, ['duration', 'break_duration_sec']));
  return duration === undefined ? undefined : Math.min(duration, MAX_DURATION);
}

/** A number above 0; some encoders write it as text. */
function positive(raw: Amf0Value): number | undefined {
  const value = typeof raw === 'string' && raw.trim() !== '' ? Number(raw) : raw;
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : undefined;
}

function firstOf(properties: Amf0Object, keys: readonly string[]): string | number | undefined {
  for (const key of keys) {
    const value = properties.get(key);
    if (typeof value === 'number' || (typeof value === 'string' && value !== '')) return value;
  }
  return undefined;
}

/** The values that are plain, as text. */
function valuesOf(properties: Amf0Object): Map<string, string> {
  const values = new Map<string, string>();
  for (const [key, value] of properties) {
    const text = plainText(value);
    if (text === undefined || key === '' || SPENT.has(key)) continue;
    values.set(key.slice(0, MAX_NAME), cut(text));
    // One is left for the name of the handler.
    if (values.size === MAX_CUE_VALUES - 1) break;
  }
  return values;
}

function plainText(value: Amf0Value): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : undefined;
  return typeof value === 'boolean' ? String(value) : undefined;
}

const cut = (text: string): string => text.slice(0, MAX_CUE_TEXT);
