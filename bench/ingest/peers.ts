import { existsSync, readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Where `--peers` installs what is not a Debian package; see scripts/setup/bench-peers.mjs. */
const PEERS = join(process.cwd(), 'bench', 'results', '.peers');

/** Debian's libnginx-mod-rtmp. */
export const NGINX_RTMP_MODULE = '/usr/lib/nginx/modules/ngx_rtmp_module.so';

export const NODE_MEDIA_SERVER = join(PEERS, 'node_modules', 'node-media-server');

/** The versions that take part. @throws Error when one is not installed */
export function peerVersions(): string[] {
  if (!existsSync(NGINX_RTMP_MODULE)) throw new Error('nginx-rtmp is not installed');
  const { version } = JSON.parse(readFileSync(join(NODE_MEDIA_SERVER, 'package.json'), 'utf8')) as {
    version: string;
  };
  const listing = execFileSync('dpkg-query', ['-W', 'libnginx-mod-rtmp'], { encoding: 'utf8' });
  return [`nginx-rtmp ${listing.trim().split(/\s+/)[1] ?? 'unknown'}`, `node-media-server ${version}`];
}
