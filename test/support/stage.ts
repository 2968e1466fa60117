import { vi, type Mock } from 'vitest';
import { renderMediaPlaylist } from '../../src/hls/media-playlist.js';
import type { Channel, ChannelOptions } from '../../src/origin/channel.js';
import type { PublishGrant, PublishSession } from '../../src/origin/publishing.js';
import { ATTEMPT, atOnce, newChannel } from './channel.js';
import { fakeTranscoders, type FakeTranscoder } from './fake-transcoder.js';
import { readPlaylist, type ReadPlaylist } from './playlist.js';
import { WALL_CLOCK, audioTrack, frame, sound, started, videoTrack } from './synthetic-stream.js';

const RUNG = { name: '90p', width: 160, height: 90, videoBitrate: 100_000 };

/** What the channel of a stage has when everything works. */
export const RENDITIONS = ['source', 'audio', '90p'];

/** A channel with one rung, and the transcoders that it made. */
export interface Stage {
  readonly channel: Channel;
  readonly made: FakeTranscoder[];
}

export function newStage(over: Partial<ChannelOptions> = {}): Stage {
  const { create, made } = fakeTranscoders();
  return { channel: newChannel({ ladder: () => [RUNG], createTranscoder: create, ...over }), made };
}

export interface Publishing {
  readonly grant: PublishGrant;
  readonly control: { close: Mock; silentForMs: () => number };
  readonly session: PublishSession | undefined;
}

export function publish(channel: Channel, silentForMs = 0): Publishing {
  const control = { close: vi.fn(), silentForMs: () => silentForMs };
  const grant = atOnce(channel.publish(ATTEMPT, control));
  return { grant, control, session: grant.accepted ? grant.session : undefined };
}

/** Starts a timeline and pushes frames and sound; the transcoder gives its units back as they come. */
export function play(
  stage: Stage,
  session: PublishSession | undefined,
  frames: number,
  wallClock = WALL_CLOCK,
): void {
  session?.event(started(videoTrack(), audioTrack(), wallClock));
  continuePlay(stage, session, 0, frames);
}

/** Goes on with frames [from, to). */
export function continuePlay(
  stage: Stage,
  session: PublishSession | undefined,
  from: number,
  to: number,
): void {
  let audio = Math.ceil(((from / 30) * 48_000) / 1024);
  for (let n = from; n < to; n++) {
    session?.event({ type: 'unit', kind: 'video', unit: frame(n) });
    while (audio * 1024 < ((n + 1) / 30) * 48_000)
      session?.event({ type: 'unit', kind: 'audio', unit: sound(audio++) });
    stage.made.at(-1)?.give();
  }
}

/** A rendition's playlist as it is now. */
export function read(channel: Channel, rendition: string): ReadPlaylist {
  const { presentation } = channel;
  if (presentation === undefined) throw new Error('nothing to play');
  return readPlaylist(renderMediaPlaylist(presentation.snapshot(), rendition) ?? '');
}
