import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * The handshake of Flash Player 9 and later, which never was in the specification: C1 and S1 hide a digest of themselves
 * at a place that four of their bytes give, and S2 and C2 are signed with the digest of the message they answer.
 */

const DIGEST_LENGTH = 32;

/** Both of Adobe's keys end in these bytes where a digest is answered; digests of C1 and S1 use the text alone. */
const KEY_END = Buffer.from('f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae', 'hex');
const PLAYER_KEY = Buffer.from('Genuine Adobe Flash Player 001');
const SERVER_KEY = Buffer.from('Genuine Adobe Flash Media Server 001');
const SERVER_ANSWER_KEY = Buffer.concat([SERVER_KEY, KEY_END]);

/** Where the four bytes stand whose sum gives the place of the digest: schema 0 and schema 1. */
const SCHEMES = [8, 772] as const;
/** Places that the sum can choose from, counted from behind the four bytes. */
const PLACES = 728;

/** A digest found in C1. */
export interface ClientDigest {
  readonly digest: Buffer;
  /** Where the four bytes of its schema stand; the server's digest follows the same schema. */
  readonly scheme: number;
}

/** The digest of a C1, or undefined when it has no valid one: the peer shakes hands the simple way. */
export function findClientDigest(c1: Buffer): ClientDigest | undefined {
  // Those who know no digest leave zeros where the others say their version.
  if (c1.readUInt32BE(4) === 0) return undefined;
  for (const scheme of SCHEMES) {
    const place = digestPlace(c1, scheme);
    const digest = c1.subarray(place, place + DIGEST_LENGTH);
    if (timingSafeEqual(digest, digestAround(c1, place, PLAYER_KEY))) return { digest, scheme };
  }
  return undefined;
}

/** Puts the server's digest into an S1 that is otherwise filled. */
export function signServerHello(s1: Buffer, scheme: number): void {
  const place = digestPlace(s1, scheme);
  digestAround(s1, place, SERVER_KEY).copy(s1, place);
}

/** Signs an S2, in its last bytes, as the answer to a C1 with this digest. */
export function signServerAnswer(s2: Buffer, clientDigest: Buffer): void {
  const end = s2.length - DIGEST_LENGTH;
  const key = hmac(SERVER_ANSWER_KEY, clientDigest);
  hmac(key, s2.subarray(0, end)).copy(s2, end);
}

function digestPlace(bytes: Buffer, scheme: number): number {
  let sum = 0;
  for (let i = 0; i < 4; i++) sum += bytes.readUInt8(scheme + i);
  return scheme + 4 + (sum % PLACES);
}

/** The digest of all bytes but those where the digest itself goes. */
const digestAround = (bytes: Buffer, place: number, key: Buffer): Buffer =>
  createHmac('sha256', key)
    .update(bytes.subarray(0, place))
    .update(bytes.subarray(place + DIGEST_LENGTH))
    .digest();

const hmac = (key: Buffer, bytes: Buffer): Buffer => createHmac('sha256', key).update(bytes).digest();
