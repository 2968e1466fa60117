/** How values are spread, in the unit of the values, rounded to a tenth. */
export interface Spread {
  readonly count: number;
  readonly least: number;
  readonly median: number;
  readonly p95: number;
  readonly most: number;
}

/** Undefined where there are no values. */
export function spread(values: readonly number[]): Spread | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number =>
    Math.round(10 * (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0)) / 10;
  return sorted.length === 0
    ? undefined
    : { count: sorted.length, least: at(0), median: at(0.5), p95: at(0.95), most: at(1) };
}
