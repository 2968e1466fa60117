import { constants, X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { SecureContext } from 'node:tls';
import type { Logger } from 'pino';

import { MillraceError } from '../errors.js';

export interface CertificateFiles {
  /** PEM: the certificate, then those of the authorities between it and the root. */
  readonly cert: string;
  /** PEM, without a passphrase. */
  readonly key: string;
}

/** How often the files are looked at (ms). */
const LOOK_INTERVAL = 2000;

/**
 * The certificate that RTMPS shows, read anew when its files change. The files are looked at rather than watched:
 * certbot and others replace links and folders, which a watch on a file does not see. Files that cannot be used change
 * nothing, and the log says what is wrong with them.
 */
export class Certificate {
  readonly #files: CertificateFiles;
  readonly #logger: Logger;
  readonly #interval: number;
  /** Which files the context was made of, or was tried to be made of. */
  #tried = '';
  /** What the last look saw: only files that have stayed as they are for a while are whole. */
  #seen = '';
  #context: SecureContext | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(files: CertificateFiles, logger: Logger, interval = LOOK_INTERVAL) {
    this.#files = files;
    this.#logger = logger;
    this.#interval = interval;
  }

  /** For new connections; once `load` has resolved. */
  get context(): SecureContext {
    if (this.#context === undefined) throw new Error('no certificate has been loaded');
    return this.#context;
  }

  /**
   * Reads the files for the first time, and looks at them from then on.
   * @throws MillraceError TLS_UNUSABLE
   */
  async load(): Promise<void> {
    try {
      this.#tried = this.#seen = await this.#identify();
      await this.#read();
    } catch (cause) {
      throw new MillraceError('TLS_UNUSABLE', this.#describe(cause), { cause });
    }
    this.#lookLater();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #lookLater(): void {
    this.#timer = setTimeout(() => {
      void this.#look().finally(() => {
        if (this.#timer !== undefined) this.#lookLater();
      });
    }, this.#interval);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    let found = '';
    try {
      found = await this.#identify();
      const isWhole = found === this.#seen;
      this.#seen = found;
      if (!isWhole || found === this.#tried) return;
      await this.#read();
    } catch (error) {
      if (found === this.#tried) return;
      this.#logger.error(
        { code: 'TLS_UNUSABLE', reason: this.#describe(error) },
        'the certificate stays as it was',
      );
    }
    this.#tried = found;
  }

  /** Tells one pair of files from another, through links. */
  async #identify(): Promise<string> {
    const files = await Promise.all([stat(this.#files.cert), stat(this.#files.key)]);
    return files.map(({ dev, ino, size, mtimeMs }) => [dev, ino, size, mtimeMs].join(':')).join(' ');
  }

  async #read(): Promise<void> {
    const [cert, key] = await Promise.all([readFile(this.#files.cert), readFile(this.#files.key)]);
    this.#context = createSecureContext({
      cert,
      key,
      minVersion: 'TLSv1.2',
      // A handshake is dear for us and cheap for the peer: one for each connection.
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    });
    const { subject, validTo } = new X509Certificate(cert);
    this.#logger.info({ subject, validTo }, 'certificate loaded');
  }

  #describe(cause: unknown): string {
    return `${this.#files.cert}, ${this.#files.key}: ${(cause as Error).message}`;
  }
}

/** True for what goes wrong inside TLS, such as a peer that does not speak it. */
export const isTlsFault = ({ code = '' }: NodeJS.ErrnoException): boolean =>
  /^(ERR_SSL_|ERR_TLS_|ERR_OSSL_|EPROTO$)/.test(code);
