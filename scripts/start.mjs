// `npm start [-- arguments of "millrace serve"]`: set-up, then the server in this very process.
import { reportFailure } from './setup/report.mjs';
import { setUp } from './setup/set-up.mjs';

try {
  await setUp('run');
} catch (error) {
  reportFailure(error);
  process.exit(1);
}
process.setSourceMapsEnabled(true);
const { main } = await import(new URL('../dist/main.js', import.meta.url).href);
await main([process.execPath, 'millrace', 'serve', ...process.argv.slice(2)]);
