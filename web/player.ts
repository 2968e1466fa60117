/** What the page needs of a player, whichever way the media gets into the video element. */

/** One rung of the ladder, as the quality menu shows it. */
export interface Quality {
  readonly index: number;
  /** `1080p60`. */
  readonly name: string;
  /** `2.8 Mb/s`. */
  readonly bitrate: string;
  readonly isSource: boolean;
}

/** One of several audio tracks of a stream, as its menu shows it. */
export interface AudioTrack {
  readonly index: number;
  readonly name: string;
  /** `Stereo`; empty while unknown. */
  readonly channels: string;
}

/** Seconds on the video element's timeline. */
export interface LiveWindow {
  readonly start: number;
  readonly edge: number;
}

export interface PlayerEvents {
  /** The ladder is known, or has changed. */
  qualities(): void;
  /** Another rung is on the screen, or another was chosen. */
  qualityChanged(): void;
  /** The audio tracks are known, or another one is heard. */
  audioTracks(): void;
  /** Beyond the player's own means of recovery. */
  failed(reason: string): void;
}

export interface Player {
  readonly qualities: readonly Quality[];
  /** Index of the quality on the screen; -1 while unknown. */
  readonly currentQuality: number;
  /** Index of the quality that was chosen; -1 is automatic. */
  readonly chosenQuality: number;
  choose(quality: number): void;
  readonly audioTracks: readonly AudioTrack[];
  /** Index of the audio track that is heard; -1 while unknown. */
  readonly currentAudio: number;
  chooseAudio(track: number): void;
  /** What of the stream can be played now; `null` while unknown. */
  window(): LiveWindow | null;
  /** Seconds from the playhead to the live edge; `null` while unknown. */
  latency(): number | null;
  /** The server's wish: hold-back and part (or segment) target in seconds; `null` while unknown. */
  pacing(): { readonly holdBack: number; readonly partTarget: number } | null;
  /** PROGRAM-DATE-TIME at the playhead in ms since the Unix epoch; `null` while unknown. */
  playingDate(): number | null;
  destroy(): void;
}
