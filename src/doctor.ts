import { createServer } from 'node:net';
import { loadConfig } from './config.js';
import { probeCapabilities, type Capabilities } from './transcode/capabilities.js';

/** A port that the server would open. */
export interface PortCheck {
  readonly purpose: string;
  readonly host: string;
  readonly port: number;
  /** Why it cannot be opened; undefined when it can. */
  readonly fault: string | undefined;
}

/** All that the report is made of. */
export interface Findings {
  readonly node: string;
  readonly platform: string;
  readonly capabilities: Capabilities;
  readonly ports: readonly PortCheck[];
}

export interface Report {
  readonly text: string;
  /** 0 when the server runs with all it has, 1 when something is missing that it needs for that. */
  readonly exitCode: 0 | 1;
}

const COLUMN = 14;

/** Writes the findings for people. */
export function reportOf({ node, platform, capabilities, ports }: Findings): Report {
  const { addon, beamcoder, encoders } = capabilities;
  const faults: string[] = [];
  const line = (name: string, ok: boolean, text: string): string =>
    `  ${ok ? 'ok' : '--'}  ${name.padEnd(COLUMN)} ${text}`;

  const lines = [
    'Millrace doctor',
    '',
    'Machine',
    line('node', true, `${node} on ${platform}`),
    '',
    'Native code',
  ];
  lines.push(line('addon', addon.ok, addon.ok ? `libavcodec ${addon.libavcodec}` : addon.reason));
  if (!addon.ok) faults.push('Without the addon every channel has its source rendition only.');
  lines.push(line('beamcoder', beamcoder.ok, beamcoder.ok ? `FFmpeg ${beamcoder.libav}` : beamcoder.reason));
  if (!beamcoder.ok) faults.push('Without beamcoder there are no preview pictures and no demo.');

  if (encoders.length > 0) {
    lines.push('', 'Encoders, each tried with real frames');
    for (const { name, ok, reason } of encoders) lines.push(line(name, ok, ok ? 'works' : (reason ?? '')));
    const works = (codec: 'avc' | 'aac'): boolean =>
      encoders.some((encoder) => encoder.codec === codec && encoder.ok);
    if (!works('avc')) faults.push('No H.264 encoder works: no ladder and no demo.');
    if (!works('aac')) faults.push('The AAC encoder does not work: no demo.');
  }

  lines.push('', 'Ports');
  for (const { purpose, host, port, fault } of ports) {
    lines.push(line(purpose, fault === undefined, `${host}:${port} ${fault ?? 'is free'}`));
    if (fault !== undefined) faults.push(`The server cannot open ${host}:${port} for ${purpose}.`);
  }
  lines.push('', ...(faults.length === 0 ? ['All is well.'] : faults), '');
  return { text: lines.join('\n'), exitCode: faults.length === 0 ? 0 : 1 };
}

/** `millrace doctor`: looks at this machine, prints the report, gives the exit code. Rejects with CONFIG_INVALID. */
export async function runDoctor(
  print: (text: string) => void = (text) => void process.stdout.write(text),
): Promise<number> {
  const config = loadConfig({ file: undefined, defaultFile: 'millrace.yaml', env: process.env });
  const report = reportOf({
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    capabilities: await probeCapabilities(),
    ports: [await checkPort('RTMP', config.rtmp), await checkPort('HTTP', config.http)],
  });
  print(report.text);
  return report.exitCode;
}

/** Opens the port and lets it go again. */
export async function checkPort(
  purpose: string,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<PortCheck> {
  const fault = await new Promise<string | undefined>((resolve) => {
    const server = createServer();
    server.once('error', ({ code, message }: NodeJS.ErrnoException) =>
      resolve(code === 'EADDRINUSE' ? 'is taken' : message),
    );
    server.listen({ host, port }, () => server.close(() => resolve(undefined)));
  });
  return { purpose, host, port, fault };
}
