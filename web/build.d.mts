/** Builds the viewer's pages into `outdir`, which is emptied first; gives the sizes of what was written. */
export function buildWeb(options: {
  outdir: string;
}): Promise<{ bytes: number; gzipBytes: number; files: string[] }>;
