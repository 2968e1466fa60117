/** Measured values, and text from outside, as they stand in a message. */

const rounded = (value: number, digits: number): string => String(Number(value.toFixed(digits)));

export const seconds = (value: number): string => `${rounded(value, value < 10 ? 1 : 0)} s`;

export const framesPerSecond = (value: number): string => `${rounded(value, 2)} fps`;

export const percent = (share: number): string => `${rounded(share * 100, share < 0.095 ? 1 : 0)} %`;

export const bitsPerSecond = (value: number): string =>
  value >= 999_500 ? `${rounded(value / 1e6, 1)} Mb/s` : `${rounded(value / 1000, 0)} kb/s`;

export const kilohertz = (value: number): string => `${rounded(value / 1000, 3)} kHz`;

export const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);

/** Without control and formatting characters: no line breaks in a log, no turned writing direction on a page. */
export const visible = (text: string): string => text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '').trim();
