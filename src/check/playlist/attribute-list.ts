/** One attribute of a tag: its text without quotes, and whether it had any. */
export interface AttributeValue {
  readonly text: string;
  readonly quoted: boolean;
}

/** An attribute list (RFC 8216bis 4.2) as far as it could be read, with what is wrong with it in plain words. */
export interface AttributeList {
  readonly values: ReadonlyMap<string, AttributeValue>;
  readonly faults: readonly string[];
}

const PAIR = /^([A-Z0-9-]+)=("[^"\r\n]*"|[^",\s]+)(?:,|$)/;

/** Attributes beyond this are not looked at: no tag has as many. */
const MAX_ATTRIBUTES = 100;

/** Reads an attribute list. Never throws: what cannot be read is a fault. */
export function readAttributes(list: string): AttributeList {
  const values = new Map<string, AttributeValue>();
  const faults: string[] = [];
  let rest = list;
  while (rest !== '' && values.size < MAX_ATTRIBUTES) {
    const [pair, name, raw] = PAIR.exec(rest) ?? [];
    if (pair === undefined || name === undefined || raw === undefined) {
      faults.push(`cannot be read from "${rest.slice(0, 40)}" on`);
      break;
    }
    if (values.has(name)) faults.push(`${name} is given twice`);
    const quoted = raw.startsWith('"');
    values.set(name, { text: quoted ? raw.slice(1, -1) : raw, quoted });
    rest = rest.slice(pair.length);
    if (rest === '' && pair.endsWith(',')) faults.push('ends in a comma');
  }
  return { values, faults };
}

export const textOf = (list: AttributeList, name: string): string | undefined => list.values.get(name)?.text;

/** A decimal number; undefined when it is absent or is none. */
export function numberOf(list: AttributeList, name: string): number | undefined {
  const text = textOf(list, name);
  return text !== undefined && /^-?\d+(\.\d*)?$/.test(text) ? Number(text) : undefined;
}

export type AttributeForm = 'quoted' | 'enumerated' | 'integer' | 'float' | 'signed' | 'hex' | 'resolution';

const forms = (form: AttributeForm, names: string): [string, AttributeForm][] =>
  names.split(' ').map((name) => [name, form]);

/** How the value of each attribute is written, by its name; the few that differ from tag to tag are left out. */
const FORMS: ReadonlyMap<string, AttributeForm> = new Map([
  ...forms(
    'quoted',
    'URI CODECS SUPPLEMENTAL-CODECS AUDIO VIDEO SUBTITLES GROUP-ID LANGUAGE ASSOC-LANGUAGE NAME CHARACTERISTICS ' +
      'CHANNELS INSTREAM-ID STABLE-VARIANT-ID STABLE-RENDITION-ID PATHWAY-ID KEYFORMAT KEYFORMATVERSIONS ' +
      'START-DATE END-DATE CLASS CUE RECENTLY-REMOVED-DATERANGES IMPORT QUERYPARAM SERVER-URI',
  ),
  ...forms(
    'enumerated',
    'DEFAULT AUTOSELECT FORCED METHOD INDEPENDENT GAP PRECISE END-ON-NEXT VIDEO-RANGE HDCP-LEVEL',
  ),
  ...forms('enumerated', 'CAN-BLOCK-RELOAD CAN-SKIP-DATERANGES'),
  ...forms('integer', 'BANDWIDTH AVERAGE-BANDWIDTH LAST-MSN LAST-PART SKIPPED-SEGMENTS BYTERANGE-START'),
  ...forms('integer', 'BYTERANGE-LENGTH BIT-DEPTH SAMPLE-RATE'),
  ...forms(
    'float',
    'DURATION PLANNED-DURATION FRAME-RATE SCORE PART-TARGET CAN-SKIP-UNTIL HOLD-BACK PART-HOLD-BACK',
  ),
  ...forms('signed', 'TIME-OFFSET'),
  ...forms('hex', 'IV SCTE35-CMD SCTE35-OUT SCTE35-IN'),
  ...forms('resolution', 'RESOLUTION'),
]);

const PATTERNS: Readonly<Record<Exclude<AttributeForm, 'quoted'>, { pattern: RegExp; says: string }>> = {
  enumerated: { pattern: /^[^",\s]+$/, says: 'an unquoted word' },
  integer: { pattern: /^\d{1,20}$/, says: 'a whole number' },
  float: { pattern: /^\d+(\.\d+)?$/, says: 'a decimal number without sign or exponent' },
  signed: { pattern: /^-?\d+(\.\d+)?$/, says: 'a decimal number without exponent' },
  hex: { pattern: /^0[xX][0-9A-Fa-f]+$/, says: '0x and hexadecimal digits' },
  resolution: { pattern: /^\d+x\d+$/, says: 'WIDTHxHEIGHT' },
};

/** An empty list of removed date ranges says that there are none. */
const MAY_BE_EMPTY = new Set(['RECENTLY-REMOVED-DATERANGES']);

/** What is wrong with the form of one value; undefined when nothing is, or when the attribute is not known. */
export function formFault(name: string, { text, quoted }: AttributeValue): string | undefined {
  const form = FORMS.get(name);
  if (form === undefined) return undefined;
  if (form === 'quoted') {
    if (!quoted) return `${name} must be a quoted string`;
    return text === '' && !MAY_BE_EMPTY.has(name) ? `${name} is an empty string` : undefined;
  }
  const { pattern, says } = PATTERNS[form];
  return quoted || !pattern.test(text) ? `${name}=${quoted ? `"${text}"` : text} must be ${says}` : undefined;
}
