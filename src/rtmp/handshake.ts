import { randomBytes } from 'node:crypto';

import { MillraceError } from '../errors.js';
import { findClientDigest, signServerAnswer, signServerHello } from './handshake-digest.js';

/** Length of C1, S1, C2 and S2 (RTMP 1.0 5.2.3). */
export const HANDSHAKE_SIZE = 1536;

const VERSION = 3;
const VERSION_OFFSET = 4;
const RANDOM_OFFSET = 8;

/** What a handshake step gives back: bytes for the peer and, once done, the first bytes after the handshake. */
export interface HandshakeStep {
  readonly send: readonly Buffer[];
  readonly done: boolean;
  /** Bytes beyond the handshake, a view over the input; empty until done. */
  readonly rest: Buffer;
}

const NOTHING = Buffer.alloc(0);

/** C1 or S1: time 0, four zero bytes, random filling (RTMP 1.0 5.2.3). */
function timeAndRandom(): Buffer {
  const bytes = Buffer.alloc(HANDSHAKE_SIZE);
  randomBytes(HANDSHAKE_SIZE - RANDOM_OFFSET).copy(bytes, RANDOM_OFFSET);
  return bytes;
}

/** Collects exactly `size` bytes from pieces of any length. */
class FixedBuffer {
  readonly #bytes: Buffer;
  #length = 0;

  constructor(size: number) {
    this.#bytes = Buffer.alloc(size);
  }

  /** Takes what is missing from the front of `input` and returns the rest of it. */
  fill(input: Buffer): Buffer {
    const copied = input.copy(this.#bytes, this.#length);
    this.#length += copied;
    return input.subarray(copied);
  }

  get full(): boolean {
    return this.#length === this.#bytes.length;
  }

  get contents(): Buffer {
    return this.#bytes;
  }
}

/** The peer's half as both sides see it: a version byte, 1536 bytes, and 1536 bytes more that echo ours. */
abstract class Handshake {
  #versionSeen = false;
  readonly #first = new FixedBuffer(HANDSHAKE_SIZE);
  #echoLeft = HANDSHAKE_SIZE;
  #firstAnswered = false;

  /**
   * Feeds bytes, however they are split. Once `done`, call no more.
   * @throws MillraceError RTMP_BAD_VERSION when the first byte is not 3: HTTP, TLS, RTMPE or noise.
   */
  receive(input: Buffer): HandshakeStep {
    let bytes = input;
    if (!this.#versionSeen) {
      if (bytes.length === 0) return { send: [], done: false, rest: NOTHING };
      const version = bytes[0];
      if (version !== VERSION) {
        throw new MillraceError('RTMP_BAD_VERSION', `handshake version ${version}, expected ${VERSION}`);
      }
      this.#versionSeen = true;
      bytes = bytes.subarray(1);
    }
    const send: Buffer[] = [];
    bytes = this.#first.fill(bytes);
    if (!this.#first.full) return { send, done: false, rest: NOTHING };
    if (!this.#firstAnswered) {
      this.#firstAnswered = true;
      send.push(...this.answer(this.#first.contents));
    }
    // The echo is counted, not compared: rtmp2sink writes its own time into it and some encoders send noise.
    const echoed = Math.min(this.#echoLeft, bytes.length);
    this.#echoLeft -= echoed;
    const done = this.#echoLeft === 0;
    return { send, done, rest: done ? bytes.subarray(echoed) : NOTHING };
  }

  /** What to send once the peer's C1 or S1 is here. */
  protected abstract answer(first: Buffer): Buffer[];
}

/** What S1 says of the server's version to a client that wants a digest, to which zeros would deny one. */
const SIGNING_VERSION = 0x04050001;

/**
 * The server's side (RTMP 1.0 5.2): S0, S1 and S2 go out together after C1. To a C1 with a valid digest, which some
 * players need answered, S1 and S2 have theirs; to any other, S2 repeats C1 byte for byte. Holds 1536 bytes, no more.
 */
export class ServerHandshake extends Handshake {
  protected override answer(c1: Buffer): Buffer[] {
    const s1 = timeAndRandom();
    const client = findClientDigest(c1);
    if (client === undefined) return [Buffer.of(VERSION), s1, c1];
    s1.writeUInt32BE(SIGNING_VERSION, VERSION_OFFSET);
    signServerHello(s1, client.scheme);
    const s2 = randomBytes(HANDSHAKE_SIZE);
    signServerAnswer(s2, client.digest);
    return [Buffer.of(VERSION), s1, s2];
  }
}

/** The client's side of the simple handshake: send `start()` first, then feed what the server answers. */
export class ClientHandshake extends Handshake {
  /** C0 and C1. */
  start(): Buffer {
    return Buffer.concat([Buffer.of(VERSION), timeAndRandom()]);
  }

  protected override answer(s1: Buffer): Buffer[] {
    return [s1];
  }
}
