/** The menu of audio tracks, where there is more than one. */
import { ChoiceMenu, type Choices } from './choice-menu.js';
import type { Player } from './player.js';

export const trackMenu = (player: () => Player | null): ChoiceMenu =>
  new ChoiceMenu(
    'track',
    'Audio track',
    () => choicesOf(player()),
    (track) => player()?.chooseAudio(track),
  );

function choicesOf(player: Player | null): Choices | null {
  if (player === null) return null;
  const { audioTracks, currentAudio } = player;
  const list = audioTracks.map(({ index, name, channels }) => ({ value: index, name, note: channels }));
  return {
    list: list.length > 1 ? list : [],
    chosen: currentAudio,
    label: audioTracks.find(({ index }) => index === currentAudio)?.name ?? '',
  };
}
