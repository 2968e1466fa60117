import { dirname, join } from 'node:path';

/** Where a module of bench/ that runs in a process of its own was compiled to: beside the main one. */
export const compiledModule = (name: string): string => join(dirname(process.argv[1]!), name);
