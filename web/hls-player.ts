/** The player over Media Source Extensions: hls.js, set so that only our own controller acts on latency. */
import Hls, { ErrorDetails, Events, type HlsConfig, type Level, type LevelDetails } from 'hls.js';
import { formatBitrate, formatChannels, formatResolution } from './format.js';
import { PatientPlaylistLoader } from './patient-playlist-loader.js';
import type { AudioTrack, LiveWindow, Player, PlayerEvents, Quality } from './player.js';

const config: Partial<HlsConfig> = {
  lowLatencyMode: true,
  // fMP4 goes to the source buffers as it is: there is nothing for a worker to do but add a detour.
  enableWorker: false,
  maxLiveSyncPlaybackRate: 1,
  liveSyncOnStallIncrease: 0,
  backBufferLength: 20,
  maxBufferLength: 12,
  maxMaxBufferLength: 30,
  maxBufferSize: 30_000_000,
  capLevelToPlayerSize: true,
  testBandwidth: false,
  abrEwmaDefaultEstimate: 4_000_000,
  pLoader: PatientPlaylistLoader,
  manifestLoadPolicy: {
    default: {
      maxTimeToFirstByteMs: 5000,
      maxLoadTimeMs: 10_000,
      timeoutRetry: { maxNumRetry: 1, retryDelayMs: 0, maxRetryDelayMs: 0 },
      errorRetry: { maxNumRetry: 2, retryDelayMs: 300, maxRetryDelayMs: 1000 },
    },
  },
  playlistLoadPolicy: {
    default: {
      maxTimeToFirstByteMs: 5000,
      maxLoadTimeMs: 10_000,
      timeoutRetry: { maxNumRetry: 2, retryDelayMs: 0, maxRetryDelayMs: 0 },
      errorRetry: { maxNumRetry: 6, retryDelayMs: 250, maxRetryDelayMs: 2000 },
    },
  },
  fragLoadPolicy: {
    default: {
      maxTimeToFirstByteMs: 5000,
      maxLoadTimeMs: 15_000,
      timeoutRetry: { maxNumRetry: 2, retryDelayMs: 0, maxRetryDelayMs: 0 },
      errorRetry: { maxNumRetry: 6, retryDelayMs: 250, maxRetryDelayMs: 2000 },
    },
  },
};

/** With no more than this in hand, waiting for the next load to bring the chosen quality beats a flush. */
const SHORT_BUFFER = 3;

/** A media playlist, relative to the multivariant one. */
const PICTURE_ALONE = 'source/index.m3u8';

export function isHlsSupported(): boolean {
  return Hls.isSupported();
}

export class HlsPlayer implements Player {
  readonly #hls: Hls;
  readonly #video: HTMLVideoElement;
  readonly #events: PlayerEvents;

  constructor(video: HTMLVideoElement, playlist: string, events: PlayerEvents) {
    this.#video = video;
    this.#events = events;
    const hls = new Hls(config);
    this.#hls = hls;
    hls.on(Events.MANIFEST_PARSED, () => events.qualities());
    hls.on(Events.LEVELS_UPDATED, () => events.qualities());
    hls.on(Events.LEVEL_SWITCHED, () => events.qualityChanged());
    hls.on(Events.AUDIO_TRACKS_UPDATED, () => events.audioTracks());
    hls.on(Events.AUDIO_TRACK_SWITCHED, () => events.audioTracks());
    hls.on(Events.ERROR, (_, { fatal, type, details, url }) => {
      const picture = new URL(PICTURE_ALONE, new URL(playlist, location.href)).href;
      // Most often it is the sound that does not play here: better the picture alone than nothing.
      if (details === ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR && url !== picture) {
        hls.loadSource(picture);
        return;
      }
      // A new player at the live edge is surer than hls.js' own recovery, which stays where the media broke, paused.
      if (fatal) events.failed(`${type}: ${details}`);
    });
    hls.attachMedia(video);
    hls.loadSource(playlist);
  }

  /**
   * What the browser can decode: hls.js has left out the rest. A picture is there once, though it is a level for each
   * codec of the sound.
   */
  get qualities(): readonly Quality[] {
    return this.#hls.levels
      .map((level, index) => ({
        index,
        name: formatResolution(level.width, level.height, level.frameRate),
        bitrate: formatBitrate(level.bitrate),
        isSource: renditionName(level) === 'source',
      }))
      .filter(({ index }) => this.#qualityOf(index) === index);
  }

  get currentQuality(): number {
    return this.#qualityOf(this.#hls.currentLevel);
  }

  get chosenQuality(): number {
    return this.#qualityOf(this.#hls.manualLevel);
  }

  choose(quality: number): void {
    const ahead = this.#hls.mainForwardBufferInfo?.len ?? 0;
    const level = this.#levelOf(quality);
    if (ahead <= SHORT_BUFFER) this.#hls.loadLevel = level;
    else this.#hls.nextLevel = level;
    this.#events.qualityChanged();
  }

  get audioTracks(): readonly AudioTrack[] {
    return this.#hls.audioTracks.map(({ name, channels }, index) => ({
      index,
      name,
      channels: formatChannels(Number.parseInt(channels ?? '', 10)),
    }));
  }

  get currentAudio(): number {
    return this.#hls.audioTrack;
  }

  chooseAudio(track: number): void {
    this.#hls.audioTrack = track;
    this.#events.audioTracks();
  }

  window(): LiveWindow | null {
    const details = this.#details;
    return details === null ? null : { start: details.fragmentStart, edge: details.edge };
  }

  latency(): number | null {
    const details = this.#details;
    if (details === null) return null;
    const age = details.live ? details.age : 0;
    return details.edge + age - this.#video.currentTime;
  }

  pacing(): { holdBack: number; partTarget: number } | null {
    const details = this.#details;
    if (!details?.live) return null;
    const { partTarget, partHoldBack, holdBack, targetduration } = details;
    if (partTarget > 0) return { partTarget, holdBack: partHoldBack || 3 * partTarget };
    return { partTarget: targetduration, holdBack: holdBack || 3 * targetduration };
  }

  playingDate(): number | null {
    const details = this.#details;
    if (details === null) return null;
    const time = this.#video.currentTime;
    const hint = details.fragmentHint;
    const fragments = hint === undefined ? details.fragments : [...details.fragments, hint];
    const fragment = fragments.findLast(({ start }) => start <= time);
    if (fragment === undefined || fragment.programDateTime === null) return null;
    return fragment.programDateTime + (time - fragment.start) * 1000;
  }

  destroy(): void {
    this.#hls.destroy();
  }

  /** The first level with the picture of this one. */
  #qualityOf(level: number): number {
    const { levels } = this.#hls;
    const uri = levels[level]?.uri;
    return uri === undefined ? level : levels.findIndex((each) => each.uri === uri);
  }

  /** The level with this picture and the sound that is being loaded. */
  #levelOf(quality: number): number {
    const { levels, loadLevel } = this.#hls;
    const sound = levels[loadLevel]?.audioGroups?.[0];
    const uri = levels[quality]?.uri;
    const found = levels.findIndex((each) => each.uri === uri && each.audioGroups?.[0] === sound);
    return uri === undefined || found < 0 ? quality : found;
  }

  get #details(): LevelDetails | null {
    const details = this.#hls.latestLevelDetails;
    return details !== null && details.fragments.length > 0 ? details : null;
  }
}

/** The rendition is the playlist's folder: `/live/<channel>/<rendition>/index.m3u8`. */
function renditionName(level: Level): string {
  return level.uri.split('?')[0]?.split('/').at(-2) ?? '';
}
