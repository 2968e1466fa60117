// Makes test/rtmp/captures anew, with the ffmpeg and the GStreamer that are installed.
import { runCompiled } from './checks/run-compiled.mjs';
import { ROOT } from './setup/set-up.mjs';

process.exitCode = await runCompiled(ROOT, 'test/rtmp/captures/record.ts', []);
