import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { MillraceError } from './errors.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** Parses the command line and runs the command; sets the exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  try {
    await program().parseAsync([...argv]);
  } catch (fault) {
    if (!(fault instanceof MillraceError)) throw fault;
    process.stderr.write(`millrace: ${fault.code}: ${fault.message}\n`);
    process.exitCode = 1;
  }
}

/** Each command's module is loaded only when it is asked for: `--help` and `doctor` need no server. */
function program(): Command {
  const millrace = new Command('millrace').description('A live-streaming server').version(version);
  millrace
    .command('serve', { isDefault: true })
    .description('run the server')
    .option('--config <file>', 'configuration file (default: millrace.yaml, if there is one)')
    .option('--demo', 'publish a moving test picture with sound and a clock to channel "demo"')
    .action(async (options: { config?: string; demo?: boolean }) => {
      const { serve } = await import('./serve.js');
      await serve({ configFile: options.config, demo: options.demo === true });
    });
  millrace
    .command('publish <url>')
    .description('publish a synthetic source with a burned-in clock, or a file, to an RTMP URL')
    .option('--file <flv>', 'an FLV file with H.264 and AAC to publish in real time instead')
    .option('--loop', 'begin again when the file ends')
    .option('--duration <seconds>', 'stop after so many seconds', Number)
    .action(async (url: string, options: { file?: string; loop?: boolean; duration?: number }) => {
      const { runPublish } = await import('./publish/run-publish.js');
      await runPublish(url, options);
    });
  millrace
    .command('doctor')
    .description('say which codecs and hardware really work here')
    .action(async () => {
      const { runDoctor } = await import('./doctor.js');
      process.exitCode = await runDoctor();
    });
  return millrace;
}
