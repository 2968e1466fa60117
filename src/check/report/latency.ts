import { mediaOf, type RenditionObservation } from '../observation.js';
import { partsSeen, segmentsSeen } from '../rules/views.js';

export interface Latency {
  /** When it was there whole, ms since the Unix epoch. */
  readonly at: number;
  readonly ms: number;
}

/**
 * How long after the end of each part, by its date, it could be had: of segments where there are no parts. What was
 * listed before the observation began tells nothing.
 */
export function latencies(rendition: RenditionObservation): Latency[] {
  const parts = partsSeen(rendition).filter(({ version }) => version.number > 0);
  const ends =
    parts.length > 0
      ? parts.map(({ segment, part }) => ({
          entry: part,
          end: partEnd(segment, part.index),
        }))
      : segmentsSeen(rendition)
          .filter(({ version, segment }) => version.number > 0 && segment.uri !== undefined)
          .map(({ segment }) => ({
            entry: segment,
            end: segment.start === undefined ? undefined : segment.start + segment.duration * 1000,
          }));
  return ends.flatMap(({ entry, end }) => {
    const media = mediaOf(rendition, entry);
    return media === undefined || end === undefined
      ? []
      : [{ at: media.exchange.endedAt, ms: media.exchange.endedAt - end }];
  });
}

function partEnd(
  segment: { readonly start: number | undefined; readonly parts: readonly { readonly duration: number }[] },
  index: number,
): number | undefined {
  if (segment.start === undefined) return undefined;
  return (
    segment.start + segment.parts.slice(0, index + 1).reduce((sum, { duration }) => sum + duration * 1000, 0)
  );
}
