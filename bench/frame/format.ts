import type { MachineLoad } from './machine-load.js';

/** Three digits, as many as any of this can be trusted to. */
export function formatNumber(value: number): string {
  const digits = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value))) + 1;
  return value.toFixed(Math.min(3, Math.max(0, 3 - digits)));
}

export function formatLoad({ before, during, tooBusy }: MachineLoad, cores: number): string {
  const said = `Others used ${before.toFixed(2)} of ${cores} cores before and ${during.median.toFixed(2)} during the run (at most ${during.max.toFixed(2)}).`;
  return tooBusy ? `${said} THE MACHINE WAS TOO BUSY: these figures are not to be trusted.` : said;
}
