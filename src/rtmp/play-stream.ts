import type { Command } from './messages/command.js';
import { mediaMessage } from './messages/media.js';
import { playerMetadataMessage, sampleAccessMessage } from './messages/data.js';
import type { MetadataValues } from './messages/data.js';
import { UserControlEvent } from './messages/user-control.js';
import type { ProtocolLink } from './protocol-link.js';
import type { Replies } from './replies.js';
import type { PlayRefusalCode, SessionResult } from './session-results.js';

/**
 * Chunk size of what goes to a player. Nearly every message is one chunk then, which leaves our hands without a copy;
 * players take any size, and other servers have long sent about this one.
 */
const PLAY_CHUNK_SIZE = 60_000;

/** A message stream that the peer plays, from its request to its end (RTMP 1.0 7.2.2.1). */
export class PlayStream {
  readonly streamId: number;
  readonly #reset: boolean;
  readonly #link: ProtocolLink;
  readonly #replies: Replies;
  #paused = false;
  #wantsVideo = true;
  #wantsAudio = true;

  constructor(streamId: number, reset: boolean, link: ProtocolLink, replies: Replies) {
    this.streamId = streamId;
    this.#reset = reset;
    this.#link = link;
    this.#replies = replies;
  }

  begin(): SessionResult[] {
    const reset = this.#reset ? [this.#status('NetStream.Play.Reset', 'Playing anew.')] : [];
    return [
      { type: 'send', data: this.#link.setChunkSize(PLAY_CHUNK_SIZE) },
      this.#replies.userControl(UserControlEvent.StreamBegin, this.streamId),
      ...reset,
      this.#status('NetStream.Play.Start', 'Playing.'),
      // Flash lets no program look at pictures and sound without this; others pass it over.
      this.#replies.send(sampleAccessMessage(this.streamId)),
    ];
  }

  refuse(code: PlayRefusalCode, description: string): SessionResult {
    return this.#replies.status(this.streamId, 'error', code, description);
  }

  /** The stream is over. Players know one or another of these for the end. */
  end(description: string): SessionResult[] {
    return [
      this.#status('NetStream.Play.UnpublishNotify', description),
      this.#status('NetStream.Play.Stop', description),
      this.#replies.userControl(UserControlEvent.StreamEof, this.streamId),
    ];
  }

  media(kind: 'video' | 'audio', timestamp: number, body: Buffer): Buffer[] {
    return this.#link.writePieces(mediaMessage(kind, this.streamId, timestamp, body));
  }

  metadata(values: MetadataValues): Buffer {
    return this.#link.write(playerMetadataMessage(this.streamId, values));
  }

  /** pause, receiveVideo, receiveAudio and seek; false for any other command. */
  obey(command: Command, out: SessionResult[]): boolean {
    const [flag] = command.args;
    switch (command.name) {
      case 'pause':
      case 'pauseRaw':
        this.#pause(flag !== false, out);
        return true;
      case 'receiveVideo':
        this.#want(flag !== false, this.#wantsAudio, out);
        return true;
      case 'receiveAudio':
        this.#want(this.#wantsVideo, flag !== false, out);
        return true;
      case 'seek':
        out.push(this.#status('NetStream.Seek.Notify', 'A live stream plays on where it is.'));
        return true;
      default:
        return false;
    }
  }

  #pause(paused: boolean, out: SessionResult[]): void {
    const code = paused ? 'NetStream.Pause.Notify' : 'NetStream.Unpause.Notify';
    out.push(this.#status(code, paused ? 'Paused.' : 'Playing on, live.'));
    if (paused === this.#paused) return;
    this.#paused = paused;
    this.#sayWants(out);
  }

  #want(video: boolean, audio: boolean, out: SessionResult[]): void {
    if (video === this.#wantsVideo && audio === this.#wantsAudio) return;
    this.#wantsVideo = video;
    this.#wantsAudio = audio;
    if (!this.#paused) this.#sayWants(out);
  }

  #sayWants(out: SessionResult[]): void {
    const playing = !this.#paused;
    out.push({ type: 'wants', video: playing && this.#wantsVideo, audio: playing && this.#wantsAudio });
  }

  #status(code: string, description: string): SessionResult {
    return this.#replies.status(this.streamId, 'status', code, description);
  }
}
