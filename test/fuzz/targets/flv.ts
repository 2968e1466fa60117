import assert from 'node:assert/strict';
import { MAX_TRACKS_IN_MESSAGE } from '../../../src/rtmp/flv-enhanced.js';
import { parseAudioTag, parseVideoTag } from '../../../src/rtmp/flv-tag.js';
import { audioBody, videoBody } from '../bodies.js';
import { mutate } from '../mutate.js';
import { attempt, Refusal, type FuzzTarget } from '../target.js';

/** Bodies of audio and video messages: what comes out is no more than went in, and names tracks that there can be. */
export const flv: FuzzTarget = {
  name: 'flv',
  weight: 22,
  make(random) {
    const isVideo = random.chance(0.5);
    const body = isVideo ? videoBody(random) : audioBody(random);
    const changed = random.chance(0.4) ? mutate(body, random) : body;
    return Buffer.concat([Buffer.of(isVideo ? 9 : 8), changed]);
  },
  check(input) {
    const body = input.subarray(1);
    const tags = attempt(() => (input[0] === 9 ? parseVideoTag(body) : parseAudioTag(body)));
    if (tags instanceof Refusal) return;
    assert.ok(tags.length <= MAX_TRACKS_IN_MESSAGE);
    let total = 0;
    for (const tag of tags) {
      const view = tag.type === 'frame' ? tag.data : tag.type === 'config' ? tag.record : undefined;
      if (view === undefined) continue;
      total += view.length;
      if (tag.type === 'frame') assert.ok(view.length > 0 || tag.codec === 'mp3');
      if ('track' in tag) assert.ok(tag.track >= 0 && tag.track < 256);
    }
    assert.ok(total <= body.length);
  },
};
