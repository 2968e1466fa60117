/** The menu of qualities: Auto, then each rung of the ladder from the best down. */
import { ChoiceMenu, type Choice, type Choices } from './choice-menu.js';
import type { Player, Quality } from './player.js';

const AUTO = -1;

export const qualityMenu = (player: () => Player | null): ChoiceMenu =>
  new ChoiceMenu(
    'quality',
    'Quality',
    () => choicesOf(player()),
    (quality) => player()?.choose(quality),
  );

function choicesOf(player: Player | null): Choices | null {
  if (player === null) return null;
  const { qualities, chosenQuality, currentQuality } = player;
  const auto: Choice = { value: AUTO, name: 'Auto', note: '' };
  const rungs = [...qualities].reverse().map((quality) => ({
    value: quality.index,
    name: quality.name,
    note: detail(quality),
  }));
  const shownIndex = chosenQuality === AUTO ? currentQuality : chosenQuality;
  const shown = qualities.find(({ index }) => index === shownIndex)?.name ?? '';
  const automatic = `Auto${shown === '' ? '' : ` ${shown}`}`;
  return {
    list: rungs.length === 0 ? [] : [auto, ...rungs],
    chosen: chosenQuality,
    label: chosenQuality === AUTO ? automatic : shown,
  };
}

const detail = ({ bitrate, isSource }: Quality): string => (isSource ? `${bitrate} · source` : bitrate);
