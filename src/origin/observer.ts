/** What the origin tells whoever counts; every method must return at once. */
export interface OriginObserver {
  publishStarted(channel: string): void;
  publishEnded(channel: string, reason: 'goodbye' | 'vanished'): void;
  /** A publisher lost its key to a newcomer. */
  tookOver(channel: string): void;
  /** @param arrival ms since the Unix epoch at which the part's newest source unit arrived */
  partAdded(channel: string, rendition: string, bytes: number, arrival: number): void;
  forcedBoundary(channel: string): void;
  transcoderFailed(channel: string): void;
}
