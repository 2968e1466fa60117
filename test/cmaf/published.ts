import { fragment, segmentType, type FragmentSample } from '../../src/cmaf/fragment.js';
import type { AccessUnit } from '../../src/media/access-unit.js';
import { Timeline } from '../../src/media/timeline.js';
import type { TimelineEvent, TimelineStart } from '../../src/media/timeline-events.js';
import type { FlvItem } from '../media/flv-source.js';

/** What the timeline makes of one published stream without interruption. */
export interface Published {
  readonly start: TimelineStart;
  readonly video: readonly AccessUnit[];
  readonly audio: readonly AccessUnit[];
}

export function publish(items: readonly FlvItem[]): Published {
  const timeline = new Timeline();
  const events = items.flatMap((item): TimelineEvent[] => {
    switch (item.type) {
      case 'video-config':
        return timeline.videoConfig({ track: 0, codec: 'avc', record: item.record });
      case 'audio-config':
        return timeline.audioConfig({ track: 0, codec: 'aac', record: item.record });
      case 'video':
        return timeline.video(item.raw);
      case 'audio':
        return timeline.audio(item.raw);
    }
  });
  events.push(...timeline.finish());
  const [start, ...rest] = events;
  if (start?.type !== 'start') throw new Error('the timeline did not start');
  const units = rest.map((event) => {
    if (event.type !== 'unit') throw new Error(`an unexpected ${event.type}`);
    return event;
  });
  return {
    start,
    video: units.filter(({ kind }) => kind === 'video').map(({ unit }) => unit),
    audio: units.filter(({ kind }) => kind === 'audio').map(({ unit }) => unit),
  };
}

/** Units as samples: each lasts until the next one's decode time. */
export const samplesOf = (units: readonly AccessUnit[], shift = 0): FragmentSample[] =>
  units.map((unit, i) => ({
    duration: (units[i + 1]?.dts ?? unit.dts + unit.duration) - unit.dts,
    compositionOffset: unit.pts - unit.dts + shift,
    keyframe: unit.keyframe,
    data: unit.data,
  }));

/** Every `perPart` units as one fragment, a segment type before the first. */
export function partsOf(
  kind: 'video' | 'audio',
  units: readonly AccessUnit[],
  perPart: number,
  { baseTime = 0, withReference = false, shift = 0 } = {},
): Buffer[] {
  const samples = samplesOf(units, shift);
  const parts: Buffer[] = [];
  for (let i = 0; i < units.length; i += perPart) {
    const first = units[i];
    const body = fragment({
      sequence: parts.length + 1,
      track: { kind },
      baseDecodeTime: (first?.dts ?? 0) + baseTime,
      samples: samples.slice(i, i + perPart),
      ...(withReference && first && { producerReferenceTime: first.arrival }),
    });
    parts.push(i === 0 ? Buffer.concat([segmentType(), body]) : body);
  }
  return parts;
}
