import { parseArgs } from 'node:util';

export interface Arguments {
  /** The benches to run; all of them when empty. */
  readonly names: readonly string[];
  /** The other servers take part. */
  readonly peers: boolean;
  readonly rounds: number | undefined;
  readonly save: string | undefined;
  readonly compare: string | undefined;
  readonly list: boolean;
}

const MAX_ROUNDS = 100;

/** @throws Error when they make no sense; the message is for people */
export function parseArguments(args: readonly string[], known: readonly string[]): Arguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      peers: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      save: { type: 'string' },
      compare: { type: 'string' },
      list: { type: 'boolean', default: false },
    },
  });
  const strange = positionals.find((name) => !known.includes(name));
  if (strange !== undefined) throw new Error(`there is no bench ${strange}; there are ${known.join(', ')}`);
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds >= 1 && rounds <= MAX_ROUNDS)) {
    throw new Error(`--rounds is a number from 1 to ${MAX_ROUNDS}`);
  }
  const { peers, save, compare, list } = values;
  return { names: positionals, peers, rounds, save, compare, list };
}
