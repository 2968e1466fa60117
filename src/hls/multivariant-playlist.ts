import type { CaptionService } from '../media/captions.js';
import type { IFrameTotals, PresentationSnapshot, RenditionSnapshot } from '../origin/snapshot.js';
import { audioGroups, type AudioGroup } from './audio-groups.js';
import { offersIFrames } from './i-frames.js';
import { attributes, quoted } from './tags.js';

/** A media playlist's URL, relative to the multivariant playlist. */
const playlistUri = (name: string): string => `${name}/index.m3u8`;

/** The group of closed captions, which is the same for all variants: all are made of one picture. */
const CAPTIONS = 'cc';

/** EXT-X-MAP needs 6, services of CEA-708 need 7 (RFC 8216bis 8). */
const SERVICE_VERSION = 7;

/** Dearest combination first. */
const byBandwidth = (a: RenditionSnapshot, b: RenditionSnapshot): number => b.peakBandwidth - a.peakBandwidth;

/**
 * Renders the multivariant playlist (RFC 8216bis 4.4.6): one variant a video rendition and group of audio renditions,
 * which all variants share, and the I-frames of each video rendition. Where there is no picture, the sound is the variant.
 * Only captions of the newer kind need a version above 1, which is that of a playlist that states none (8).
 *
 * Captions are announced once they were seen. Never is it said that there are none: a publisher may begin with them at
 * any time, and a player that was told `CLOSED-CAPTIONS=NONE` would not show them.
 */
export function renderMultivariantPlaylist({ renditions, captions }: PresentationSnapshot): string {
  const video = renditions.filter((r) => r.active && r.kind === 'video').sort(byBandwidth);
  const groups = audioGroups(renditions.filter((r) => r.active && r.kind === 'audio'));
  const [main] = groups;
  const services = video.length === 0 ? [] : [...captions].sort();
  const version = services.some((id) => id.startsWith('SERVICE'))
    ? [`#EXT-X-VERSION:${String(SERVICE_VERSION)}`]
    : [];
  const lines = ['#EXTM3U', ...version, '#EXT-X-INDEPENDENT-SEGMENTS'];
  if (video.length === 0 && main?.members.length === 1) {
    const [audio] = main.members;
    lines.push(
      `#EXT-X-STREAM-INF:${variantAttributes(audio, undefined, { ranged: false, captioned: false })}`,
      playlistUri(audio.name),
    );
    return `${lines.join('\n')}\n`;
  }
  for (const group of groups) {
    for (const [i, member] of group.members.entries())
      lines.push(`#EXT-X-MEDIA:${audioAttributes(group, member, i)}`);
  }
  for (const [i, service] of services.entries()) lines.push(`#EXT-X-MEDIA:${captionAttributes(service, i)}`);
  const ranged = video.some((r) => r.videoRange !== 'SDR');
  for (const group of groups.length > 0 ? groups : [undefined]) {
    const variants = video.length > 0 ? video : (group?.members.slice(0, 1) ?? []);
    for (const variant of variants) {
      const list = variantAttributes(variant, group, { ranged, captioned: services.length > 0 });
      lines.push(`#EXT-X-STREAM-INF:${list}`, playlistUri(variant.name));
    }
  }
  for (const each of video.filter(offersIFrames))
    lines.push(`#EXT-X-I-FRAME-STREAM-INF:${iFrameAttributes(each, each.iFrames, ranged)}`);
  return `${lines.join('\n')}\n`;
}

function audioAttributes(group: AudioGroup, audio: RenditionSnapshot, index: number): string {
  return attributes({
    TYPE: 'AUDIO',
    'GROUP-ID': quoted(group.id),
    NAME: quoted(index === 0 ? 'Audio' : `Audio ${String(index + 1)}`),
    LANGUAGE: quoted('und'),
    DEFAULT: index === 0 ? 'YES' : 'NO',
    // Players choose by language by themselves, and of no track is it known.
    AUTOSELECT: index === 0 ? 'YES' : 'NO',
    CHANNELS: quoted(String(audio.channels)),
    URI: quoted(playlistUri(audio.name)),
  });
}

function iFrameAttributes(video: RenditionSnapshot, iFrames: IFrameTotals, withRange: boolean): string {
  // While none was measured, all pictures together are the bound.
  const { peakBandwidth, averageBandwidth } = iFrames.count > 0 ? iFrames : video;
  return attributes({
    BANDWIDTH: peakBandwidth,
    'AVERAGE-BANDWIDTH': averageBandwidth,
    CODECS: quoted(video.codecString),
    RESOLUTION: `${String(video.width)}x${String(video.height)}`,
    'VIDEO-RANGE': withRange ? video.videoRange : undefined,
    URI: quoted(`${video.name}/iframes.m3u8`),
  });
}

function captionAttributes(service: CaptionService, index: number): string {
  return attributes({
    TYPE: 'CLOSED-CAPTIONS',
    'GROUP-ID': quoted(CAPTIONS),
    NAME: quoted(service),
    LANGUAGE: quoted('und'),
    DEFAULT: 'NO',
    // Of none is the language known, so one stands for all where a player chooses by itself.
    AUTOSELECT: index === 0 ? 'YES' : 'NO',
    'INSTREAM-ID': quoted(service),
  });
}

/** @param group the audio renditions one of which is played together with `main`; their rate and codec count too (RFC 8216bis 4.4.6.2) */
function variantAttributes(
  main: RenditionSnapshot,
  group: AudioGroup | undefined,
  { ranged, captioned }: { readonly ranged: boolean; readonly captioned: boolean },
): string {
  const audio = group?.members.filter((member) => member !== main) ?? [];
  const codecs = new Set([main.codecString, ...audio.map((member) => member.codecString)]);
  const dearest = (rate: (r: RenditionSnapshot) => number): number => Math.max(0, ...audio.map(rate));
  const isVideo = main.kind === 'video';
  return attributes({
    BANDWIDTH: main.peakBandwidth + dearest((r) => r.peakBandwidth),
    'AVERAGE-BANDWIDTH': main.averageBandwidth + dearest((r) => r.averageBandwidth),
    CODECS: quoted([...codecs].join(',')),
    RESOLUTION: isVideo ? `${String(main.width)}x${String(main.height)}` : undefined,
    'FRAME-RATE': isVideo ? main.frameRate.toFixed(3) : undefined,
    'VIDEO-RANGE': ranged ? main.videoRange : undefined,
    AUDIO: group === undefined ? undefined : quoted(group.id),
    'CLOSED-CAPTIONS': captioned ? quoted(CAPTIONS) : undefined,
  });
}
