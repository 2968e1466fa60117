#!/usr/bin/env node
// The command line. In a clone it first sets up what is missing; an installed package is complete as it is.
import { existsSync } from 'node:fs';

if (existsSync(new URL('../src/main.ts', import.meta.url))) {
  const { setUp } = await import('../scripts/setup/set-up.mjs');
  const { reportFailure } = await import('../scripts/setup/report.mjs');
  try {
    await setUp('run');
  } catch (error) {
    reportFailure(error);
    process.exit(1);
  }
}
process.setSourceMapsEnabled(true);
const { main } = await import(new URL('../dist/main.js', import.meta.url).href);
await main(process.argv);
