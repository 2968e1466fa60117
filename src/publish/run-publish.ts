import { createLogger } from '../logger.js';
import { startFilePublish } from './file-publish.js';
import { parseRtmpUrl } from './rtmp-url.js';
import { startSyntheticPublish } from './synthetic-publish.js';

export interface RunPublishOptions {
  /** An FLV file; the synthetic source when left out. */
  readonly file?: string;
  readonly loop?: boolean;
  /** Seconds; until a signal when left out. */
  readonly duration?: number;
}

const MAX_TIMER = 2 ** 31 - 1;

/** `millrace publish`: until the file ends, the time is over, or SIGINT or SIGTERM. Rejects with a MillraceError. */
export async function runPublish(url: string, { file, loop, duration }: RunPublishOptions): Promise<void> {
  const logger = createLogger('info').child({ server: parseRtmpUrl(url).tcUrl });
  const publishing =
    file === undefined
      ? startSyntheticPublish({ url, logger })
      : startFilePublish({ url, file, loop: loop === true, logger });
  const stop = (): void => void publishing.stop();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  const timer =
    duration === undefined ? undefined : setTimeout(stop, Math.min(MAX_TIMER, Math.max(0, duration * 1000)));
  try {
    await publishing.done;
  } finally {
    clearTimeout(timer);
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}
