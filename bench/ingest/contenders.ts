import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, startServer, type ServerProcess } from '../frame/child.js';
import { compiledModule } from '../frame/modules.js';
import { NGINX_RTMP_MODULE, NODE_MEDIA_SERVER } from './peers.js';

/** A server that takes part. */
export interface Contender {
  readonly name: string;
  /** @param publishers how many there will be; their stream keys are those of `streamKeys` */
  start(publishers: number, scratch: string): Promise<RunningContender>;
}

export interface RunningContender {
  readonly process: ServerProcess;
  readonly port: number;
}

/** All of them publish to this application. */
export const APP = 'live';

export const streamKeys = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `stream-${index}`);

/** The server as people run it, without a ladder: it packages every stream and serves it. */
export const MILLRACE: Contender = {
  name: 'Millrace, whole server',
  start: async (publishers, scratch) => {
    const port = await freePort();
    const config = join(scratch, 'millrace.json');
    const channels = streamKeys(publishers).map((streamKey, index) => ({ name: `c${index}`, streamKey }));
    writeFileSync(
      config,
      JSON.stringify({
        http: { host: '127.0.0.1', port: 0 },
        rtmp: { host: '127.0.0.1', port },
        dataDir: join(scratch, 'data'),
        ladder: 'off',
        channels,
      }),
    );
    const main = join(process.cwd(), 'bin', 'millrace.mjs');
    const command = [process.execPath, main, 'serve', '--config', config];
    return { process: await startServer(command, port, scratch), port };
  },
};

/** One of our own modules that listens on the port it is given. */
const ownModule = (name: string, module: string): Contender => ({
  name,
  start: async (_, scratch) => {
    const port = await freePort();
    const command = [process.execPath, compiledModule(module), String(port)];
    return { process: await startServer(command, port, scratch), port };
  },
});

export const MILLRACE_INGEST = ownModule('Millrace, ingest alone', 'ingest/ingest-alone.js');

export const NODE_FLOOR = ownModule('Node, reading and throwing away', 'ingest/node-floor.js');

export const NGINX_RTMP: Contender = {
  name: 'nginx-rtmp',
  start: async (_, scratch) => {
    const port = await freePort();
    const folder = join(scratch, 'nginx');
    mkdirSync(folder, { recursive: true });
    const config = join(folder, 'nginx.conf');
    writeFileSync(
      config,
      `load_module ${NGINX_RTMP_MODULE};
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr warn;
events { worker_connections 1024; }
rtmp { server { listen 127.0.0.1:${port}; chunk_size 4096; application ${APP} { live on; } } }
`,
    );
    const command = ['nginx', '-p', folder, '-c', config, '-e', 'stderr'];
    return { process: await startServer(command, port, folder), port };
  },
};

export const NODE_MEDIA_SERVER_CONTENDER: Contender = {
  name: 'node-media-server',
  start: async (_, scratch) => {
    const [port, httpPort] = [await freePort(), await freePort()];
    const folder = join(scratch, 'node-media-server');
    mkdirSync(folder, { recursive: true });
    const config = join(folder, 'config.json');
    writeFileSync(
      config,
      JSON.stringify({
        bind: '127.0.0.1',
        notify: { url: '' },
        store: { path: join(folder, 'data'), maxHistory: 100 },
        auth: { play: false, publish: false, secret: 'bench', jwt: { secret: 'bench', users: [] } },
        rtmp: { port },
        http: { port: httpPort },
        webadmin: { enable: false },
        record: { auto: false, path: join(folder, 'record') },
      }),
    );
    const command = [process.execPath, join(NODE_MEDIA_SERVER, 'bin', 'app.js'), '-c', config];
    return { process: await startServer(command, port, folder), port };
  },
};
