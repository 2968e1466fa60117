import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import type { CheckArguments } from './check/run-check.js';
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
    .command('check <url>')
    .description('judge a live or recorded HLS presentation, of any server, by the rules')
    .option('--seconds <n>', 'how long to follow it', Number, 30)
    .option('--json [file]', 'the whole report as JSON, to a file or instead of the summary')
    .option('--html <file>', 'the report as a page with a picture of what came when')
    .option('--rules <ids>', 'judge by these rules alone (T1,M6), or by all but some (-N1,-M3b)')
    .option('--passive', 'make only the requests that a player makes')
    .option('--lenient', 'broken rules of level S do not count for the exit code')
    .action(async (url: string, options: CheckArguments) => {
      const { runCheck } = await import('./check/run-check.js');
      process.exitCode = await runCheck(url, options);
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
