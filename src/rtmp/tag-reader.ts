import { MillraceError } from '../errors.js';
import { audioRecordFromFrame, parseAudioConfig, type AudioConfig } from '../media/audio-config.js';
import type { AudioCodec, TrackId, VideoCodec } from '../media/codec.js';
import { isHevcRecord } from '../media/hevc-config.js';
import { MAX_CONFIG_BYTES } from '../media/lane.js';
import { videoNormaliser } from '../media/normalise-video.js';
import { isOpusComment } from '../media/opus-config.js';
import type { VideoNormaliser } from '../media/video-normaliser.js';
import { parseAudioTag, parseVideoTag, type AudioTag, type VideoTag } from './flv-tag.js';

type Tag<Kind extends VideoTag | AudioTag, Type> = Extract<Kind, { readonly type: Type }>;

/** The default track, the only one that legacy FLV has. */
const DEFAULT_TRACK = 0;

/**
 * Reads the video messages of one publish, in order. What comes out is as the records promise: lengths before NAL units,
 * a configuration before the first frame that needs it, HEVC called HEVC. A frame that was right is passed on as it is.
 */
export class VideoTagReader {
  /** One for each track id at most, of which there are 256; each keeps no more than a few configurations. */
  readonly #tracks = new Map<TrackId, { readonly codec: VideoCodec; readonly normaliser: VideoNormaliser }>();
  /** The encoder sends HEVC under AVC's codec id. */
  #mislabelled = false;

  /** @throws MillraceError FLV_MALFORMED, AMF_MALFORMED */
  read(body: Buffer): VideoTag[] {
    const tags: VideoTag[] = [];
    for (const tag of parseVideoTag(body)) {
      if (tag.type === 'config') this.#config(this.#relabel(tag, isHevcRecord(tag.record)), tags);
      else if (tag.type === 'frame') this.#frame(this.#relabel(tag), tags);
      else tags.push(tag);
    }
    return tags;
  }

  /** @param isHevc what the record shows, where there is one */
  #relabel<T extends Tag<VideoTag, 'config' | 'frame'>>(tag: T, isHevc = this.#mislabelled): T {
    if (tag.codec !== 'avc' || tag.track !== DEFAULT_TRACK) return tag;
    this.#mislabelled = isHevc;
    return isHevc ? { ...tag, codec: 'hevc' } : tag;
  }

  #config(tag: Tag<VideoTag, 'config'>, out: VideoTag[]): void {
    if (tag.record.length > MAX_CONFIG_BYTES) {
      out.push(tag);
      return;
    }
    try {
      const config = this.#normaliser(tag).config(tag.record);
      if (config !== undefined) out.push({ ...tag, ...config });
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error;
      // Whoever parses it says what is wrong with it; other tracks of the message are not concerned.
      out.push(tag);
    }
  }

  #frame(tag: Tag<VideoTag, 'frame'>, out: VideoTag[]): void {
    const { config, data } = this.#normaliser(tag).unit(tag.data);
    const { track, codec } = tag;
    if (config !== undefined) out.push({ type: 'config', track, codec, ...config });
    if (data !== undefined) out.push(data === tag.data ? tag : { ...tag, data });
  }

  #normaliser({ track, codec }: { readonly track: TrackId; readonly codec: VideoCodec }): VideoNormaliser {
    const known = this.#tracks.get(track);
    if (known?.codec === codec) return known.normaliser;
    const normaliser = videoNormaliser(codec);
    this.#tracks.set(track, { codec, normaliser });
    return normaliser;
  }
}

/**
 * Reads the audio messages of one publish, in order. Codecs that send no configuration get one from their frames, before
 * the first that needs it.
 */
export class AudioTagReader {
  /** What frames have said, by track: 256 at most. */
  readonly #tracks = new Map<TrackId, AudioConfig>();

  /** @throws MillraceError FLV_MALFORMED */
  read(body: Buffer): AudioTag[] {
    const tags: AudioTag[] = [];
    for (const tag of parseAudioTag(body)) {
      if (tag.type === 'config') this.#config(tag, tags);
      else if (tag.type === 'frame') this.#frame(tag, tags);
      else tags.push(tag);
    }
    return tags;
  }

  #config(tag: Tag<AudioTag, 'config'>, out: AudioTag[]): void {
    if (isSelfDescribing(tag.codec) || (tag.codec === 'opus' && isOpusComment(tag.record))) return;
    // From here on it is another codec's track: what frames said before is said anew when they come back.
    this.#tracks.delete(tag.track);
    out.push(tag);
  }

  #frame(tag: Tag<AudioTag, 'frame'>, out: AudioTag[]): void {
    if (isSelfDescribing(tag.codec)) this.#configOf(tag, out);
    out.push(tag);
  }

  /** Puts a configuration before a frame whose format is not that of the frames before it. */
  #configOf({ track, codec, data }: Tag<AudioTag, 'frame'>, out: AudioTag[]): void {
    const record = audioRecordFromFrame(codec, data);
    if (record === undefined || !this.#isNew(track, codec, record)) return;
    out.push({ type: 'config', track, codec, record });
  }

  /** True also for what is not carried: whoever parses it says so. */
  #isNew(track: TrackId, codec: AudioCodec, record: Buffer): boolean {
    try {
      const config = parseAudioConfig(codec, record);
      const known = this.#tracks.get(track);
      this.#tracks.set(track, config);
      return (
        known?.codec !== codec || known.sampleRate !== config.sampleRate || known.channels !== config.channels
      );
    } catch (error) {
      if (error instanceof MillraceError) return true;
      throw error;
    }
  }
}

/** Of these every frame says by itself what the stream is. */
const isSelfDescribing = (codec: AudioCodec): boolean =>
  codec === 'ac3' || codec === 'eac3' || codec === 'mp3';
