import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../bin/millrace.mjs', import.meta.url));

export const KEY = 'e2e-stream-key';

/** A server in a process of its own, as a person runs it. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #directory: string;
  readonly #exit: Promise<number | NodeJS.Signals>;
  output = '';
  httpPort = 0;
  rtmpPort = 0;

  private constructor(child: ChildProcess, directory: string) {
    this.#child = child;
    this.#directory = directory;
    this.#exit = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
    child.stdout?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
  }

  /** Starts `millrace serve` on free ports and resolves when it listens; rejects with its output when it ends instead. */
  static async start(
    config: object = {},
    args: readonly string[] = [],
    env: NodeJS.ProcessEnv = {},
  ): Promise<ServerProcess> {
    const directory = mkdtempSync(join(tmpdir(), 'millrace-e2e-'));
    const file = join(directory, 'config.yaml');
    const defaults = {
      http: { host: '127.0.0.1', port: 0 },
      rtmp: { host: '127.0.0.1', port: 0 },
      dataDir: join(directory, 'data'),
      channels: [{ name: 'live', streamKey: KEY }],
    };
    writeFileSync(file, JSON.stringify({ ...defaults, ...config }));
    const child = spawn(process.execPath, [MAIN, 'serve', '--config', file, ...args], {
      cwd: directory,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const server = new ServerProcess(child, directory);
    await server.#listening();
    return server;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get publishUrl(): string {
    return `rtmp://127.0.0.1:${this.rtmpPort}/live/${KEY}`;
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.httpPort}${path}`;
  }

  async text(path: string): Promise<string> {
    return (await fetch(this.url(path))).text();
  }

  async bytes(path: string): Promise<Buffer> {
    const response = await fetch(this.url(path));
    if (response.status !== 200) throw new Error(`${path}: ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  }

  async state(channel = 'live'): Promise<string> {
    return ((await (await fetch(this.url(`/api/v1/channels/${channel}`))).json()) as { state: string }).state;
  }

  /** Resolves when the channel is in the state. */
  async reaches(state: string, channel = 'live'): Promise<void> {
    await until(async () => (await this.state(channel)) === state, `channel ${channel} to be ${state}`);
  }

  /** One sample of the Prometheus exposition; 0 when there is none. */
  async metric(name: string): Promise<number> {
    const line = (await this.text('/metrics'))
      .split('\n')
      .find((l) => l.startsWith(`${name} `) || l.startsWith(`${name}{`));
    return Number(line?.slice(line.lastIndexOf(' ')) ?? 0);
  }

  /** Sends the signal and resolves with the exit code, or the signal that ended it. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | NodeJS.Signals> {
    this.#child.kill(signal);
    const result = await this.#exit;
    rmSync(this.#directory, { recursive: true, force: true });
    return result;
  }

  exited(): Promise<number | NodeJS.Signals> {
    return this.#exit;
  }

  async #listening(): Promise<void> {
    let ended = false;
    void this.#exit.then(() => (ended = true));
    await until(() => {
      if (ended) throw new Error(`the server ended:\n${this.output}`);
      const rtmp = /rtmp:\/\/[\d.]+:(\d+)\/live/.exec(this.output)?.[1];
      const http = /All channels: http:\/\/[\d.]+:(\d+)\//.exec(this.output)?.[1];
      this.rtmpPort = Number(rtmp ?? 0);
      this.httpPort = Number(http ?? 0);
      return this.httpPort > 0;
    }, 'the server to listen');
  }
}

/** A port that nobody listens on: for a server that is to come back on the same one. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

/** Looks again and again until it holds. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  what: string,
  patience = 60_000,
): Promise<void> {
  const end = Date.now() + patience;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
