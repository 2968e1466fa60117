/** What a list of samples comes to. */
export interface Summary {
  readonly count: number;
  readonly median: number;
  /** The spread: the middle half of the samples, or all of them where there are fewer than `FEW`. */
  readonly low: number;
  readonly high: number;
  readonly min: number;
  readonly max: number;
}

/** Fewer samples than this have no quartiles worth the name. */
export const FEW = 8;

/** The value below which the given share (0 to 1) of the samples lies, between two of them by their distance. */
export function quantile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) throw new RangeError('no samples');
  const position = share * (sorted.length - 1);
  const below = sorted[Math.floor(position)]!;
  const above = sorted[Math.ceil(position)]!;
  return below + (above - below) * (position - Math.floor(position));
}

/** @throws RangeError without samples */
export function summarise(samples: readonly number[]): Summary {
  const sorted = samples.toSorted((a, b) => a - b);
  const few = sorted.length < FEW;
  return {
    count: sorted.length,
    median: quantile(sorted, 0.5),
    low: quantile(sorted, few ? 0 : 0.25),
    high: quantile(sorted, few ? 1 : 0.75),
    min: quantile(sorted, 0),
    max: quantile(sorted, 1),
  };
}

/** Half the spread as a share of the median: how far apart two runs may be by chance. */
export function noiseOf({ median, low, high }: Summary): number {
  return median === 0 ? 0 : (high - low) / 2 / Math.abs(median);
}
