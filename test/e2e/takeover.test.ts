import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeCertificate } from '../support/certificate.js';
import { publishTestPicture, type FfmpegProcess } from '../support/ffmpeg.js';
import { readPlaylist } from '../support/playlist.js';
import { KEY, ServerProcess, until } from '../support/server-process.js';

const PICTURE = { size: '320x180', gop: '15' };

/** A network that can die: once frozen it carries nothing any more, and neither end hears of it. */
class Network {
  readonly #server: Server;
  readonly #sockets: Socket[] = [];

  constructor(rtmpPort: number) {
    this.#server = createServer((client) => {
      const upstream = connect(rtmpPort, '127.0.0.1');
      for (const socket of [client, upstream]) {
        socket.on('error', () => undefined);
        this.#sockets.push(socket);
      }
      client.pipe(upstream);
      upstream.pipe(client);
    });
  }

  /** The port that leads through it. */
  async open(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  freeze(): void {
    for (const socket of this.#sockets) {
      socket.unpipe();
      socket.pause();
    }
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

const folder = mkdtempSync(join(tmpdir(), 'millrace-takeover-'));
const certificate = makeCertificate(folder, 'e2e');

describe('two encoders with one key', () => {
  let server: ServerProcess;
  let network: Network;
  let throughNetwork: string;
  const publishers: FfmpegProcess[] = [];

  beforeEach(async () => {
    server = await ServerProcess.start({
      ladder: 'off',
      rtmps: { host: '127.0.0.1', port: 0, ...certificate },
    });
    network = new Network(server.rtmpPort);
    throughNetwork = `rtmp://127.0.0.1:${await network.open()}/live/${KEY}`;
  });

  afterEach(async () => {
    await Promise.all(publishers.splice(0).map((publisher) => publisher.stop('SIGKILL')));
    network.close();
    await server.stop('SIGKILL');
  });

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  function begin(url: string): FfmpegProcess {
    const publisher = publishTestPicture(url, PICTURE);
    publishers.push(publisher);
    return publisher;
  }

  const segments = async () => readPlaylist(await server.text('/live/live/source/index.m3u8')).segments;

  it('Q11, Q10: one that returns while its dead connection is open goes on behind one DISCONTINUITY', async () => {
    begin(throughNetwork);
    await server.reaches('live');
    network.freeze();
    begin(server.publishUrl);
    await until(async () => (await segments()).some((s) => s.discontinuity), 'the returned encoder');
    expect(await server.state()).toBe('live');
    const { length } = await segments();
    await until(async () => (await segments()).length >= length + 2, 'more of it');
    expect((await segments()).filter((s) => s.discontinuity)).toHaveLength(1);
    expect(await server.metric('millrace_takeovers_total')).toBe(1);
    expect(await server.metric('millrace_rtmp_publishers')).toBe(1);
  });

  it('Q11: one that is live keeps its key, and the other is told', async () => {
    begin(throughNetwork);
    await server.reaches('live');
    const second = begin(server.publishUrl);
    expect(await second.exited()).toBe(1);
    expect(second.errors).toContain('already has a live publisher');
    expect(await server.state()).toBe('live');
    expect((await segments()).some((s) => s.discontinuity)).toBe(false);
  });

  it('the second one gets in over RTMPS, by the address that is printed', async () => {
    const [, address = ''] = /encrypted +(rtmps:\S+)/.exec(server.output) ?? [];
    begin(throughNetwork);
    await server.reaches('live');
    network.freeze();
    begin(`${address}/${KEY}`);
    await until(async () => (await segments()).some((s) => s.discontinuity), 'the returned encoder');
  });
});
