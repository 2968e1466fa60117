/** How much of a rendition was published. */
export interface RenditionCounts {
  parts: number;
  bytes: number;
}

/**
 * What happens many times a second on a channel, in plain numbers: they become metrics when somebody asks for them. Adding
 * to a counter with labels costs more than all that the ingest does for a frame.
 */
export class ChannelCounts {
  ingestBytes = 0;
  readonly ingestUnits = { video: 0, audio: 0 };
  playedBytes = 0;
  /** By name; as many as the channel has ever had. */
  readonly renditions = new Map<string, RenditionCounts>();

  partAdded(rendition: string, bytes: number): void {
    const counts = this.renditions.get(rendition);
    if (counts === undefined) {
      this.renditions.set(rendition, { parts: 1, bytes });
      return;
    }
    counts.parts += 1;
    counts.bytes += bytes;
  }
}
