/** The outside world as the checker sees it: requests and time. Tests put a world of their own in its place. */

export interface RequestOptions {
  readonly method?: 'GET' | 'HEAD' | 'OPTIONS';
  readonly headers?: Readonly<Record<string, string>>;
  /** ms until the request is given up. */
  readonly timeout: number;
  /** A longer body is cut off. */
  readonly maxBytes: number;
}

/** One request and its answer, without the body. Times in ms since the Unix epoch. */
export interface Exchange {
  readonly method: string;
  readonly url: string;
  /** Where redirects led to; the same as `url` without any. */
  readonly finalUrl: string;
  readonly requestHeaders: Readonly<Record<string, string>>;
  readonly startedAt: number;
  readonly firstByteAt: number;
  readonly endedAt: number;
  /** 0 when there was no answer. */
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly redirects: number;
  /** Of the body as it was sent, compressed or not. */
  readonly bytes: number;
  /** Why there was no answer or only a piece of one. */
  readonly fault: ExchangeFault | undefined;
  /** What the connection was secured with. */
  readonly tls: { readonly version: string; readonly alpn: string | undefined } | undefined;
}

export type ExchangeFault =
  'timeout' | 'unreachable' | 'too-long' | 'cut-off' | 'bad-encoding' | 'too-many-redirects';

export interface Answer {
  readonly exchange: Exchange;
  /** Decompressed. */
  readonly body: Buffer;
}

export interface Transport {
  /** Never rejects: what goes wrong is in the exchange. */
  request(url: string, options: RequestOptions): Promise<Answer>;
  /** The protocol that a TLS server chooses when it may choose HTTP/2; undefined without TLS or an answer. */
  offersHttp2(url: string): Promise<boolean | undefined>;
  close(): void;
}

export interface Clock {
  /** ms since the Unix epoch. */
  now(): number;
  sleep(ms: number): Promise<void>;
}

export const succeeded = ({ status, fault }: Exchange): boolean =>
  fault === undefined && (status === 200 || status === 206);

export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};
