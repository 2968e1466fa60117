/** What the page says while there is no moving picture. */
import type { PageState, View } from './page-state.js';

export interface Notice {
  readonly title: string;
  readonly text: string;
}

/** `null` where the picture speaks for itself. */
export function noticeFor(view: View, state: PageState): Notice | null {
  switch (view) {
    case 'playing':
    case 'paused':
      return null;
    case 'connecting':
      return { title: 'Tuning in…', text: '' };
    case 'buffering':
      return { title: 'Catching up…', text: '' };
    case 'offline':
      return state.channel.kind === 'absent'
        ? { title: 'Nothing here yet', text: 'This page starts by itself if the channel goes live.' }
        : {
            title: 'Waiting for the stream',
            text: 'It starts here by itself the moment the channel goes live.',
          };
    case 'reconnecting':
      return { title: 'The streamer is reconnecting…', text: 'Stay here, it goes on by itself.' };
    case 'ended':
      return {
        title: 'The stream has ended',
        text: 'Thanks for watching. The next one starts here by itself.',
      };
    case 'unreachable':
      return { title: 'The server cannot be reached', text: 'Trying again; check your connection.' };
  }
}
