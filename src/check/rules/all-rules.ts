import type { Rule, RuleGroup } from './rule.js';
import { alignment } from './alignment.js';
import { cmaf } from './cmaf.js';
import { continuity } from './continuity.js';
import { dates } from './dates.js';
import { deltas } from './deltas.js';
import { delivery } from './delivery.js';
import { http } from './http.js';
import { lowLatency } from './low-latency.js';
import { mediaPlaylist } from './media-playlist.js';
import { multivariant } from './multivariant.js';
import { playlistEdits } from './playlist-edits.js';
import { playlistSyntax } from './playlist-syntax.js';
import { serverControl } from './server-control.js';
import { timing } from './timing.js';
import { variantsAndMedia } from './variants-and-media.js';

/** Every rule that is known, in groups; `docs/check.md` lists the same, and a test compares them. */
export const RULE_GROUPS: readonly RuleGroup[] = [
  playlistSyntax,
  mediaPlaylist,
  playlistEdits,
  continuity,
  dates,
  serverControl,
  lowLatency,
  delivery,
  deltas,
  timing,
  multivariant,
  variantsAndMedia,
  alignment,
  cmaf,
  http,
];

export const ALL_RULES: readonly Rule[] = RULE_GROUPS.flatMap(({ rules }) => rules);
