import { writeFile } from 'node:fs/promises';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { passLength, readMessages, startFilePublish } from '../../src/publish/file-publish.js';
import { aacRaw, aacSequenceHeader, avcNalus, avcSequenceHeader } from '../../src/rtmp/flv-writer.js';
import { scratch } from './ffmpeg.js';
import { RecordingServer, flvFile, type RecordedMessage } from './recording-server.js';

const logger = pino({ level: 'silent' });
const video = (timestamp: number, keyframe: boolean): RecordedMessage => ({
  type: 'video',
  timestamp,
  body: avcNalus({ keyframe, compositionTime: 0, data: Buffer.of(0, 0, 0, 1, timestamp & 0xff) }),
});
const audio = (timestamp: number): RecordedMessage => ({
  type: 'audio',
  timestamp,
  body: aacRaw(Buffer.of(timestamp & 0xff)),
});
/** Five frames of 40 ms, and sound, with timestamps that do not begin at 0. */
const CLIP: readonly RecordedMessage[] = [
  { type: 'video', timestamp: 5000, body: avcSequenceHeader(Buffer.of(1, 2, 3)) },
  { type: 'audio', timestamp: 5000, body: aacSequenceHeader(Buffer.of(0x11, 0x90)) },
  video(5000, true),
  audio(5000),
  audio(5021),
  video(5040, false),
  video(5080, false),
  audio(5100),
  video(5120, false),
  video(5160, false),
];
const relative = CLIP.map((message) => ({ ...message, timestamp: message.timestamp - 5000 }));

let files: Awaited<ReturnType<typeof scratch>>;
let server: RecordingServer;
beforeAll(async () => {
  files = await scratch();
  await writeFile(files.path('clip.flv'), flvFile(CLIP));
});
afterAll(() => files.remove());
beforeEach(async () => {
  server = await RecordingServer.start();
});
afterEach(() => server.close());

const received = (): RecordedMessage[] =>
  server.recordings[0]!.messages.map(({ type, timestamp, body }) => ({ type, timestamp, body }));

describe('publishing a file', () => {
  it('sends every message once, byte for byte, with timestamps from 0, then says goodbye', async () => {
    const { done } = startFilePublish({ url: server.url(), file: files.path('clip.flv'), logger });
    await done;
    await server.until(() => server.recordings[0]?.end === 'goodbye');
    expect(received()).toEqual(relative);
  });

  it('loops with timestamps that go on and configurations only once', async () => {
    const publishing = startFilePublish({
      url: server.url(),
      file: files.path('clip.flv'),
      loop: true,
      logger,
    });
    const media = relative.slice(2);
    await server.until(() => (server.recordings[0]?.messages.length ?? 0) >= relative.length + media.length);
    await publishing.stop();
    const second = media.map((message) => ({ ...message, timestamp: message.timestamp + 200 }));
    expect(received().slice(0, relative.length + media.length)).toEqual([...relative, ...second]);
  });

  it('ends with a clear fault when there is no such file or it is not FLV', async () => {
    await writeFile(files.path('text.flv'), 'not FLV at all');
    await writeFile(files.path('bare.flv'), flvFile(CLIP.slice(0, 2)));
    const fault = (name: string) =>
      startFilePublish({ url: server.url(), file: files.path(name), logger }).done;
    await expect(fault('none.flv')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await expect(fault('text.flv')).rejects.toMatchObject({ code: 'FLV_MALFORMED' });
    await expect(fault('bare.flv')).rejects.toMatchObject({ code: 'FLV_MALFORMED' });
  });
});

describe('a file', () => {
  it('is as long as its longer track, the last frame included', () => {
    expect(passLength(readMessages(flvFile(CLIP)))).toBe(200);
    expect(passLength(readMessages(flvFile([video(0, true)])))).toBe(40);
    expect(passLength(readMessages(flvFile([video(7, true), video(7, false)])))).toBe(1);
  });
});
