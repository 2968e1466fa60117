import type { PresentationSnapshot } from '../origin/snapshot.js';
import { attributes, decimal } from './tags.js';

/** CAN-SKIP-UNTIL, in target durations: the least allowed (RFC 8216bis 4.4.3.8). */
export const SKIP_TARGET_DURATIONS = 6;

/** PART-HOLD-BACK, in part targets: what Apple's players demand at least. */
const HOLD_BACK_PARTS = 3;

/** HOLD-BACK, in target durations: the least allowed (RFC 8216bis 4.4.3.8). */
const HOLD_BACK_TARGET_DURATIONS = 3;

/** EXT-X-SERVER-CONTROL: the same in every playlist of a presentation, and for ever (RFC 8216bis 6.2.4). */
export function serverControl({ targetDuration, partTarget }: PresentationSnapshot): string {
  const list = attributes({
    'CAN-BLOCK-RELOAD': 'YES',
    'CAN-SKIP-UNTIL': decimal(SKIP_TARGET_DURATIONS * targetDuration),
    'CAN-SKIP-DATERANGES': 'YES',
    'HOLD-BACK': decimal(HOLD_BACK_TARGET_DURATIONS * targetDuration),
    'PART-HOLD-BACK': decimal(HOLD_BACK_PARTS * partTarget),
  });
  return `#EXT-X-SERVER-CONTROL:${list}`;
}
