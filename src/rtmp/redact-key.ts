/** Keys shorter than this show no character at all. */
const SHORTEST_SHOWN = 12;

/** A stream key as logs may show it: its first two characters and its length. */
export const redactKey = (key: string): string =>
  `${key.length >= SHORTEST_SHOWN ? key.slice(0, 2) : ''}…(${key.length})`;
