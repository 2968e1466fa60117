import { Writable } from 'node:stream';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { MillraceError } from '../../src/errors.js';
import { newChannel } from '../support/channel.js';
import { publish } from '../support/stage.js';
import { frame, started, videoTrack } from '../support/synthetic-stream.js';

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly publish?: string;
  readonly finding?: string;
  readonly value?: number;
  readonly advice?: string;
}

const INFO = 30;
const WARN = 40;

it('a finding is logged once when it appears, in plain words, and once when it is gone', () => {
  const lines: Line[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _, done) {
      lines.push(JSON.parse(chunk.toString()) as Line);
      done();
    },
  });
  const { session } = publish(newChannel({ logger: pino(sink) }));
  const track = videoTrack(30, { width: 1280, height: 720 });
  session?.event(started(track, undefined));
  // Keyframes 5 s apart for half a minute, then 1 s.
  for (let n = 0; n < 30 * 90; n++) {
    session?.event({ type: 'unit', kind: 'video', unit: frame(n, n < 900 ? 150 : 30, track) });
  }
  const about = lines.filter(({ finding }) => finding === 'KEYFRAMES_RARE');
  expect(about).toHaveLength(2);
  expect(about[0]).toMatchObject({
    level: WARN,
    publish: 'live-1',
    severity: 'warning',
    msg: expect.stringMatching(/^No keyframe for 4 s$|^Keyframe interval is 5 s$/) as string,
    advice: expect.stringContaining('Set') as string,
  });
  expect(about[1]).toMatchObject({ level: INFO, publish: 'live-1', msg: 'finding is gone' });
});

it('a channel has a report of its publisher from the publish to its end', () => {
  const channel = newChannel();
  expect(channel.publisherReport).toBeUndefined();
  const { session } = publish(channel);
  session?.metadata({ encoder: 'obs-output module (libobs version 30.2.3)', width: 1 });
  session?.ignored(new MillraceError('MEDIA_UNSUPPORTED', 'audio in Speex is not carried, send AAC'));
  expect(channel.publisherReport).toMatchObject({
    encoder: 'OBS Studio 30.2.3',
    findings: [{ code: 'MEDIA_UNSUPPORTED', severity: 'problem' }],
  });
  session?.end('vanished');
  expect(channel.publisherReport).toBeUndefined();
});
