import { setTimeout as delay } from 'node:timers/promises';
import { MillraceError } from '../errors.js';
import type { Logger } from '../logger.js';
import { RtmpPublisher } from './publisher.js';

/** Waits before the attempts that follow one that failed (ms); the last one repeats. */
const FAILED = [500, 1000, 2000, 4000, 8000];

/** The same after a refusal, which seldom is over soon. */
const REFUSED = [10_000, 30_000, 60_000];

/** A publish that lasted this long (ms) was no failure: the next waits begin anew. */
const STABLE = 10_000;

/** A publish that goes on by itself. */
export interface Publishing {
  /** Says goodbye and ends. Safe to call twice. */
  stop(): Promise<void>;
  /** Resolves after `stop` or when there is no more to send; rejects with a fault that trying again cannot mend. */
  readonly done: Promise<void>;
}

/** What an attempt has come to. */
export type PublishState =
  | { readonly state: 'connecting' }
  | { readonly state: 'live'; readonly publisher: RtmpPublisher }
  /** Over, and tried again later; without a fault the server ended it in good order. */
  | { readonly state: 'refused' | 'waiting'; readonly fault: MillraceError | undefined };

export interface KeepPublishingOptions {
  readonly url: string;
  readonly logger: Logger;
  /** Done once before the first connection; a fault in it ends the publish. */
  readonly prepare?: () => void | Promise<void>;
  /**
   * Sends on a fresh connection until it is over (`publisher.isOpen`), `signal` fires, or there is no more to send:
   * then it gives true.
   */
  readonly stream: (publisher: RtmpPublisher, signal: AbortSignal) => Promise<boolean>;
  /** A first connection that is refused is tried again too, where nobody is there to correct the URL. */
  readonly persistent?: boolean;
  readonly onState?: (state: PublishState) => void;
  /** Other waits, in ms. */
  readonly waits?: { readonly failed: readonly number[]; readonly refused: readonly number[] };
}

/**
 * Publishes, and connects again when the server goes away or asks for it. Faults of our own end it; so does a refusal of
 * the first connection, for which the URL is to blame, unless it is to be persistent.
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

async function run(options: KeepPublishingOptions, signal: AbortSignal): Promise<void> {
  const { logger, stream, persistent = false, onState } = options;
  const waits = options.waits ?? { failed: FAILED, refused: REFUSED };
  await options.prepare?.();
  let url = options.url;
  let wasLive = false;
  let lastFault: string | undefined;
  for (let failures = 0; !signal.aborted; failures++) {
    let refused = false;
    try {
      onState?.({ state: 'connecting' });
      const publisher = await RtmpPublisher.connect(url, signal);
      const since = performance.now();
      wasLive = true;
      lastFault = undefined;
      logger.info('publishing');
      onState?.({ state: 'live', publisher });
      const finished = await stream(publisher, signal).finally(() => publisher.close());
      if (finished || signal.aborted) return;
      if (performance.now() - since >= STABLE) failures = 0;
      const fault = await publisher.closed;
      url = publisher.movedTo ?? options.url;
      const moved = publisher.movedTo !== undefined;
      logger.warn({ code: fault?.code, reason: fault?.message, moved }, 'the server ended the publish');
      onState?.({ state: 'waiting', fault });
    } catch (fault) {
      if (signal.aborted) return;
      if (!(fault instanceof MillraceError)) throw fault;
      refused = fault.code === 'RTMP_REFUSED';
      if (refused ? !wasLive && !persistent : !isWorthAnotherTry(fault)) throw fault;
      url = options.url;
      // The same again every few seconds would fill the log.
      const level = fault.message === lastFault ? 'debug' : 'warn';
      lastFault = fault.message;
      logger[level]({ code: fault.code, reason: fault.message }, 'cannot publish');
      onState?.({ state: refused ? 'refused' : 'waiting', fault });
    }
    const wait = refused && persistent ? waits.refused : waits.failed;
    await delay(wait[Math.min(failures, wait.length - 1)], undefined, { signal }).catch(() => undefined);
  }
}

/** Whatever the network or the server did may be over next time. */
const isWorthAnotherTry = ({ code }: MillraceError): boolean =>
  code === 'CONNECT_FAILED' || code === 'AMF_MALFORMED' || code.startsWith('RTMP_');
