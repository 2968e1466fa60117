import { pino, type Logger } from 'pino';

export type { Logger } from 'pino';

/** JSON lines on standard output; whatever is called a stream key is blotted out, wherever it stands. */
export function createLogger(level: string): Logger {
  return pino({
    level,
    redact: { paths: ['streamKey', '*.streamKey', '*.*.streamKey'], censor: '[redacted]' },
  });
}
