import { setTimeout as delay } from 'node:timers/promises';
import { MillraceError } from '../errors.js';
import type { Logger } from '../logger.js';
import { RtmpPublisher } from './publisher.js';

/** Waits before the attempts that follow one that failed (ms); the last one repeats. */
const BACKOFF = [500, 1000, 2000, 4000, 8000];

/** A publish that goes on by itself. */
export interface Publishing {
  /** Says goodbye and ends. Safe to call twice. */
  stop(): Promise<void>;
  /** Resolves after `stop` or when there is no more to send; rejects with a fault that trying again cannot mend. */
  readonly done: Promise<void>;
}

export interface KeepPublishingOptions {
  readonly url: string;
  readonly logger: Logger;
  /** Done once before the first connection; a fault in it ends the publish. */
  readonly prepare: () => void | Promise<void>;
  /**
   * Sends on a fresh connection until it is over (`publisher.isOpen`), `signal` fires, or there is no more to send:
   * then it gives true.
   */
  readonly stream: (publisher: RtmpPublisher, signal: AbortSignal) => Promise<boolean>;
}

/**
 * Publishes, and connects again when the server goes away. Faults of our own end it; so does a refusal of the first
 * connection, for which the URL is to blame.
 */
export function keepPublishing(options: KeepPublishingOptions): Publishing {
  const stopping = new AbortController();
  const done = run(options, stopping.signal);
  // Whoever only stops need not look at it.
  done.catch(() => undefined);
  return {
    done,
    stop: async () => {
      stopping.abort();
      await done.catch(() => undefined);
    },
  };
}

async function run(
  { url, logger, prepare, stream }: KeepPublishingOptions,
  signal: AbortSignal,
): Promise<void> {
  await prepare();
  let wasLive = false;
  for (let failures = 0; !signal.aborted; failures++) {
    try {
      const publisher = await RtmpPublisher.connect(url, signal);
      wasLive = true;
      failures = 0;
      logger.info('publishing');
      const finished = await stream(publisher, signal).finally(() => publisher.close());
      if (finished || signal.aborted) return;
      logger.warn({ err: await publisher.closed }, 'the server ended the publish');
    } catch (fault) {
      if (signal.aborted) return;
      if (!isWorthAnotherTry(fault, wasLive)) throw fault;
      logger.warn({ err: fault }, 'cannot publish');
    }
    const wait = BACKOFF[Math.min(failures, BACKOFF.length - 1)];
    await delay(wait, undefined, { signal }).catch(() => undefined);
  }
}

function isWorthAnotherTry(fault: unknown, wasLive: boolean): boolean {
  if (!(fault instanceof MillraceError)) return false;
  if (fault.code === 'RTMP_REFUSED') return wasLive;
  return fault.code === 'CONNECT_FAILED' || fault.code.startsWith('RTMP_');
}
