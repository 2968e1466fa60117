import type { Logger } from 'pino';
import { Diagnosis, type DiagnosisOptions } from '../diagnosis/diagnosis.js';
import type { EncoderClaims } from '../diagnosis/claims.js';
import type { Change } from '../diagnosis/findings.js';
import type { PublisherReport } from '../diagnosis/report.js';
import type { MillraceError } from '../errors.js';
import type { TimelineEvent } from '../media/timeline-events.js';

/** The diagnosis of one publisher; a finding is logged once when it appears and once when it is gone. */
export class PublisherWatch {
  readonly #diagnosis: Diagnosis;
  readonly #logger: Logger;

  constructor(options: DiagnosisOptions, logger: Logger) {
    this.#diagnosis = new Diagnosis(options);
    this.#logger = logger;
  }

  get report(): PublisherReport {
    return this.#diagnosis.report;
  }

  event(event: TimelineEvent): void {
    this.#log(this.#diagnosis.event(event));
  }

  metadata(claims: EncoderClaims): void {
    this.#diagnosis.metadata(claims);
    this.#logger.debug({ metadata: claims }, 'metadata');
  }

  ignored(error: MillraceError): void {
    this.#log(this.#diagnosis.ignored(error, Date.now()));
  }

  #log(changes: readonly Change[]): void {
    for (const { type, finding } of changes) {
      const { code, severity, value, message, advice } = finding;
      if (type === 'gone') {
        this.#logger.info({ finding: code }, 'finding is gone');
        continue;
      }
      const level = severity === 'info' ? 'info' : 'warn';
      this.#logger[level]({ finding: code, severity, value, advice }, message);
    }
  }
}
