import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium, type Browser, type Page } from 'playwright-core';

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
];

export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: '/usr/bin/chromium', args: ARGS });

/** What a page's player shows at one instant. */
export interface Shown {
  readonly time: number;
  readonly paused: boolean;
  readonly width: number;
  readonly height: number;
  readonly error: string | undefined;
}

export const shown = (page: Page): Promise<Shown> =>
  page.evaluate(() => {
    const video = document.querySelector('video');
    if (video === null) throw new Error('no video');
    return {
      time: video.currentTime,
      paused: video.paused,
      width: video.videoWidth,
      height: video.videoHeight,
      error: video.error?.message,
    };
  });

/** Resolves when the picture has moved on by so many seconds since now. */
export async function plays(page: Page, seconds: number, patience = 60_000): Promise<void> {
  await page.waitForFunction(
    ([wanted]) => {
      const video = document.querySelector('video');
      const state = window as unknown as { lastSeen?: number; played?: number };
      if (video === null) return false;
      const now = video.currentTime;
      const step = now - (state.lastSeen ?? now);
      // A jump, forwards over a hole or back in a new presentation, is not playing.
      if (step > 0 && step < 1) state.played = (state.played ?? 0) + step;
      state.lastSeen = now;
      if ((state.played ?? 0) < (wanted ?? 0)) return false;
      state.played = 0;
      return true;
    },
    [seconds] as const,
    { timeout: patience, polling: 50 },
  );
}

/** A page of another site with stock hls.js, nothing set: what an embedder writes on the first day. */
export async function stockPlayerSite(): Promise<{ url(playlist: string): string; close(): void }> {
  const script = readFileSync(createRequire(import.meta.url).resolve('hls.js/dist/hls.min.js'));
  const server = createServer((request, response) => {
    if (request.url === '/hls.js') {
      response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(script);
      return;
    }
    response.writeHead(200, { 'Content-Type': 'text/html' }).end(`<!doctype html>
      <video muted autoplay></video>
      <script src="/hls.js"></script>
      <script>
        window.fatal = [];
        const hls = new Hls();
        hls.on(Hls.Events.ERROR, (_, data) => { if (data.fatal) window.fatal.push(data.details); });
        hls.loadSource(new URL(location.href).searchParams.get('src'));
        hls.attachMedia(document.querySelector('video'));
      </script>`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: (playlist) => `http://127.0.0.1:${port}/?src=${encodeURIComponent(playlist)}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
