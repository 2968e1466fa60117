import type { DateRangeTag } from '../origin/snapshot.js';
import { attributes, dateTime, decimal, quoted } from './tags.js';

/** Names of classes and of attributes of our own begin with it. */
const NAMESPACE = 'millrace';

/** What a quoted string may not hold (RFC 8216bis 4.1, 4.2), and what would look like a line's end to somebody. */
const LINE_BREAKS = /[\r\n\u0085\u2028\u2029]+/g;
const CONTROL_CHARACTERS = /\p{Cc}/gu;

/** One EXT-X-DATERANGE tag (RFC 8216bis 4.4.5.1). */
export function dateRangeLine(tag: DateRangeTag): string {
  const list = attributes({
    ID: quoted(tag.id),
    CLASS: quoted(`${NAMESPACE}.${tag.class}`),
    'START-DATE': quoted(dateTime(tag.start)),
    DURATION: seconds(tag.duration),
    'PLANNED-DURATION': seconds(tag.plannedDuration),
    'SCTE35-OUT': hexadecimal(tag.scte35Out),
    'SCTE35-IN': hexadecimal(tag.scte35In),
    'SCTE35-CMD': hexadecimal(tag.scte35Cmd),
    ...clientAttributes(tag.values),
  });
  return `#EXT-X-DATERANGE:${list}`;
}

/** `X-` attributes; of names that differ only in what an attribute name cannot hold, the first counts. */
function clientAttributes(values: ReadonlyMap<string, string>): Record<string, string> {
  const list: Record<string, string> = {};
  for (const [key, value] of values) {
    const name = `X-${NAMESPACE}-${attributeName(key)}`.toUpperCase();
    const text = quotable(value);
    if (!name.endsWith('-') && text !== '') list[name] ??= quoted(text);
  }
  return list;
}

/** Capitals, digits and hyphens: `spliceEventId` and `splice_event_id` become `SPLICE-EVENT-ID`. */
const attributeName = (key: string): string =>
  key
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');

/** Fit for a quoted string: on one line, with single quotes for double ones. */
const quotable = (text: string): string =>
  text.replace(LINE_BREAKS, ' ').replace(CONTROL_CHARACTERS, '').replaceAll('"', "'").normalize('NFC').trim();

const seconds = (value: number | undefined): string | undefined =>
  value === undefined ? undefined : decimal(value, 3);

const hexadecimal = (bytes: Buffer | undefined): string | undefined =>
  bytes === undefined ? undefined : `0x${bytes.toString('hex').toUpperCase()}`;
