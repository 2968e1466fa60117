import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, connect, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A child that has not ended this long after it was asked to is killed (ms). */
const PATIENCE = 3000;
/** A server that does not listen by then does not work (ms). */
const START_PATIENCE = 30_000;
const POLL = 20;
/** Of what a child prints, kept to explain its failure. */
const MAX_OUTPUT = 4000;

/** A server in a process of its own. */
export interface ServerProcess {
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts a program and resolves once it accepts connections on the port. @throws Error with its output when it ends instead */
export async function startServer(
  command: readonly string[],
  port: number,
  cwd: string,
): Promise<ServerProcess> {
  const [file, ...args] = command;
  const child = spawn(file!, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = collect(child);
  const deadline = performance.now() + START_PATIENCE;
  while (!(await accepts(port))) {
    if (child.exitCode !== null || performance.now() > deadline) {
      await stop(child);
      throw new Error(`${command.join(' ')} does not listen on port ${port}:\n${output()}`);
    }
    await sleep(POLL);
  }
  return { pid: child.pid!, stop: async () => stop(child) };
}

/** One of our own modules in a process of its own, which answers with messages. */
export class Helper<Message> {
  readonly #child: ChildProcess;
  readonly #waiting: Message[] = [];
  readonly #output: () => string;
  #wake: () => void = () => undefined;

  constructor(module: string, args: readonly unknown[], execArgv: readonly string[] = []) {
    this.#child = fork(
      module,
      args.map((arg) => JSON.stringify(arg)),
      {
        execArgv: [...execArgv],
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      },
    );
    this.#output = collect(this.#child);
    this.#child.on('message', (message) => {
      this.#waiting.push(message as Message);
      this.#wake();
    });
    this.#child.on('exit', () => this.#wake());
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** The next message; undefined when it has ended in good order. @throws Error with its output when it failed */
  async next(): Promise<Message | undefined> {
    while (this.#waiting.length === 0 && this.#child.exitCode === null && this.#child.signalCode === null) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    const message = this.#waiting.shift();
    if (message === undefined && this.#child.exitCode !== 0)
      throw new Error(`a helper failed:\n${this.#output()}`);
    return message;
  }

  send(message: object): void {
    this.#child.send(message);
  }

  async stop(): Promise<void> {
    await stop(this.#child);
  }
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
  await ended;
  clearTimeout(timer);
}

/** Reads what the child prints, so that it never waits for us, and keeps the end of it. */
function collect(child: ChildProcess): () => string {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (bytes: Buffer) => (output = (output + bytes.toString()).slice(-MAX_OUTPUT)));
  }
  return () => output;
}
