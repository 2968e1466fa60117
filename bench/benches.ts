import type { Bench } from './frame/bench.js';
import { ingest } from './ingest.js';
import { longStream } from './long-stream.js';

/** In the order in which they run. */
export const BENCHES: readonly Bench[] = [ingest, longStream];
