import type { PlaylistVersion, RenditionObservation } from '../observation.js';
import { inVersion, type Finding } from './rule.js';

/** The first version in which a check finds a fault; such tags are the same in all. */
export const firstOf = (
  rendition: RenditionObservation,
  check: (version: PlaylistVersion) => string | undefined,
  tag = '#EXT-X-SERVER-CONTROL',
): Finding[] => {
  for (const version of rendition.versions) {
    const message = check(version);
    const line = version.text.split(/\r?\n/).find((text) => text.startsWith(tag));
    if (message !== undefined) return [inVersion(version, message, ...(line === undefined ? [] : [line]))];
  }
  return [];
};
