/** The media type of every playlist (RFC 8216bis 4). */
export const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl';

export const quoted = (text: string): string => `"${text}"`;

/** A decimal without exponent, trailing zeros or sign (RFC 8216bis 4.2). */
export function decimal(value: number, digits = 5): string {
  const fixed = value.toFixed(digits);
  return fixed.includes('.') ? fixed.replace(/\.?0+$/, '') : fixed;
}

/** An attribute list; entries whose value is undefined are left out. */
export function attributes(list: Readonly<Record<string, string | number | undefined>>): string {
  return Object.entries(list)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(',');
}

/** ISO 8601 in UTC with milliseconds (RFC 8216bis 4.4.4.6). */
export const dateTime = (unixMs: number): string => new Date(unixMs).toISOString();
