/** What requests from this machine itself come from: a proxy in front, as a rule, and so everybody. */
export const LOOPBACK = 'loopback';

const IPV4_BYTES = 4;
/** What stands before an IPv4 address in an IPv6 one (RFC 4291 2.5.5.2). */
const MAPPED = '00000000000000000000ffff';
const SELF = '00000000000000000000000000000001';
/** An IPv6 client has a whole /64 to itself. */
const NETWORK_BYTES = 8;

/** What counts as one client: an IPv4 address, the /64 of an IPv6 one, or `LOOPBACK`, in hexadecimal. */
export function clientAddress(bytes: ArrayBuffer): string {
  const all = Buffer.from(bytes);
  const hex = all.toString('hex');
  if (hex === SELF) return LOOPBACK;
  const isIpv4 = all.length === IPV4_BYTES || hex.startsWith(MAPPED);
  if (!isIpv4) return hex.slice(0, 2 * NETWORK_BYTES);
  const ipv4 = hex.slice(-2 * IPV4_BYTES);
  return ipv4.startsWith('7f') ? LOOPBACK : ipv4;
}
